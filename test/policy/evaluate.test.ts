import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/policy/decision.ts'
import type { Effect } from '../../src/review/review.ts'
import {
  ACME,
  alice,
  BOLT,
  bob,
  CHAIN,
  DAI,
  judge,
  NOW,
  PAUSE,
  PAY,
  pay,
  policyOf,
  ran,
  requestOf,
  ROUTER,
  SAFE,
  STRANGER,
  USDC,
  usdc,
  VAULT,
} from './fixture.ts'

const code = (decision: Decision) => decision.refusal?.code ?? decision.verdict
const policy = policyOf([PAY])
const call = (changes: Partial<Extract<Effect, { kind: 'call' }>> = {}): Effect => ({
  kind: 'call',
  where: 'call',
  to: VAULT,
  value: 0n,
  selector: PAUSE,
  data: PAUSE,
  ...changes,
})
const PAUSE_RULE = {
  id: 'pause',
  effect: 'allow',
  kind: 'call',
  contract: 'vault',
  selectors: ['pause()'],
  approvals: { count: 1 },
} as const

describe('a payment that a rule allows', () => {
  it('is approved, owes what the rule asks, and demands its reservation', () => {
    const decision = judge(policy, [pay(usdc(12_500))])
    expect(decision).toMatchObject({
      verdict: 'approved',
      refusal: null,
      policyHash: policy.hash,
      policyVersion: 1,
      owed: {
        approvals: [{ group: 'treasurers', need: 2, have: 0, rule: 'vendor-payments' }],
        notBefore: null,
        frozen: false,
      },
      reservations: [
        { rule: 'vendor-payments', token: USDC, amount: usdc(12_500), limit: usdc(50_000), windowSeconds: 86_400 },
      ],
    })
    expect(decision.spoke).toEqual([
      {
        rule: 'vendor-payments',
        effect: 'allow',
        where: 'call',
        reason: `matches a transfer of 12,500.00 USDC to acme-supplies (${ACME})`,
      },
    ])
  })

  it.each([
    [['alice'], 1],
    [['alice', 'alice'], 1],
    [['alice', 'dave'], 1],
    [['alice', 'nobody', 'toString'], 1],
    [['alice', 'bob'], 2],
    [['alice', 'bob', 'carol'], 2],
  ] as const)('counts %j as people of the group', (approvedBy, have) => {
    const { owed } = judge(policy, [pay(usdc(1))], { approvedBy })
    expect(owed.approvals).toEqual(have >= 2 ? [] : [{ group: 'treasurers', need: 2, have, rule: 'vendor-payments' }])
  })

  it('is judged exactly at its limits', () => {
    expect(code(judge(policy, [pay(usdc(20_000))]))).toBe('approved')
    expect(code(judge(policy, [pay(usdc(20_000) + 1n)]))).toBe('LIMIT_PER_TRANSACTION')
    expect(code(judge(policy, [pay(usdc(20_000))], { usage: () => usdc(30_000) }))).toBe('approved')
    expect(code(judge(policy, [pay(usdc(20_000))], { usage: () => usdc(30_000) + 1n }))).toBe('LIMIT_WINDOW')
  })
})

describe('what no rule allows', () => {
  it.each<[string, Effect]>([
    ['another recipient', pay(usdc(1), STRANGER)],
    ['another asset', pay(usdc(1), ACME, DAI)],
    ['an unlisted token', pay(1n, ACME, STRANGER)],
    ['the native coin', pay(1n, ACME, null)],
    ['an approval', { kind: 'approve', where: 'call', token: USDC, spender: ACME, amount: 1n }],
    ['an NFT', { kind: 'nft', where: 'call', token: USDC, recipient: ACME, tokenId: 1n, amount: 1n }],
    ['a call', call()],
    ['a call without selector', call({ selector: null, data: '0x12' })],
    ['a change of the Safe', { kind: 'safe-admin', where: 'call', selector: '0xe318b52b', name: 'swapOwner' }],
  ])('is denied: %s', (_situation, effect) => {
    expect(code(judge(policy, [effect]))).toBe('POLICY_DENIED')
  })

  it('is denied on another chain, by another treasury, and under a policy without rules', () => {
    expect(code(judge(policy, [pay(usdc(1))], { request: requestOf(undefined, { chainId: 1 }) }))).toBe('POLICY_DENIED')
    expect(code(judge(policyOf([{ ...PAY, treasuries: ['reserve'] }]), [pay(usdc(1))]))).toBe('POLICY_DENIED')
    expect(code(judge(policyOf([]), [pay(usdc(1))]))).toBe('POLICY_DENIED')
  })

  it('G1 drags a whole batch down, and its place is named', () => {
    const decision = judge(policy, [pay(usdc(1)), pay(usdc(1), STRANGER, USDC, 'batch[1]')])
    expect(code(decision)).toBe('POLICY_DENIED')
    expect(decision.refusal?.message).toContain('batch[1]')
  })
})

