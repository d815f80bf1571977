import { withinCaps } from './cost.ts'
import type { Envelope } from './plan.ts'
import { outbid, type ReplacementInput } from './replacement.ts'

export interface CancellationInput extends ReplacementInput {
  /** Gas of the empty transfer; more than 21,000 on chains that charge for their own layer. */
  readonly gasLimit?: bigint
}

const TRANSFER_GAS = 21_000n

/**
 * An empty transfer from the payer to itself that takes the payer nonce of `previous`. It frees the payer, not
 * the Safe: the signed SafeTx stays live until its Safe nonce is used. The same caps bind as for a first send.
 * @throws GAS_CEILING, FEE_CAP, COST_CAP, COST_CAP_DAY
 */
export function cancellation(input: CancellationInput): Envelope {
  const { previous, caps } = input
  return withinCaps(
    {
      ...outbid(previous, input.quote, caps),
      chainId: previous.chainId,
      from: previous.from,
      nonce: previous.nonce,
      to: previous.from,
      value: 0n,
      data: '0x',
      gasLimit: input.gasLimit ?? TRANSFER_GAS,
      // The replaced bytes are longer, so their data fee bounds this one's.
      l1DataFee: input.l1DataFee ?? previous.l1DataFee,
    },
    caps,
    input.spentToday,
  )
}
