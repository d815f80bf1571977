import type { FeeQuote } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { withinCaps } from './cost.ts'
import { type FeePlan, planFees } from './fees.ts'
import type { Envelope, FeeCaps } from './plan.ts'

export interface ReplacementInput {
  /** The envelope now in the pool; the latest one when it was replaced before. */
  readonly previous: Envelope
  readonly quote: FeeQuote
  readonly caps: FeeCaps
  /** wei of fees spent or reserved by the payer's other effects; what `previous` reserved is left out. */
  readonly spentToday: bigint
  /** wei, asked anew on OP-stack chains; the previous one where left out. */
  readonly l1DataFee?: bigint
}

/**
 * The same effect under the same payer nonce, with both fees raised by at least an eighth (what nodes demand is
 * a tenth) and at least to the market. At most one of the two can land. The same caps bind as for a first send.
 * @throws FEE_CAP, COST_CAP, COST_CAP_DAY when that is not possible within the caps
 */
export function replacement(input: ReplacementInput): Envelope {
  const { previous, caps } = input
  const { worstCaseCost: _, ...kept } = previous
  const fees = outbid(previous, input.quote, caps)
  return withinCaps({ ...kept, ...fees, l1DataFee: input.l1DataFee ?? previous.l1DataFee }, caps, input.spentToday)
}

/** Fees, wei per gas, that displace `previous` from a node's pool and cover the market. @throws FEE_CAP */
export function outbid(previous: Envelope, quote: FeeQuote, caps: FeeCaps): FeePlan {
  const market = planFees({ quote, caps })
  if (market.type !== previous.type) {
    throw new CustodyError(
      'CHAIN_ANSWER_INVALID',
      `Expected fees of a chain of ${previous.type} transactions, got ${market.type}.`,
    )
  }
  return {
    type: market.type,
    maxFeePerGas: greater(bump(previous.maxFeePerGas), market.maxFeePerGas),
    maxPriorityFeePerGas:
      market.type === 'legacy' ? 0n : greater(bump(previous.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
  }
}

/** One eighth more, rounded up, and never the same: nodes refuse a replacement that does not pay more. */
function bump(wei: bigint): bigint {
  return wei === 0n ? 1n : (wei * 9n + 7n) / 8n
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