describe('a refusal', () => {
  it('names the closest rule and what it misses', () => {
    expect(judge(policy, [pay(usdc(1), STRANGER)]).refusal?.message).toBe(
      `No rule allows a transfer of 1.00 USDC to ${STRANGER}: rule vendor-payments would allow it, but ${STRANGER} is not among its recipients.`,
    )
    expect(judge(policy, [pay(usdc(60_000))]).refusal?.message).toBe(
      'Rule vendor-payments would allow it, but the amount 60,000.00 USDC is above its maximum 20,000.00 USDC for one transaction.',
    )
    expect(judge(policy, [pay(usdc(10_000))], { usage: () => usdc(45_000) }).refusal?.message).toBe(
      'Rule vendor-payments would allow it, but the amount 10,000.00 USDC and the 45,000.00 USDC of the last 24 hours, reservations included, are above its maximum 50,000.00 USDC.',
    )
    expect(judge(policyOf([{ ...PAY, initiators: ['alice'] }]), [pay(usdc(1))]).refusal?.message).toContain(
      'it must be proposed by alice, not local:operator',
    )
    expect(judge(policyOf([PAUSE_RULE]), [call({ to: ROUTER })]).refusal?.message).toContain(
      'rule pause would allow it, but it is for another contract',
    )
  })

  it('names no rule that misses by more than one condition', () => {
    expect(judge(policy, [pay(usdc(1), STRANGER, DAI)]).refusal?.message).not.toContain('vendor-payments')
  })
})

describe('a deny rule', () => {
  const deny = {
    id: 'no-lookalikes',
    effect: 'deny',
    kind: 'transfer',
    recipients: [ACME],
    reason: 'imitates a vendor',
  }
  it('wins over every rule that allows', () => {
    const decision = judge(policyOf([PAY, { ...PAY, id: 'again' }, deny]), [pay(usdc(1))])
    expect(code(decision)).toBe('POLICY_DENIED')
    expect(decision.refusal?.message).toBe(
      `Rule no-lookalikes denies a transfer of 1.00 USDC to acme-supplies (${ACME}): imitates a vendor.`,
    )
    expect(decision.spoke.filter(({ effect }) => effect === 'deny')).toHaveLength(1)
  })
  it('speaks only of what it names', () => {
    expect(code(judge(policyOf([PAY, deny]), [pay(usdc(1), BOLT)]))).toBe('approved')
    expect(code(judge(policyOf([PAY, { ...deny, chainId: 1 }]), [pay(usdc(1))]))).toBe('approved')
  })
  it('above an amount looks at the sum of a batch', () => {
    const policyAbove = policyOf([
      PAY,
      { id: 'large', effect: 'deny', kind: 'transfer', asset: 'USDC', above: '15000' },
    ])
    expect(code(judge(policyAbove, [pay(usdc(15_000))]))).toBe('approved')
    expect(code(judge(policyAbove, [pay(usdc(8_000)), pay(usdc(8_000), BOLT)]))).toBe('POLICY_DENIED')
  })
  it.each<[string, Effect]>([
    ['a payment', pay(usdc(1))],
    ['an approval', { kind: 'approve', where: 'call', token: USDC, spender: ACME, amount: 1n }],
    ['a call', call({ to: ACME })],
  ])('of kind any catches %s to its address', (_situation, effect) => {
    const rules = [
      PAY,
      { ...PAUSE_RULE, contract: ACME },
      { id: 'allowance', effect: 'allow', kind: 'approve', asset: 'USDC', spenders: [ACME], maxPerTransaction: '5' },
    ]
    expect(code(judge(policyOf(rules), [effect]))).toBe('approved')
    expect(
      code(judge(policyOf([...rules, { id: 'sanctioned', effect: 'deny', kind: 'any', addresses: [ACME] }]), [effect])),
    ).toBe('POLICY_DENIED')
  })
})

