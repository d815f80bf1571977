import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Address, toChecksum, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { type FindingsInput, findingsOf } from '../../src/review/findings.ts'
import { looksAlike } from '../../src/review/recipient-findings.ts'
import type { Effect } from '../../src/review/review.ts'
import { address } from '../request/arbitrary-request.ts'
import { account, ACME, findingsInput, OWNERS, planOf, SAFE, STRANGER, succeeded, USDC } from './fixture.ts'

const pay = (recipient: Address, token: Address | null = USDC, where = 'call'): Effect => ({
  where,
  kind: 'transfer',
  token,
  recipient,
  amount: 5n,
})
const twin = (of: Address): Address => toChecksum(`${of.slice(0, 5)}${'7'.repeat(33)}${of.slice(-4)}`)
const found = (effects: readonly Effect[], changes: Partial<FindingsInput> = {}): readonly string[] =>
  findingsOf(findingsInput(effects, changes)).map(({ id, severity }) => `${severity} ${id}`)

it('finds nothing in an ordinary payment to the address book', () => {
  expect(found([pay(ACME)])).toEqual([])
})

describe('when an address imitates a known one', () => {
  it.each([
    ['the address book', ACME],
    ['an owner', OWNERS[1] as Address],
    ['the Safe', SAFE],
    ['an asset', USDC],
  ])('is critical for %s', (_what, real) => {
    const [finding] = findingsOf(findingsInput([pay(twin(real))]))
    expect(finding).toMatchObject({ id: 'recipient-look-alike', severity: 'critical' })
    expect(finding?.detail).toContain(real)
    expect(finding?.detail).toContain(twin(real))
  })

  it('is critical on every leg of a batch, for spenders and for call targets', () => {
    const legs: Effect[] = [
      pay(ACME, USDC, 'batch[0]'),
      pay(twin(ACME), null, 'batch[1]'),
      { where: 'batch[2]', kind: 'approve', token: USDC, spender: twin(ACME), amount: 1n },
      { where: 'batch[3]', kind: 'call', to: twin(USDC), value: 0n, selector: null, data: '0x' },
    ]
    expect(
      findingsOf(findingsInput(legs))
        .filter(({ id }) => id === 'recipient-look-alike')
        .map(({ where }) => where),
    ).toEqual(['batch[1]', 'batch[2]', 'batch[3]'])
  })

  it('says nothing where both are known', () => {
    expect(
      found([pay(twin(ACME))], {
        addressBook: [
          { name: 'acme', address: ACME },
          { name: 'acme-two', address: twin(ACME) },
        ],
      }),
    ).toEqual([])
  })

  it('compares three leading and four trailing characters, in any case', () => {
    expect(looksAlike(ACME, twin(ACME).toLowerCase() as Address)).toBe(true)
    expect(looksAlike(ACME, ACME.toLowerCase() as Address)).toBe(false)
    expect(looksAlike(ACME, toChecksum(`${ACME.slice(0, 4)}0${'7'.repeat(33)}${ACME.slice(-4)}`))).toBe(false)
    expect(looksAlike(ACME, toChecksum(`${ACME.slice(0, 5)}${'7'.repeat(34)}${ACME.slice(-3)}`))).toBe(false)
    fc.assert(
      fc.property(address, address, (a, b) => {
        expect(looksAlike(a, b)).toBe(looksAlike(b, a))
      }),
    )
  })
})

describe('when the recipient is not an ordinary one', () => {
  it.each([
    ['medium recipient-unlisted', pay(STRANGER)],
    ['high recipient-zero', pay(ZERO_ADDRESS)],
    ['high recipient-token', pay(USDC)],
    ['medium recipient-self', pay(SAFE)],
    ['medium token-unlisted', pay(ACME, STRANGER)],
    [
      'medium target-unlisted',
      { where: 'call', kind: 'call', to: STRANGER, value: 0n, selector: '0x8456cb59', data: '0x8456cb59' },
    ],
    ['medium recipient-unlisted', { where: 'call', kind: 'approve', token: USDC, spender: STRANGER, amount: 1n }],
    [
      'medium recipient-unlisted',
      { where: 'call', kind: 'nft', token: STRANGER, recipient: STRANGER, tokenId: 1n, amount: 1n },
    ],
  ] as const)('finds %s', (id, effect) => {
    const expected = effect.kind === 'nft' ? ['high recipient-token'] : [id]
    expect(found([effect])).toEqual(expected)
  })

  it('mentions that it was never used', () => {
    expect(found([pay(STRANGER)], { unusedRecipients: [STRANGER] })).toEqual([
      'medium recipient-unlisted',
      'info recipient-unused',
    ])
  })
})

