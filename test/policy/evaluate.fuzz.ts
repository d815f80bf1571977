import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/policy/decision.ts'
import type { Effect } from '../../src/review/review.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { ACME, BOLT, DAI, judge, NOW, pay, policyOf, requestOf, ROUTER, STRANGER, USDC, VAULT } from './fixture.ts'

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) }
const PEOPLE = ['alice', 'bob', 'carol', 'dave'] as const
const PARTIES = [ACME, BOLT, ROUTER, STRANGER] as const
const OTHER_SELECTOR = '0x3f4ba83a'

const amount = fc.integer({ min: 0, max: 60 })
const small = fc.integer({ min: 0, max: 20 })
const parties = fc.oneof(
  fc.constant('*'),
  fc.constant('*'),
  fc.constant('addressBook'),
  fc.uniqueArray(fc.constantFrom(...PARTIES), { minLength: 1 }),
)
const approvals = fc.option(
  fc.record({ count: fc.integer({ min: 1, max: 2 }), group: fc.constantFrom('treasurers', 'security') }),
  { nil: undefined },
)
const obligations = {
  effect: fc.constant('allow'),
  approvals,
  delay: fc.constantFrom('0s', '1h', '24h'),
  initiatorMayApprove: fc.boolean(),
}
const limited = fc
  .record({ perTransaction: amount, per24h: amount })
  .map(({ perTransaction, per24h }) => ({ maxPerTransaction: `${perTransaction}`, maxPer24h: `${per24h}` }))

const allowRule = fc.oneof(
  fc
    .tuple(
      fc.record({
        ...obligations,
        kind: fc.constant('transfer'),
        asset: fc.constantFrom('USDC', 'USDC', 'DAI', 'ETH'),
        recipients: parties,
      }),
      limited,
    )
    .map(([rule, limits]) => ({ ...rule, ...limits })),
  fc
    .tuple(
      fc.record({
        ...obligations,
        kind: fc.constant('approve'),
        asset: fc.constantFrom('USDC', 'DAI'),
        spenders: fc.constantFrom('addressBook', [STRANGER]),
      }),
      limited,
    )
    .map(([rule, limits]) => ({ ...rule, ...limits })),
  fc.record({
    ...obligations,
    kind: fc.constant('call'),
    contract: fc.constantFrom(VAULT, STRANGER),
    selectors: fc.constantFrom(['pause()'], [OTHER_SELECTOR]),
    maxValue: amount.map((n) => `${n} ETH`),
  }),
)
const denyRule = fc.oneof(
  fc.record({ effect: fc.constant('deny'), kind: fc.constant('transfer'), recipients: parties }),
  fc.record({
    effect: fc.constant('deny'),
    kind: fc.constant('transfer'),
    asset: fc.constantFrom('USDC', 'DAI'),
    above: amount.map(String),
  }),
  fc.record({
    effect: fc.constant('deny'),
    kind: fc.constant('any'),
    addresses: fc.uniqueArray(fc.constantFrom(...PARTIES), { minLength: 1 }),
  }),
  fc.record({ effect: fc.constant('deny'), kind: fc.constant('call') }),
)
const named = (rules: readonly Record<string, unknown>[]) => rules.map((rule, i) => ({ id: `r${i}`, ...rule }))
const allows = fc.array(allowRule, { minLength: 2, maxLength: 8 })
const mixed = fc.array(fc.oneof({ weight: 6, arbitrary: allowRule }, { weight: 1, arbitrary: denyRule }), {
  minLength: 1,
  maxLength: 8,
})