describe('several rules that match', () => {
  const rules = [
    PAY,
    {
      ...PAY,
      id: 'board',
      recipients: '*',
      maxPerTransaction: '10000',
      maxPer24h: undefined,
      approvals: [
        { count: 3, group: 'treasurers' },
        { count: 1, group: 'security' },
      ],
      delay: '12h',
    },
    { ...PAY, id: 'slow', recipients: 'addressBook', approvals: undefined, delay: '1h' },
  ]
  it('bind together: highest count, every group, longest delay, every limit', () => {
    const decision = judge(policyOf(rules), [pay(usdc(9_000))], { approvedBy: ['alice'] })
    expect(decision.owed).toEqual({
      approvals: [
        { group: 'security', need: 1, have: 0, rule: 'board' },
        { group: 'treasurers', need: 3, have: 1, rule: 'board' },
      ],
      notBefore: NOW + 43_200,
      frozen: false,
    })
    expect(decision.reservations.map(({ rule }) => rule)).toEqual(['slow', 'vendor-payments'])
    expect(judge(policyOf(rules), [pay(usdc(10_001))]).refusal?.message).toContain('Rule board')
  })
  it('let the delay end at its time and not before', () => {
    const at = (now: number) => judge(policyOf(rules), [pay(usdc(1))], { now }).owed.notBefore
    expect(at(NOW + 43_199)).toBe(NOW + 43_200)
    expect(at(NOW + 43_200)).toBeNull()
  })
})

describe('a range', () => {
  const tiers = policyOf([
    { ...PAY, id: 'small', upTo: '5000', maxPerTransaction: undefined, approvals: { count: 1 } },
    { ...PAY, id: 'large', above: '5000', upTo: '15000', approvals: { count: 3 } },
  ])
  it.each([
    [5_000, 'small'],
    [5_001, 'large'],
    [15_000, 'large'],
  ])('of %i belongs to rule %s alone', (amount, rule) => {
    expect(judge(tiers, [pay(usdc(amount))]).owed.approvals.map((owed) => owed.rule)).toEqual([rule])
  })
  it('looks at the sum, so that a batch of small payments is a large one', () => {
    expect(judge(tiers, [pay(usdc(3_000)), pay(usdc(3_000), BOLT)]).owed.approvals).toMatchObject([
      { rule: 'large', need: 3 },
    ])
  })
  it('that ends below the amount refuses with the limit', () => {
    const decision = judge(tiers, [pay(usdc(15_001))])
    expect(code(decision)).toBe('LIMIT_PER_TRANSACTION')
    expect(decision.refusal?.message).toContain('above its range, which ends at 15,000.00 USDC')
  })
})

describe('the initiator', () => {
  const signed = requestOf(undefined, { creator: { principal: 'alice', address: alice.address as typeof ACME } })
  const count = (rules: readonly Record<string, unknown>[], request = signed) =>
    judge(policyOf(rules), [pay(usdc(1))], { request, approvedBy: ['alice', 'bob'] }).owed.approvals.map(
      ({ have }) => have,
    )

  it('is not counted among the approvers', () => {
    expect(count([PAY])).toEqual([1])
  })
  it('is counted when every rule that asks says so', () => {
    expect(count([{ ...PAY, initiatorMayApprove: true }])).toEqual([])
    expect(
      count([
        { ...PAY, initiatorMayApprove: true },
        { ...PAY, id: 'strict' },
      ]),
    ).toEqual([1])
    expect(
      count([
        { ...PAY, initiatorMayApprove: true },
        { ...PAY, id: 'asks-nothing', approvals: undefined },
      ]),
    ).toEqual([])
  })
  it('G2 is whoever holds the key, not whoever the request names', () => {
    const disguised = requestOf(undefined, { creator: { principal: 'carol', address: alice.address as typeof ACME } })
    expect(count([PAY], disguised)).toEqual([1])
    const onlyBob = policyOf([{ ...PAY, initiators: ['bob'] }])
    for (const creator of [
      { principal: 'bob', address: null },
      { principal: 'bob', address: alice.address as typeof ACME },
      { principal: 'bob', address: STRANGER },
    ]) {
      expect(code(judge(onlyBob, [pay(usdc(1))], { request: requestOf(undefined, { creator }) }))).toBe('POLICY_DENIED')
    }
    expect(
      code(
        judge(onlyBob, [pay(usdc(1))], {
          request: requestOf(undefined, { creator: { principal: 'x', address: bob.address as typeof ACME } }),
        }),
      ),
    ).toBe('approved')
  })
  it('that nobody verified is left out by the name it claims', () => {
    expect(count([PAY], requestOf(undefined, { creator: { principal: 'alice', address: null } }))).toEqual([1])
  })
  it('of an unsigned request matches only where its local name is written out', () => {
    expect(code(judge(policyOf([{ ...PAY, initiators: ['local:operator'] }]), [pay(usdc(1))]))).toBe('approved')
    expect(code(judge(policyOf([{ ...PAY, initiators: ['local:root'] }]), [pay(usdc(1))]))).toBe('POLICY_DENIED')
  })
})

