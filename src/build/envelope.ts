import type { Chain } from '../chain/chain.ts'
import { CustodyError, excerpt } from '../errors.ts'
import { type Address, parseAddress } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { withinCaps } from './cost.ts'
import { formatEth, planFees } from './fees.ts'
import type { Envelope, FeeCaps } from './plan.ts'
import { unsignedBytes } from './serialize.ts'

export interface EnvelopeInput {
  readonly chain: Chain
  /** The payer. */
  readonly from: Address
  /** The payer's transaction count that the envelope takes; reserved by the caller. */
  readonly nonce: number
  readonly to: Address
  readonly data: Hex
  /** wei */
  readonly value: bigint
  readonly caps: FeeCaps
  /** wei of fees spent or reserved by the payer's other effects in the running day. */
  readonly spentToday: bigint
}

/**
 * The outer transaction of the payer, priced now and within every cap. The gas limit is the estimate and a
 * fifth, rounded up; a limit above the ceiling is refused, never cut to one that would fail.
 * @throws EXECUTION_REVERTED when the call would revert; GAS_CEILING, FEE_CAP, COST_CAP, COST_CAP_DAY;
 * PAYER_FUNDS; CHAIN_ANSWER_INVALID and what the chain port throws
 */
export async function buildEnvelope(input: EnvelopeInput): Promise<Envelope> {
  const { chain, caps, value, nonce } = input
  const from = parseAddress(input.from, 'payer')
  const to = parseAddress(input.to, 'target')
  const data = parseHex(input.data, 'calldata')
  if (!Number.isSafeInteger(nonce) || nonce < 0) {
    throw new CustodyError('INTERNAL', `Expected a payer nonce of at least 0, got ${nonce}.`)
  }
  const fees = planFees({ quote: await chain.fees(), caps })

  const estimate = await chain.estimateGas({ from, to, value, data })
  if (!estimate.ok) {
    throw new CustodyError(
      'EXECUTION_REVERTED',
      `Expected the transaction to succeed on ${chain.name}, but it would revert: ${excerpt(estimate.reason, 200)}. Nothing was sent.`,
      {
        details: { reason: excerpt(estimate.reason, 200), data: excerpt(estimate.data, 200) },
      },
    )
  }
  if (estimate.gas < 1n)
    throw new CustodyError('CHAIN_ANSWER_INVALID', `Expected a gas estimate above 0, got ${estimate.gas} gas.`)
  const gasLimit = withMargin(estimate.gas)

  const unsigned = { ...fees, chainId: chain.chainId, from, nonce, to, value, data, gasLimit }
  const l1DataFee = (await chain.l1DataFee(unsignedBytes(unsigned))) ?? 0n
  if (l1DataFee < 0n)
    throw new CustodyError('CHAIN_ANSWER_INVALID', `Expected an L1 data fee of at least 0, got ${l1DataFee} wei.`)
  const envelope = withinCaps({ ...unsigned, l1DataFee }, caps, input.spentToday)

  const balance = await chain.balance(from)
  const needed = envelope.worstCaseCost + value
  if (balance < needed) {
    throw new CustodyError(
      'PAYER_FUNDS',
      `Expected the payer ${from} to hold ${formatEth(needed)} for the worst case, got ${formatEth(balance)}.`,
      {
        next: `Send at least ${formatEth(needed - balance)} to ${from}.`,
        details: { payer: from, neededWei: String(needed), balanceWei: String(balance) },
      },
    )
  }
  return envelope
}

/** Estimate and 20 %, rounded up. Gas units. */
export function withMargin(estimate: bigint): bigint {
  return (estimate * 6n + 4n) / 5n
}
