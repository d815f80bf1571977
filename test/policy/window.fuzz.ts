import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judge, PAY, pay, policyOf, usdc } from './fixture.ts'

const LIMIT = 50_000
const policy = policyOf([
  { ...PAY, maxPerTransaction: '50000', approvals: undefined },
  { ...PAY, id: 'tight', maxPerTransaction: '50000', maxPer24h: '30000', approvals: undefined },
])
const DAY = 86_400

interface Held {
  readonly rule: string
  readonly amount: bigint
  state: 'reserved' | 'settled'
  at: number
}

/** A ledger as the store must be: reserved counts however old it is, settled for 24 hours, released not at all. */
class Ledger {
  readonly held = new Map<number, Held[]>()
  readonly landed: { readonly rule: string; readonly amount: bigint; readonly at: number }[] = []

  usage(rule: string, now: number): bigint {
    return [...this.held.values()]
      .flat()
      .filter((item) => item.rule === rule && (item.state === 'reserved' || item.at > now - DAY))
      .reduce((sum, { amount }) => sum + amount, 0n)
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('pay' as const), amount: fc.integer({ min: 0, max: 40_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('settle' as const, 'release' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 100_000 }) }),
  },
)

it('G5 no span of 24 hours ever carries more than the limit, in whatever order payments are reserved, settled and released', () => {
  let approvals = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = new Ledger()
      let now = 1_800_000_000
      let id = 0
      for (const item of steps) {
        if (item.act === 'wait') now += item.seconds
        else if (item.act === 'pay') {
          const decision = judge(policy, [pay(usdc(item.amount))], { now, usage: (rule) => ledger.usage(rule, now) })
          if (decision.verdict !== 'approved') continue
          approvals++
          expect(decision.reservations).toHaveLength(2)
          ledger.held.set(
            id++,
            decision.reservations.map(({ rule, amount }) => ({ rule, amount, state: 'reserved', at: now })),
          )
        } else {
          const open = [...ledger.held].filter(([, held]) => held[0]?.state === 'reserved')
          const chosen = open[item.pick % Math.max(open.length, 1)]
          if (chosen === undefined) continue
          if (item.act === 'release') ledger.held.delete(chosen[0])
          else
            for (const held of chosen[1]) {
              held.state = 'settled'
              held.at = now
              ledger.landed.push({ rule: held.rule, amount: held.amount, at: now })
            }
        }
        for (const [rule, limit] of [
          ['vendor-payments', LIMIT],
          ['tight', 30_000],
        ] as const) {
          expect(ledger.usage(rule, now)).toBeLessThanOrEqual(usdc(limit))
          for (const { at } of ledger.landed) {
            const span = ledger.landed
              .filter((other) => other.rule === rule && other.at > at - DAY && other.at <= at)
              .reduce((sum, { amount }) => sum + amount, 0n)
            expect(span).toBeLessThanOrEqual(usdc(limit))
          }
        }
      }
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) },
  )
  expect(approvals).toBeGreaterThan(0)
})