describe('a call', () => {
  it('needs its contract and selector, and has no value unless the rule says so', () => {
    expect(code(judge(policyOf([PAUSE_RULE]), [call()]))).toBe('approved')
    expect(code(judge(policyOf([PAUSE_RULE]), [call({ selector: '0x3f4ba83a' })]))).toBe('POLICY_DENIED')
    expect(code(judge(policyOf([PAUSE_RULE]), [call({ value: 1n })]))).toBe('LIMIT_PER_TRANSACTION')
  })
  it('G5 counts the value of all calls of a batch together, and reserves it', () => {
    const paying = policyOf([{ ...PAUSE_RULE, maxValue: '1 ETH', maxValuePer24h: '3 ETH' }])
    const half = call({ value: 5n * 10n ** 17n })
    expect(judge(paying, [half, half]).reservations).toMatchObject([
      { rule: 'pause', token: null, amount: 10n ** 18n, limit: 3n * 10n ** 18n },
    ])
    expect(code(judge(paying, [half, half, call({ value: 1n })]))).toBe('LIMIT_PER_TRANSACTION')
  })
})

describe('an approval of a token', () => {
  const router = policyOf([
    { id: 'router', effect: 'allow', kind: 'approve', asset: 'USDC', spenders: ['router'], maxPerTransaction: '5000' },
  ])
  const approve = (amount: bigint, spender = ROUTER): Effect => ({
    kind: 'approve',
    where: 'call',
    token: USDC,
    spender,
    amount,
  })
  it('is held to its spender and amount; the unlimited one is above every maximum', () => {
    expect(code(judge(router, [approve(usdc(5_000))]))).toBe('approved')
    expect(code(judge(router, [approve(usdc(1), STRANGER)]))).toBe('POLICY_DENIED')
    expect(code(judge(router, [approve((1n << 256n) - 1n)]))).toBe('LIMIT_PER_TRANSACTION')
  })
})

describe('a message', () => {
  const message = (changes: Partial<Extract<Effect, { kind: 'message' }>> = {}): Effect => ({
    kind: 'message',
    where: 'message',
    format: 'typed-data',
    primaryType: 'Order',
    verifyingContract: ROUTER,
    ...changes,
  })
  const typed = requestOf({ kind: 'message', format: 'typed-data', typedData: {} }, { nonce: null })
  const orders = policyOf([
    {
      id: 'orders',
      effect: 'allow',
      kind: 'message',
      format: 'typed-data',
      primaryTypes: ['Order', 'Login'],
      verifyingContracts: ['router', 'none'],
    },
  ])
  it.each<[string, Effect, string]>([
    ['its type and contract', message(), 'approved'],
    ['no contract, which the rule names', message({ primaryType: 'Login', verifyingContract: null }), 'approved'],
    ['another type', message({ primaryType: 'Permit' }), 'POLICY_DENIED'],
    ['another contract', message({ verifyingContract: STRANGER }), 'POLICY_DENIED'],
    ['no type', message({ primaryType: null }), 'POLICY_DENIED'],
    ['a SafeTx', message({ primaryType: 'SafeTx' }), 'OPAQUE_MESSAGE'],
    ['a SafeMessage', message({ primaryType: 'SafeMessage' }), 'OPAQUE_MESSAGE'],
  ])('with %s is judged', (_situation, effect, expected) => {
    expect(code(judge(orders, [effect], { request: typed }))).toBe(expected)
  })
  it('of text is not typed data', () => {
    const text = requestOf({ kind: 'message', format: 'text', text: 'hello' }, { nonce: null })
    const effect = message({ format: 'text', primaryType: null, verifyingContract: null })
    expect(code(judge(orders, [effect], { request: text }))).toBe('POLICY_DENIED')
    expect(
      code(
        judge(policyOf([{ id: 't', effect: 'allow', kind: 'message', format: 'text' }]), [effect], { request: text }),
      ),
    ).toBe('approved')
  })
})

