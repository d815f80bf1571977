import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lowerCaps, planFees } from '../../src/build/fees.ts'
import type { FeeCaps } from '../../src/build/plan.ts'

const GWEI = 10n ** 9n
const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) }
const caps: FeeCaps = {
  gasCeiling: 1_000_000n,
  maxFeePerGas: 50n * GWEI,
  maxPriorityFeePerGas: 2n * GWEI,
  maxCostPerTransaction: 10n ** 17n,
  maxCostPerDay: 10n ** 18n,
}
const market = (base: bigint | null, tip: bigint, gasPrice = 0n) => ({
  baseFeePerGas: base,
  priorityFeePerGas: tip,
  gasPrice,
})
const wei = (max: bigint) => fc.bigInt({ min: 0n, max })

describe('when the market is calm', () => {
  it('offers twice the base fee and the tip', () => {
    expect(planFees({ quote: market(10n * GWEI, GWEI), caps })).toEqual({
      type: 'eip1559',
      maxFeePerGas: 21n * GWEI,
      maxPriorityFeePerGas: GWEI,
    })
  })

  it('offers the smallest positive tip where the market asks for none', () => {
    expect(planFees({ quote: market(10n, 0n), caps })).toEqual({
      type: 'eip1559',
      maxFeePerGas: 21n,
      maxPriorityFeePerGas: 1n,
    })
  })
})

describe('when the market is near the caps', () => {
  it('cuts the headroom down to the cap', () => {
    expect(planFees({ quote: market(40n * GWEI, GWEI), caps }).maxFeePerGas).toBe(50n * GWEI)
  })

  it('cuts the tip down to its cap', () => {
    expect(planFees({ quote: market(10n * GWEI, 9n * GWEI), caps })).toEqual({
      type: 'eip1559',
      maxFeePerGas: 22n * GWEI,
      maxPriorityFeePerGas: 2n * GWEI,
    })
  })

  it('lets the last wei of room be the tip', () => {
    expect(planFees({ quote: market(50n * GWEI - 1n, GWEI), caps })).toEqual({
      type: 'eip1559',
      maxFeePerGas: 50n * GWEI,
      maxPriorityFeePerGas: 1n,
    })
  })
})

describe('when the market is above the caps', () => {
  it('refuses a base fee that leaves no room for a tip, with both numbers', () => {
    const act = () => planFees({ quote: market(50n * GWEI, GWEI), caps })
    expect(act).toThrowWithCode('FEE_CAP')
    expect(act).toThrow(/50 gwei.*50 gwei/)
  })

  it('refuses where no tip at all is allowed', () => {
    expect(() => planFees({ quote: market(GWEI, GWEI), caps: { ...caps, maxPriorityFeePerGas: 0n } })).toThrowWithCode(
      'FEE_CAP',
    )
  })
})

describe('on a chain without EIP-1559', () => {
  it('pays the gas price that is asked', () => {
    expect(planFees({ quote: market(null, 0n, 50n * GWEI), caps })).toEqual({
      type: 'legacy',
      maxFeePerGas: 50n * GWEI,
      maxPriorityFeePerGas: 0n,
    })
  })

  it('refuses a gas price above the cap', () => {
    expect(() => planFees({ quote: market(null, 0n, 50n * GWEI + 1n), caps })).toThrowWithCode('FEE_CAP')
  })
})

describe('when a node answers nonsense', () => {
  it.each([market(-1n, 1n), market(1n, -1n), market(null, 0n, -1n)])('G7 refuses negative fees', (quote) => {
    expect(() => planFees({ quote, caps })).toThrowWithCode('CHAIN_ANSWER_INVALID')
  })
})

describe('for any market and any caps', () => {
  it('G5 either refuses with FEE_CAP or stays within both caps and pays for inclusion now', () => {
    let accepted = 0
    fc.assert(
      fc.property(wei(200n), wei(200n), wei(300n), wei(50n), (base, tip, maxFee, maxTip) => {
        const tight = { ...caps, maxFeePerGas: maxFee, maxPriorityFeePerGas: maxTip }
        const possible = maxFee > base && maxTip > 0n
        if (!possible) {
          expect(() => planFees({ quote: market(base, tip), caps: tight })).toThrowWithCode('FEE_CAP')
          return
        }
        const plan = planFees({ quote: market(base, tip), caps: tight })
        accepted += 1
        expect(plan.maxFeePerGas <= maxFee && plan.maxPriorityFeePerGas <= maxTip).toBe(true)
        expect(plan.maxPriorityFeePerGas >= 1n && plan.maxFeePerGas >= base + plan.maxPriorityFeePerGas).toBe(true)
      }),
      { ...runs, numRuns: Math.max(runs.numRuns, 100) },
    )
    expect(accepted).toBeGreaterThan(0)
  })
})

describe('when flags lower the caps', () => {
  it('takes lower and equal ones and leaves the rest', () => {
    expect(lowerCaps(caps, { maxFeePerGas: GWEI, gasCeiling: caps.gasCeiling, maxCostPerDay: undefined })).toEqual({
      ...caps,
      maxFeePerGas: GWEI,
    })
  })

  it('G5 refuses one that would raise a cap, naming the cap and the unit', () => {
    const act = () => lowerCaps(caps, { maxFeePerGas: 51n * GWEI })
    expect(act).toThrowWithCode('USAGE')
    expect(act).toThrow(/maxFeePerGas.*50 gwei.*51 gwei/)
  })

  it('refuses a negative one', () => {
    expect(() => lowerCaps(caps, { maxCostPerDay: -1n })).toThrowWithCode('USAGE')
  })

  it('G5 never yields a cap above the policy, for any flags', () => {
    const some = fc.option(fc.bigInt({ min: -5n, max: 60n * GWEI }), { nil: undefined })
    fc.assert(
      fc.property(
        fc.record({
          gasCeiling: some,
          maxFeePerGas: some,
          maxPriorityFeePerGas: some,
          maxCostPerTransaction: some,
          maxCostPerDay: some,
        }),
        (flags) => {
          let lowered: FeeCaps
          try {
            lowered = lowerCaps(caps, flags)
          } catch (error) {
            expect(error).toThrowWithCode('USAGE')
            return
          }
          for (const name of Object.keys(caps) as (keyof FeeCaps)[]) expect(lowered[name] <= caps[name]).toBe(true)
        },
      ),
      runs,
    )
  })
})