describe('when the transaction could do more than it says', () => {
  it('is critical for a delegatecall and names the danger', () => {
    const [finding] = findingsOf(findingsInput([{ where: 'call', kind: 'delegatecall', to: STRANGER, data: '0x' }]))
    expect(finding).toMatchObject({ id: 'delegatecall-unknown', severity: 'critical' })
    expect(finding?.title).toMatch(/Safe itself could be rewritten/)
  })

  it.each([
    ['high refund-fields', { gasPrice: 1n }],
    ['high refund-fields', { baseGas: 1n }],
    ['high refund-fields', { gasToken: USDC }],
    ['high refund-fields', { refundReceiver: STRANGER }],
    ['medium safe-tx-gas', { safeTxGas: 1n }],
    ['high nonce-gap', { nonce: 8n }],
    ['high nonce-used', { nonce: 6n }],
  ] as const)('finds %s for %o', (id, changes) => {
    expect(found([pay(ACME)], { plan: planOf(changes) })).toEqual([id])
  })

  it('finds a change of the Safe itself', () => {
    expect(found([{ where: 'call', kind: 'safe-admin', selector: '0x694e80c3', name: 'changeThreshold' }])).toEqual([
      'high safe-admin',
    ])
  })
})

describe('when the account itself is weak', () => {
  it.each([
    ['medium owners-all-needed', account({ threshold: 3 })],
    ['medium threshold-low', account({ threshold: 1 })],
    ['medium modules-enabled', account({ modules: [STRANGER] })],
  ] as const)('finds %s', (id, state) => {
    expect(found([pay(ACME)], { account: state })).toEqual([id])
  })

  it('finds two owners who must both sign to be two things', () => {
    expect(found([pay(ACME)], { account: account({ owners: OWNERS.slice(0, 2), threshold: 2 }) })).toEqual([
      'medium owners-all-needed',
      'medium owners-few',
    ])
  })

  it('finds an owner that runs foreign code', () => {
    expect(found([pay(ACME)], { delegatedOwners: [OWNERS[0] as Address] })).toEqual(['high owner-delegated'])
  })
})

describe('G7 when the simulation says nothing good', () => {
  const none = { balanceChanges: null, storageChanges: null }
  it('G7 never reads not-run as no effect', () => {
    const [finding] = findingsOf(
      findingsInput([pay(ACME)], { simulation: { status: 'not-run', reason: 'no tracer', ...none } }),
    )
    expect(finding).toMatchObject({ id: 'simulation-not-run', severity: 'medium', detail: 'no tracer' })
    expect(finding?.title).toMatch(/not the same as no effect/)
  })

  it('finds a revert', () => {
    expect(found([pay(ACME)], { simulation: { status: 'reverted', reason: 'paused', ...none } })).toEqual([
      'high simulation-reverted',
    ])
  })

  it.each(['0x0', '0x3', '0x4', '0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8'])(
    'is critical when slot %s of the Safe changes and no call says so',
    (slot) => {
      const changed = {
        ...succeeded,
        storageChanges: [
          {
            account: SAFE,
            slot: `0x${slot.slice(2).padStart(64, '0')}` as const,
            before: '0x00' as const,
            after: '0x01' as const,
          },
        ],
      }
      expect(found([pay(ACME)], { simulation: changed })).toEqual(['critical safe-storage'])
      expect(
        found([{ where: 'call', kind: 'safe-admin', selector: '0x694e80c3', name: 'changeThreshold' }], {
          simulation: changed,
        }),
      ).toEqual(['high safe-admin'])
    },
  )

  it('says nothing about the nonce or another contract', () => {
    const change = (who: Address, slot: string) => ({
      ...succeeded,
      storageChanges: [
        { account: who, slot: `0x${slot.padStart(64, '0')}` as const, before: '0x00' as const, after: '0x01' as const },
      ],
    })
    expect(found([pay(ACME)], { simulation: change(SAFE, '5') })).toEqual([])
    expect(found([pay(ACME)], { simulation: change(USDC, '0') })).toEqual([])
  })
})

describe('when time is unusual', () => {
  it.each([
    [31 * 86_400, ['low expiry-long']],
    [30 * 86_400, []],
    [0, ['high expired']],
  ] as const)('finds for %i seconds left %o', (left, expected) => {
    expect(found([pay(ACME)], { expiresAt: 1_700_000_000 + left })).toEqual(expected)
  })
})

it('puts the worst first and gives every finding words to act on', () => {
  const findings = findingsOf(
    findingsInput([pay(STRANGER), pay(twin(ACME)), { where: 'call', kind: 'delegatecall', to: STRANGER, data: '0x' }], {
      expiresAt: 1_800_000_000,
      unusedRecipients: [STRANGER],
      plan: planOf({ nonce: 9n }),
    }),
  )
  const order = ['critical', 'high', 'medium', 'low', 'info']
  expect(findings.map(({ severity }) => order.indexOf(severity))).toEqual(
    [...findings.map(({ severity }) => order.indexOf(severity))].sort(),
  )
  expect(new Set(findings.map(({ severity }) => severity))).toEqual(new Set(order))
  for (const finding of findings) expect(Object.values(finding).every((text) => text !== '')).toBe(true)
})