describe('a change of the Safe itself', () => {
  const rule = {
    id: 'owners',
    effect: 'allow',
    kind: 'safe-admin',
    functions: ['swapOwner'],
    approvals: { count: 3 },
    delay: '24h',
  }
  const swap: Effect = { kind: 'safe-admin', where: 'call', selector: '0xe318b52b', name: 'swapOwner' }
  it('needs a rule of its own, which a call rule on the Safe is not', () => {
    expect(judge(policyOf([rule]), [swap])).toMatchObject({
      verdict: 'approved',
      owed: { notBefore: NOW + 86_400, approvals: [{ need: 3 }] },
    })
    expect(code(judge(policyOf([{ ...PAUSE_RULE, contract: SAFE, selectors: ['0xe318b52b'] }]), [swap]))).toBe(
      'POLICY_DENIED',
    )
  })
  it('G1 is matched by selector, so that a borrowed name is of no use', () => {
    expect(code(judge(policyOf([rule]), [{ ...swap, selector: '0x610b5925' }]))).toBe('POLICY_DENIED')
  })
})

describe('a delegatecall', () => {
  it('G1 is denied whatever the rules say', () => {
    const generous = policyOf([
      PAY,
      { ...PAUSE_RULE, contract: STRANGER },
      { id: 'admin', effect: 'allow', kind: 'safe-admin', functions: ['swapOwner'] },
    ])
    const effect: Effect = { kind: 'delegatecall', where: 'call', to: STRANGER, data: PAUSE }
    expect(code(judge(generous, [effect]))).toBe('DELEGATECALL_DENIED')
    expect(code(judge(generous, [pay(usdc(1)), effect]))).toBe('DELEGATECALL_DENIED')
    expect(code(judge(generous, [{ kind: 'rejection', where: 'call' }, effect]))).toBe('DELEGATECALL_DENIED')
  })
})

describe('a rejection', () => {
  const rejection: Effect = { kind: 'rejection', where: 'call' }
  const request = requestOf({ kind: 'rejection', rejects: 'r-0' })
  it('is always approved and owes nothing, also while frozen', () => {
    const decision = judge(policyOf([]), [rejection], { request, frozen: true })
    expect(decision).toMatchObject({
      verdict: 'approved',
      owed: { approvals: [], notBefore: null, frozen: false },
      reservations: [],
    })
  })
  it('G2 that does something else is refused', () => {
    expect(code(judge(policy, [pay(usdc(1))], { request }))).toBe('POLICY_FAILED')
    expect(code(judge(policy, [rejection, pay(usdc(1))], { request }))).toBe('POLICY_FAILED')
  })
  it('with a gas refund is refused, because it would pay', () => {
    const refund = { safeTxGas: 1n, baseGas: 1n, gasPrice: 1n, gasToken: USDC, refundReceiver: STRANGER }
    expect(code(judge(policy, [rejection], { request: { ...request, refund } }))).toBe('POLICY_DENIED')
    expect(code(judge(policy, [rejection], { request: { ...request, refund: { ...refund, gasPrice: 0n } } }))).toBe(
      'approved',
    )
  })
})

describe('while frozen', () => {
  it('G8 every payment owes the thaw', () => {
    expect(judge(policy, [pay(usdc(1))], { frozen: true }).owed.frozen).toBe(true)
    expect(judge(policy, [{ kind: 'rejection', where: 'a' }, pay(usdc(1))], { frozen: true }).owed.frozen).toBe(true)
  })
})

