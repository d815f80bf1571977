import { describe, expect, it } from 'vitest'
import { cancellation } from '../../src/build/cancellation.ts'
import { replacement } from '../../src/build/replacement.ts'
import type { Envelope } from '../../src/build/plan.ts'
import { CAPS, PAYER, PREVIOUS } from './fixture.ts'

const quote = (base: bigint | null, tip = 1n, gasPrice = 0n) => ({
  baseFeePerGas: base,
  priorityFeePerGas: tip,
  gasPrice,
})
const legacy: Envelope = { ...PREVIOUS, type: 'legacy', maxPriorityFeePerGas: 0n }

describe('when a stuck transaction is replaced', () => {
  it('raises both fees by an eighth, rounded up, and keeps nonce and payload', () => {
    expect(replacement({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday: 0n })).toEqual({
      ...PREVIOUS,
      maxFeePerGas: 227n,
      maxPriorityFeePerGas: 13n,
      worstCaseCost: 22_700_005n,
    })
  })

  it('goes up to the market where that is higher', () => {
    expect(replacement({ previous: PREVIOUS, quote: quote(300n, 40n), caps: CAPS, spentToday: 0n })).toMatchObject({
      maxFeePerGas: 640n,
      maxPriorityFeePerGas: 40n,
    })
  })

  it('raises a legacy gas price alone', () => {
    expect(replacement({ previous: legacy, quote: quote(null, 0n, 100n), caps: CAPS, spentToday: 0n })).toMatchObject({
      type: 'legacy',
      maxFeePerGas: 227n,
      maxPriorityFeePerGas: 0n,
    })
  })

  it('pays more even from zero, because nodes refuse an equal offer', () => {
    const free: Envelope = { ...legacy, maxFeePerGas: 0n, worstCaseCost: 5n }
    expect(replacement({ previous: free, quote: quote(null, 0n, 0n), caps: CAPS, spentToday: 0n }).maxFeePerGas).toBe(
      1n,
    )
  })

  it('takes a new L1 data fee into the worst case', () => {
    expect(
      replacement({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday: 0n, l1DataFee: 900n }).worstCaseCost,
    ).toBe(22_700_900n)
  })
})

describe('when a replacement does not fit the caps', () => {
  it.each([
    ['the fee cap', { maxFeePerGas: 226n }, 'FEE_CAP'],
    ['the tip cap', { maxPriorityFeePerGas: 12n }, 'FEE_CAP'],
    ['the cost cap', { maxCostPerTransaction: 22_700_004n }, 'COST_CAP'],
    ['the daily budget', { maxCostPerDay: 22_700_004n }, 'COST_CAP_DAY'],
    ['a gas ceiling lowered meanwhile', { gasCeiling: 99_999n }, 'GAS_CEILING'],
  ] as const)('G5 refuses one unit above %s', (_what, tight, code) => {
    expect(() =>
      replacement({ previous: PREVIOUS, quote: quote(50n), caps: { ...CAPS, ...tight }, spentToday: 0n }),
    ).toThrowWithCode(code)
  })

  it('G5 refuses when what others reserved leaves too little of the day', () => {
    const spentToday = CAPS.maxCostPerDay - 22_700_004n
    expect(() => replacement({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday })).toThrowWithCode(
      'COST_CAP_DAY',
    )
  })

  it('refuses when the market itself is above the cap', () => {
    expect(() => replacement({ previous: PREVIOUS, quote: quote(1_000n), caps: CAPS, spentToday: 0n })).toThrowWithCode(
      'FEE_CAP',
    )
  })
})

describe('when the chain suddenly answers in another form', () => {
  it('G7 refuses rather than changing the transaction type', () => {
    expect(() =>
      replacement({ previous: PREVIOUS, quote: quote(null, 0n, 10n), caps: CAPS, spentToday: 0n }),
    ).toThrowWithCode('CHAIN_ANSWER_INVALID')
  })
})

describe('when the payer nonce is cancelled', () => {
  it('is an empty transfer to the payer itself under the same nonce', () => {
    expect(cancellation({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday: 0n })).toEqual({
      ...PREVIOUS,
      to: PAYER,
      data: '0x',
      gasLimit: 21_000n,
      maxFeePerGas: 227n,
      maxPriorityFeePerGas: 13n,
      worstCaseCost: 21_000n * 227n + 5n,
    })
  })

  it('G5 is bound by the same caps', () => {
    expect(() =>
      cancellation({ previous: PREVIOUS, quote: quote(50n), caps: { ...CAPS, maxFeePerGas: 226n }, spentToday: 0n }),
    ).toThrowWithCode('FEE_CAP')
    expect(() =>
      cancellation({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday: CAPS.maxCostPerDay }),
    ).toThrowWithCode('COST_CAP_DAY')
    expect(() =>
      cancellation({ previous: PREVIOUS, quote: quote(50n), caps: CAPS, spentToday: 0n, gasLimit: 500_001n }),
    ).toThrowWithCode('GAS_CEILING')
  })
})
