import { CustodyError } from '../errors.ts'
import { feeCap, formatEth } from './fees.ts'
import type { Envelope, FeeCaps } from './plan.ts'

/**
 * The only way an envelope comes into being: adds the worst case and refuses what goes over any cap. First
 * sends, replacements and cancellations all pass here, so none of them is exempt.
 *
 * `spentToday` is wei spent or reserved by the payer's *other* effects in the running day; what an earlier
 * envelope of the same payer nonce reserved is left out, because at most one of the two can land.
 * @throws GAS_CEILING, FEE_CAP, COST_CAP, COST_CAP_DAY
 */
export function withinCaps(draft: Omit<Envelope, 'worstCaseCost'>, caps: FeeCaps, spentToday: bigint): Envelope {
  if (
    draft.gasLimit < 1n ||
    draft.maxFeePerGas < 0n ||
    draft.maxPriorityFeePerGas < 0n ||
    draft.l1DataFee < 0n ||
    spentToday < 0n
  ) {
    throw new CustodyError('INTERNAL', 'Expected gas above 0 and fees and spending of at least 0.')
  }
  if (draft.gasLimit > caps.gasCeiling) {
    throw new CustodyError(
      'GAS_CEILING',
      `Expected at most ${caps.gasCeiling} gas, got a need of ${draft.gasLimit} gas (estimate and margin).`,
      {
        details: { gasLimit: String(draft.gasLimit), gasCeiling: String(caps.gasCeiling) },
      },
    )
  }
  if (draft.maxFeePerGas > caps.maxFeePerGas) {
    throw feeCap('the fee', draft.maxFeePerGas, 'maxFeePerGas', caps.maxFeePerGas)
  }
  if (draft.maxPriorityFeePerGas > caps.maxPriorityFeePerGas) {
    throw feeCap('the tip', draft.maxPriorityFeePerGas, 'maxPriorityFeePerGas', caps.maxPriorityFeePerGas)
  }
  const worstCaseCost = draft.gasLimit * draft.maxFeePerGas + draft.l1DataFee
  if (worstCaseCost > caps.maxCostPerTransaction) {
    throw new CustodyError(
      'COST_CAP',
      `Expected a worst case of at most ${formatEth(caps.maxCostPerTransaction)}, got ${formatEth(worstCaseCost)} (${draft.gasLimit} gas × ${draft.maxFeePerGas} wei + ${draft.l1DataFee} wei L1 data fee).`,
      { details: { worstCaseWei: String(worstCaseCost), capWei: String(caps.maxCostPerTransaction) } },
    )
  }
  if (spentToday + worstCaseCost > caps.maxCostPerDay) {
    throw new CustodyError(
      'COST_CAP_DAY',
      `Expected at most ${formatEth(caps.maxCostPerDay)} of fees a day, got ${formatEth(spentToday)} spent or reserved and a worst case of ${formatEth(worstCaseCost)}.`,
      {
        details: {
          worstCaseWei: String(worstCaseCost),
          spentTodayWei: String(spentToday),
          capWei: String(caps.maxCostPerDay),
        },
      },
    )
  }
  return { ...draft, worstCaseCost }
}
