import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cancellation } from '../../src/build/cancellation.ts'
import { buildEnvelope } from '../../src/build/envelope.ts'
import type { Envelope, FeeCaps } from '../../src/build/plan.ts'
import { replacement } from '../../src/build/replacement.ts'
import type { FeeQuote } from '../../src/chain/chain.ts'
import { CustodyError } from '../../src/errors.ts'
import { FakeChain } from '../support/fake-chain.ts'

const SAFE = '0x1111111111111111111111111111111111111111'
const PAYER = '0x2222222222222222222222222222222222222222'
const runs = { numRuns: Math.max(Number(process.env['FC_NUM_RUNS'] ?? 100), 100) }
const REFUSALS = ['GAS_CEILING', 'FEE_CAP', 'COST_CAP', 'COST_CAP_DAY', 'PAYER_FUNDS']

const upTo = (max: bigint, min = 0n) => fc.bigInt({ min, max })
const anyCaps: fc.Arbitrary<FeeCaps> = fc.record({
  gasCeiling: upTo(300_000n),
  maxFeePerGas: upTo(2_000n),
  maxPriorityFeePerGas: upTo(500n),
  maxCostPerTransaction: upTo(200_000_000n),
  maxCostPerDay: upTo(400_000_000n),
})
const anyQuote: fc.Arbitrary<FeeQuote> = fc.record({
  baseFeePerGas: upTo(800n),
  priorityFeePerGas: upTo(200n),
  gasPrice: upTo(1_000n),
})
const legacy = (quote: FeeQuote): FeeQuote => ({ ...quote, baseFeePerGas: null, priorityFeePerGas: 0n })

function expectWithin(envelope: Envelope, caps: FeeCaps, spentToday: bigint): void {
  const worst = envelope.gasLimit * envelope.maxFeePerGas + envelope.l1DataFee
  expect(envelope.worstCaseCost).toBe(worst)
  const breaches = [
    envelope.gasLimit > caps.gasCeiling,
    envelope.maxFeePerGas > caps.maxFeePerGas,
    envelope.maxPriorityFeePerGas > caps.maxPriorityFeePerGas,
    worst > caps.maxCostPerTransaction,
    spentToday + worst > caps.maxCostPerDay,
    envelope.maxPriorityFeePerGas > envelope.maxFeePerGas,
  ]
  expect(breaches.filter(Boolean)).toEqual([])
}

async function attempt<T>(act: () => T | Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (error) {
    expect(error).toBeInstanceOf(CustodyError)
    expect(REFUSALS).toContain((error as CustodyError).code)
    return null
  }
}

describe('for any market, estimate, budget and caps', () => {
  it('G5 no accepted envelope, replacement or cancellation is above any cap, and each bump is an eighth at least', async () => {
    let built = 0
    let replaced = 0
    let cancelled = 0
    await fc.assert(
      fc.asyncProperty(
        anyCaps,
        anyQuote,
        fc.boolean(),
        upTo(200_000n, 1n),
        fc.option(upTo(1_000_000n), { nil: null }),
        upTo(100_000_000n),
        fc.array(anyQuote, { maxLength: 12 }),
        async (caps, first, isLegacy, gas, l1Fee, spentToday, later) => {
          const inForm = (quote: FeeQuote) => (isLegacy ? legacy(quote) : quote)
          const chain = new FakeChain(SAFE)
          Object.assign(chain, { quote: inForm(first), gas: { ok: true, gas }, l1Fee })
          let envelope = await attempt(() =>
            buildEnvelope({ chain, from: PAYER, nonce: 0, to: SAFE, data: '0x01', value: 0n, caps, spentToday }),
          )
          if (envelope === null) return
          built += 1
          expectWithin(envelope, caps, spentToday)
          expect(envelope.gasLimit * 5n >= gas * 6n).toBe(true)

          for (const quote of later.map(inForm)) {
            const previous: Envelope = envelope
            const cancel = await attempt(() => cancellation({ previous, quote, caps, spentToday }))
            if (cancel !== null) {
              cancelled += 1
              expectWithin(cancel, caps, spentToday)
              expectBumped(cancel, previous)
              expect(cancel).toMatchObject({ from: PAYER, to: PAYER, value: 0n, data: '0x', nonce: previous.nonce })
            }
            const next = await attempt(() => replacement({ previous, quote, caps, spentToday }))
            if (next === null) continue
            replaced += 1
            expectWithin(next, caps, spentToday)
            expectBumped(next, previous)
            const { maxFeePerGas: _a, maxPriorityFeePerGas: _b, worstCaseCost: _c, ...same } = next
            expect(previous).toMatchObject(same)
            envelope = next
          }
        },
      ),
      runs,
    )
    // The property says nothing when everything is refused.
    expect(Math.min(built, replaced, cancelled)).toBeGreaterThan(0)
  })
})

function expectBumped(next: Envelope, previous: Envelope): void {
  expect(next.maxFeePerGas * 1000n >= previous.maxFeePerGas * 1125n).toBe(true)
  expect(next.maxFeePerGas > previous.maxFeePerGas).toBe(true)
  if (previous.type === 'legacy') return
  expect(next.maxPriorityFeePerGas * 1000n >= previous.maxPriorityFeePerGas * 1125n).toBe(true)
  expect(next.maxPriorityFeePerGas > previous.maxPriorityFeePerGas).toBe(true)
}