describe('effects that are not those of the request', () => {
  const transfer = requestOf({
    kind: 'transfer',
    asset: 'USDC',
    token: USDC,
    decimals: 6,
    recipient: ACME,
    recipientName: null,
    amount: usdc(5),
  })
  it('G2 fail, however small the difference', () => {
    expect(code(judge(policy, [pay(usdc(5))], { request: transfer }))).toBe('approved')
    for (const effects of [
      [pay(usdc(5) + 1n)],
      [pay(usdc(5), BOLT)],
      [pay(usdc(5), ACME, DAI)],
      [pay(usdc(5), ACME, null)],
      [pay(usdc(5)), pay(0n)],
      [call()],
    ]) {
      expect(code(judge(policy, effects, { request: transfer }))).toBe('POLICY_FAILED')
    }
  })
  it('G1 fail when a transaction turns out to be a message, or a message a transaction', () => {
    const effect: Effect = { kind: 'message', where: 'm', format: 'text', primaryType: null, verifyingContract: null }
    expect(code(judge(policy, [effect]))).toBe('POLICY_FAILED')
    expect(code(judge(policy, [pay(1n)], { request: requestOf({ kind: 'message', format: 'text', text: 'x' }) }))).toBe(
      'POLICY_FAILED',
    )
  })
})

describe('what cannot be judged', () => {
  const broken = (value: unknown) => judge(policy, [pay(usdc(1))], { usage: (() => value) as () => bigint })
  it('G7 fails, which is not approved', () => {
    expect(code(judge(policy, []))).toBe('POLICY_FAILED')
    expect(code(judge(policy, [{ kind: 'new-kind', where: 'call' } as unknown as Effect]))).toBe('POLICY_FAILED')
    expect(code(judge(policy, [pay(-1n)]))).toBe('POLICY_FAILED')
    expect(code(judge(policy, [pay(1 as unknown as bigint)]))).toBe('POLICY_FAILED')
    for (const value of [undefined, null, 0, -1n, '0']) expect(code(broken(value))).toBe('POLICY_FAILED')
    expect(
      code(
        judge(policy, [pay(usdc(1))], {
          usage: () => {
            throw new Error('the database is gone')
          },
        }),
      ),
    ).toBe('POLICY_FAILED')
    expect(code(judge(policyOf([{ ...PAY, delay: '1h' }]), [pay(usdc(1))], { now: Number.NaN }))).toBe('POLICY_FAILED')
  })
  it('G7 says failed and not denied', () => {
    expect(judge(policy, []).verdict).toBe('failed')
  })
})

describe('a simulation', () => {
  const word = (n: number) => `0x${n.toString(16).padStart(64, '0')}` as const
  const stored = (slot: number, account = SAFE) =>
    ran({ storageChanges: [{ account, slot: word(slot), before: word(1), after: word(2) }] })
  it('G1 that rewrites the Safe’s own storage denies what the calls do not declare', () => {
    expect(code(judge(policyOf([PAUSE_RULE]), [call()], { simulation: stored(0) }))).toBe('POLICY_DENIED')
    expect(code(judge(policyOf([PAUSE_RULE]), [call()], { simulation: stored(5) }))).toBe('approved')
    expect(code(judge(policyOf([PAUSE_RULE]), [call()], { simulation: stored(0, VAULT) }))).toBe('approved')
  })
  it('that shows more leaving than the transfers say denies', () => {
    const leaving = (change: bigint) => ran({ balanceChanges: [{ account: SAFE, token: USDC, change }] })
    expect(code(judge(policy, [pay(usdc(2)), pay(usdc(3))], { simulation: leaving(-usdc(5)) }))).toBe('approved')
    expect(code(judge(policy, [pay(usdc(2)), pay(usdc(3))], { simulation: leaving(-usdc(5) - 1n) }))).toBe(
      'POLICY_DENIED',
    )
  })
  it('G7 that a rule requires must have succeeded', () => {
    const careful = policyOf([{ ...PAY, simulation: 'required' }])
    expect(code(judge(careful, [pay(usdc(1))]))).toBe('approved')
    for (const simulation of [null, ran({ status: 'not-run' }), ran({ status: 'reverted' })]) {
      expect(code(judge(careful, [pay(usdc(1))], { simulation }))).toBe('POLICY_FAILED')
    }
  })
})

describe('the chain id', () => {
  it('of a rule without one is the only chain of the document', () => {
    expect(policyOf([PAUSE_RULE]).rules[0]?.chainId).toBe(CHAIN)
  })
})