const token = fc.constantFrom(
  ...([
    [USDC, 6],
    [USDC, 6],
    [DAI, 18],
    [null, 18],
  ] as const),
)
const effect: fc.Arbitrary<Effect> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(token, fc.constantFrom(...PARTIES), small)
      .map(([[asset, decimals], to, n]) => pay(BigInt(n) * 10n ** BigInt(decimals), to, asset)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...PARTIES), small).map(([spender, n]): Effect => ({
      kind: 'approve',
      where: 'call',
      token: USDC,
      spender,
      amount: BigInt(n) * 1_000_000n,
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(VAULT, STRANGER),
        fc.constantFrom('0x8456cb59' as const, OTHER_SELECTOR as `0x${string}`, null),
        small,
      )
      .map(([to, selector, n]): Effect => ({
        kind: 'call',
        where: 'call',
        to,
        selector,
        value: BigInt(n) * 10n ** 18n,
        data: selector ?? '0x',
      })),
  },
)
const world = fc.record({
  effects: fc.oneof(fc.array(effect, { minLength: 1, maxLength: 1 }), fc.array(effect, { minLength: 2, maxLength: 3 })),
  approvedBy: fc.subarray([...PEOPLE]),
  used: fc.integer({ min: 0, max: 40 }),
  creator: fc.constantFrom('local:operator', 'alice'),
  age: fc.constantFrom(0, 3600, 90_000),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

const decide = (policy: Policy, { effects, approvedBy, used, creator, age }: World): Decision =>
  judge(policy, effects, {
    approvedBy,
    now: NOW + age,
    request: requestOf(undefined, { creator: { principal: creator, address: null } }),
    usage: (_rule, asset) => BigInt(used) * 10n ** (asset === USDC ? 6n : 18n),
  })

/** Whether the second decision lets through no more, and owes no less, than the first. */
function noLooser(before: Decision, after: Decision): boolean {
  if (before.verdict !== 'approved') return after.verdict !== 'approved'
  if (after.verdict !== 'approved') return true
  const missing = ({ owed }: Decision, group: string | null) =>
    owed.approvals.filter((item) => item.group === group).reduce((sum, { need, have }) => sum + need - have, 0)
  return (
    before.owed.approvals.every(({ group }) => missing(after, group) >= missing(before, group)) &&
    (after.owed.notBefore ?? 0) >= (before.owed.notBefore ?? 0)
  )
}

describe('evaluate', () => {
  it('denies everything when no rule allows', () => {
    fc.assert(
      fc.property(fc.array(denyRule, { maxLength: 5 }), world, (rules, here) => {
        expect(decide(policyOf(named(rules)), here).verdict).toBe('denied')
      }),
      runs,
    )
  })

  it('G5 never allows more after a deny rule was added', () => {
    fc.assert(
      fc.property(allows, denyRule, world, (rules, extra, here) => {
        const before = decide(policyOf(named(rules)), here)
        expect(noLooser(before, decide(policyOf([...named(rules), { id: 'extra', ...extra }]), here))).toBe(true)
      }),
      runs,
    )
  })

  it('G5 never allows more after a limit was lowered', () => {
    fc.assert(
      fc.property(
        allows,
        world,
        fc.nat(),
        fc.constantFrom('maxPerTransaction', 'maxPer24h'),
        amount,
        (rules, here, pick, field, lower) => {
          fc.pre(rules.length > 0)
          const index = pick % rules.length
          const changed = rules.map((rule, i) => {
            if (i !== index) return rule
            if (rule.kind === 'call')
              return {
                ...rule,
                maxValue: `${Math.min(lower, parseInt((rule as { maxValue: string }).maxValue, 10))} ETH`,
              }
            return { ...rule, [field]: `${Math.min(lower, Number((rule as Record<string, unknown>)[field]))}` }
          })
          expect(noLooser(decide(policyOf(named(rules)), here), decide(policyOf(named(changed)), here))).toBe(true)
        },
      ),
      runs,
    )
  })

  it('owes no less after a rule that already matches was joined by another', () => {
    fc.assert(
      fc.property(allows, allowRule, world, (rules, extra, here) => {
        const before = decide(policyOf(named(rules)), here)
        fc.pre(before.verdict === 'approved')
        expect(noLooser(before, decide(policyOf([...named(rules), { id: 'extra', ...extra }]), here))).toBe(true)
      }),
      runs,
    )
  })

  it('gives the same decision for every order of the rules', () => {
    const shuffled = mixed.chain((rules) =>
      fc.tuple(
        fc.constant(named(rules)),
        fc.shuffledSubarray(named(rules), { minLength: rules.length, maxLength: rules.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, world, ([rules, other], here) => {
        const one = decide(policyOf(rules), here)
        const two = decide(policyOf(other), here)
        expect({ ...two, policyHash: null }).toEqual({ ...one, policyHash: null })
      }),
      runs,
    )
  })

  it('approves only when every effect has an allow rule that spoke, and no deny rule spoke', () => {
    fc.assert(
      fc.property(mixed, world, (rules, here) => {
        const effects = here.effects.map((item, i) => ({ ...item, where: `batch[${i}]` }))
        const decision = decide(policyOf(named(rules)), { ...here, effects })
        if (decision.verdict !== 'approved') return
        expect(decision.spoke.every((outcome) => outcome.effect === 'allow')).toBe(true)
        for (const { where } of effects) expect(decision.spoke.some((outcome) => outcome.where === where)).toBe(true)
      }),
      runs,
    )
  })

  it('reaches approvals and every kind of refusal under these arbitraries, so that the properties say something', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(mixed, world, (rules, here) => {
        const decision = decide(policyOf(named(rules)), here)
        const key = decision.refusal?.code ?? 'approved'
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }),
      { numRuns: 500, seed: 7 },
    )
    for (const key of ['approved', 'POLICY_DENIED', 'LIMIT_PER_TRANSACTION', 'LIMIT_WINDOW'])
      expect(seen.get(key) ?? 0).toBeGreaterThan(15)
  })
})
