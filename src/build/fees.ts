import { CustodyError } from '../errors.ts'
import type { FeeQuote } from '../chain/chain.ts'
import { formatAmountPlain } from '../primitives/amount.ts'
import type { FeeCaps } from './plan.ts'

/** Fee fields of an outer transaction, wei per gas. For `legacy`, `maxFeePerGas` is the gas price and the tip is 0. */
export interface FeePlan {
  readonly type: 'eip1559' | 'legacy'
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/**
 * The fees to offer now: room for the base fee to double, cut down to the caps for as long as the offer still
 * covers today's base fee and a positive tip. What could only hang in the pool is refused instead of sent.
 * @throws FEE_CAP when the market is above a cap; CHAIN_ANSWER_INVALID for negative fees
 * @see EIP-1559
 */
export function planFees({ quote, caps }: { readonly quote: FeeQuote; readonly caps: FeeCaps }): FeePlan {
  const { baseFeePerGas } = quote
  if (baseFeePerGas === null) return planLegacy(quote.gasPrice, caps)
  if (baseFeePerGas < 0n || quote.priorityFeePerGas < 0n) throw negativeFee()
  const room = caps.maxFeePerGas - baseFeePerGas
  if (room < 1n) {
    throw feeCap('the base fee', baseFeePerGas, 'maxFeePerGas', caps.maxFeePerGas)
  }
  if (caps.maxPriorityFeePerGas < 1n) {
    throw feeCap('the smallest positive tip', 1n, 'maxPriorityFeePerGas', caps.maxPriorityFeePerGas)
  }
  const wanted = quote.priorityFeePerGas < 1n ? 1n : quote.priorityFeePerGas
  const tip = least(wanted, caps.maxPriorityFeePerGas, room)
  return {
    type: 'eip1559',
    maxFeePerGas: least(2n * baseFeePerGas + tip, caps.maxFeePerGas),
    maxPriorityFeePerGas: tip,
  }
}

/**
 * The caps with some of them lowered. A flag of a command may tighten what the policy allows, never widen it.
 * @throws USAGE when a flag is negative or above the policy's cap
 */
export function lowerCaps(caps: FeeCaps, flags: { readonly [K in keyof FeeCaps]?: FeeCaps[K] | undefined }): FeeCaps {
  const lowered = { ...caps }
  for (const name of Object.keys(caps) as (keyof FeeCaps)[]) {
    const flag = flags[name]
    if (flag === undefined) continue
    if (flag < 0n || flag > caps[name]) {
      throw new CustodyError(
        'USAGE',
        `Expected ${name} between 0 and the policy's ${inUnit(name, caps[name])}, got ${inUnit(name, flag)}; flags only lower caps.`,
        {
          next: 'Leave the flag out, or have the policy admins raise the cap.',
          details: { cap: name, policy: String(caps[name]), flag: String(flag) },
        },
      )
    }
    lowered[name] = flag
  }
  return lowered
}

/** A refusal that names the fee, the cap and both numbers. Amounts in wei per gas. */
export function feeCap(what: string, amount: bigint, name: keyof FeeCaps, cap: bigint): CustodyError {
  return new CustodyError(
    'FEE_CAP',
    `Expected ${what} to fit under ${name} of ${formatGwei(cap)}, got ${formatGwei(amount)} per gas.`,
    {
      details: { cap: name, limitWeiPerGas: String(cap), wantedWeiPerGas: String(amount) },
    },
  )
}

/** Wei per gas as text, exact. */
export function formatGwei(wei: bigint): string {
  return `${formatAmountPlain(wei, 9)} gwei`
}

/** Wei as text, exact. */
export function formatEth(wei: bigint): string {
  return `${formatAmountPlain(wei, 18)} ETH`
}

function planLegacy(gasPrice: bigint, caps: FeeCaps): FeePlan {
  if (gasPrice < 0n) throw negativeFee()
  if (gasPrice > caps.maxFeePerGas) throw feeCap('the gas price', gasPrice, 'maxFeePerGas', caps.maxFeePerGas)
  return { type: 'legacy', maxFeePerGas: gasPrice, maxPriorityFeePerGas: 0n }
}

function inUnit(name: keyof FeeCaps, amount: bigint): string {
  switch (name) {
    case 'gasCeiling':
      return `${amount} gas`
    case 'maxFeePerGas':
    case 'maxPriorityFeePerGas':
      return formatGwei(amount)
    case 'maxCostPerTransaction':
    case 'maxCostPerDay':
      return formatEth(amount)
  }
}

function negativeFee(): CustodyError {
  return new CustodyError('CHAIN_ANSWER_INVALID', 'Expected fees of at least 0 wei per gas, got a negative one.')
}

function least(...values: readonly [bigint, ...bigint[]]): bigint {
  return values.reduce((low, value) => (value < low ? value : low))
}
