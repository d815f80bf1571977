import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { Plan } from '../../src/build/plan.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { effectsOf } from '../../src/review/effects.ts'
import { OWNER_MANAGEMENT } from '../../src/safe/abi.ts'
import { encodeMultiSend } from '../../src/safe/multi-send.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import { address, data as bytes, runs, uint256 } from '../request/arbitrary-request.ts'
import { ACME, BATCH, planOf, SAFE, STRANGER, USDC } from './fixture.ts'

const context = { multiSend: (to: string) => to === BATCH }
const encode = (signature: string, args: unknown[]): Hex =>
  new Interface([`function ${signature}`]).encodeFunctionData(signature.slice(0, signature.indexOf('(')), args) as Hex
const of = (changes: Partial<SafeTx>) => effectsOf(planOf(changes), context)
const TRANSFER = encode('transfer(address,uint256)', [ACME, 5])
const rawBatch = (entries: string): Hex => encode('multiSend(bytes)', [`0x${entries}`])
const entry = (operation: number, to: string, value: bigint, data: string): string =>
  `0${operation}${to.slice(2).toLowerCase()}${value.toString(16).padStart(64, '0')}${((data.length - 2) / 2).toString(16).padStart(64, '0')}${data.slice(2)}`

describe('when a plan is one call', () => {
  const table: readonly [string, Partial<SafeTx>, object][] = [
    ['coin to a recipient', { to: ACME, value: 3n }, { kind: 'transfer', token: null, recipient: ACME, amount: 3n }],
    [
      'an ERC-20 transfer',
      { to: USDC, value: 0n, data: TRANSFER },
      { kind: 'transfer', token: USDC, recipient: ACME, amount: 5n },
    ],
    [
      'transferFrom out of the Safe',
      { to: USDC, value: 0n, data: encode('transferFrom(address,address,uint256)', [SAFE, ACME, 5]) },
      { kind: 'transfer', token: USDC, recipient: ACME, amount: 5n },
    ],
    [
      'transferFrom of somebody else',
      { to: USDC, value: 0n, data: encode('transferFrom(address,address,uint256)', [STRANGER, ACME, 5]) },
      { kind: 'call', to: USDC, selector: '0x23b872dd' },
    ],
    [
      'an approval',
      { to: USDC, value: 0n, data: encode('approve(address,uint256)', [STRANGER, 5]) },
      { kind: 'approve', token: USDC, spender: STRANGER, amount: 5n },
    ],
    [
      'an increase of an allowance, which adds up',
      { to: USDC, value: 0n, data: encode('increaseAllowance(address,uint256)', [STRANGER, 5]) },
      { kind: 'call', selector: '0x39509351' },
    ],
    [
      'an ERC-721 transfer',
      { to: USDC, value: 0n, data: encode('safeTransferFrom(address,address,uint256)', [SAFE, ACME, 9]) },
      { kind: 'nft', token: USDC, recipient: ACME, tokenId: 9n, amount: 1n },
    ],
    [
      'an ERC-1155 transfer',
      {
        to: USDC,
        value: 0n,
        data: encode('safeTransferFrom(address,address,uint256,uint256,bytes)', [SAFE, ACME, 9, 4, '0x']),
      },
      { kind: 'nft', tokenId: 9n, amount: 4n },
    ],
    [
      'an ERC-721 transfer of somebody else',
      { to: USDC, value: 0n, data: encode('safeTransferFrom(address,address,uint256)', [STRANGER, ACME, 9]) },
      { kind: 'call' },
    ],
    ['the empty transaction to the Safe', { to: SAFE, value: 0n }, { kind: 'rejection' }],
    ['coin to the Safe itself', { to: SAFE, value: 1n }, { kind: 'call', to: SAFE, value: 1n }],
    [
      'an unknown function of the Safe itself',
      { to: SAFE, value: 0n, data: '0xdeadbeef' },
      { kind: 'call', to: SAFE, selector: '0xdeadbeef' },
    ],
    [
      'a token function of the Safe itself',
      { to: SAFE, value: 0n, data: TRANSFER },
      { kind: 'call', to: SAFE, selector: '0xa9059cbb' },
    ],
    ['no coin and no data', { to: ACME, value: 0n }, { kind: 'call', to: ACME, value: 0n, selector: null }],
    ['three bytes of data', { to: ACME, value: 0n, data: '0xa9059c' }, { kind: 'call', selector: null }],
  ]
  it.each(table)('reads %s', (_what, changes, effect) => {
    expect(of(changes)).toMatchObject([{ where: 'call', ...effect }])
  })

  it.each(Object.entries(OWNER_MANAGEMENT))(
    'reads %s on the Safe itself as safe-admin, whatever follows the selector',
    (selector, name) => {
      fc.assert(
        fc.property(bytes, uint256, (rest, value) => {
          expect(of({ to: SAFE, value, data: `${selector}${rest.slice(2)}` as Hex })).toEqual([
            { where: 'call', kind: 'safe-admin', selector, name },
          ])
        }),
        { numRuns: 10 },
      )
    },
  )

  it.each([
    ['coin along with it', { to: USDC, value: 1n, data: TRANSFER }],
    ['a trailing byte', { to: USDC, value: 0n, data: `${TRANSFER}00` as Hex }],
    ['a dirty address word', { to: USDC, value: 0n, data: TRANSFER.replace('cbb0000', 'cbb0100') as Hex }],
    ['a byte missing', { to: USDC, value: 0n, data: TRANSFER.slice(0, -2) as Hex }],
  ] as const)('G1 does not take an ERC-20 transfer with %s for a transfer', (_what, changes) => {
    expect(of(changes)).toMatchObject([{ kind: 'call', to: USDC, selector: '0xa9059cbb', data: changes.data }])
  })

  it('gives one effect per token of an ERC-1155 batch, and a call where ids and amounts do not pair', () => {
    const batch = (ids: number[], amounts: number[]): Hex =>
      encode('safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)', [SAFE, ACME, ids, amounts, '0x'])
    expect(of({ to: USDC, value: 0n, data: batch([1, 2], [3, 4]) })).toMatchObject([
      { kind: 'nft', tokenId: 1n, amount: 3n },
      { kind: 'nft', tokenId: 2n, amount: 4n },
    ])
    expect(of({ to: USDC, value: 0n, data: batch([1, 2], [3]) })).toMatchObject([{ kind: 'call' }])
    expect(of({ to: USDC, value: 0n, data: batch([], []) })).toMatchObject([{ kind: 'call' }])
  })
})

describe('G1 when a plan is a delegatecall', () => {
  const calls = encodeMultiSend([
    { to: USDC, value: 0n, data: TRANSFER },
    { to: ACME, value: 2n, data: '0x' },
    { to: SAFE, value: 0n, data: '0x' },
  ])

  it('judges each call of a readable batch through the pinned library', () => {
    expect(of({ to: BATCH, value: 0n, operation: 1, data: calls })).toMatchObject([
      { where: 'batch[0]', kind: 'transfer', token: USDC, amount: 5n },
      { where: 'batch[1]', kind: 'transfer', token: null, amount: 2n },
      // Inside a batch this takes no nonce of its own, so it is no rejection.
      { where: 'batch[2]', kind: 'call', to: SAFE, selector: null },
    ])
  })

  const whole: readonly [string, Partial<SafeTx>][] = [
    ['another library', { to: STRANGER, data: calls }],
    ['the Bybit shape', { to: STRANGER, data: TRANSFER }],
    ['no data', { to: BATCH, data: '0x' }],
    ['another function of the library', { to: BATCH, data: '0xdeadbeef' }],
    ['an empty batch', { to: BATCH, data: rawBatch('') }],
    ['a short entry', { to: BATCH, data: rawBatch('00') }],
    ['a trailing byte', { to: BATCH, data: `${calls}00` as Hex }],
    ['an entry longer than the batch', { to: BATCH, data: rawBatch(entry(0, ACME, 1n, '0xabcd').slice(0, -2)) }],
    ['value, which a delegatecall does not move', { to: BATCH, data: calls, value: 1n }],
  ]
  it.each(whole)('G1 gives one delegatecall for %s', (_what, changes) => {
    const tx = { value: 0n, operation: 1 as const, ...changes }
    expect(of(tx)).toEqual([{ where: 'call', kind: 'delegatecall', to: tx.to, data: tx.data }])
  })

  it('G1 names a delegatecall inside a batch', () => {
    const data = rawBatch(entry(0, ACME, 1n, '0x') + entry(1, STRANGER, 0n, '0xdeadbeef'))
    expect(of({ to: BATCH, value: 0n, operation: 1, data })).toMatchObject([
      { kind: 'transfer' },
      { where: 'batch[1]', kind: 'delegatecall', to: STRANGER },
    ])
  })

  it('G1 reads the zero address in a batch as the Safe, which the 1.5.0 library calls there', () => {
    const data = rawBatch(
      entry(0, ZERO_ADDRESS, 0n, '0x694e80c30000000000000000000000000000000000000000000000000000000000000001') +
        entry(0, ZERO_ADDRESS, 4n, '0x'),
    )
    expect(of({ to: BATCH, value: 0n, operation: 1, data })).toMatchObject([
      { kind: 'safe-admin', name: 'changeThreshold' },
      { kind: 'transfer', recipient: ZERO_ADDRESS, amount: 4n },
    ])
  })

  it('takes a plain call of the library for a call', () => {
    expect(of({ to: BATCH, value: 0n, data: calls })).toMatchObject([
      { kind: 'call', to: BATCH, selector: '0x8d80ff0a' },
    ])
  })

  it('G1 leaves out nothing of any batch', () => {
    const call = fc.record({ to: address, value: uint256, data: bytes })
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 8 }), (list) => {
        const effects = of({ to: BATCH, value: 0n, operation: 1, data: encodeMultiSend(list) })
        expect(new Set(effects.map(({ where }) => where)).size).toBe(list.length)
        for (const effect of effects)
          if (effect.kind === 'call')
            expect(list).toContainEqual({ to: effect.to, value: effect.value, data: effect.data })
      }),
      { numRuns: runs },
    )
  })
})

describe('when refund fields are set', () => {
  it('counts the refund as a payment of its upper bound', () => {
    expect(of({ gasPrice: 2n, baseGas: 7n, gasToken: USDC, refundReceiver: STRANGER })).toMatchObject([
      { kind: 'transfer', recipient: ACME },
      { where: 'refund', kind: 'transfer', token: USDC, recipient: STRANGER, amount: 2_000_000_014n },
    ])
    expect(of({ to: SAFE, value: 0n, gasPrice: 1n })).toMatchObject([
      { kind: 'rejection' },
      { where: 'refund', token: null, recipient: ZERO_ADDRESS },
    ])
  })

  it('counts none where no price is set', () => {
    expect(of({ baseGas: 7n, gasToken: USDC, refundReceiver: STRANGER })).toHaveLength(1)
  })
})

describe('when a plan is a message', () => {
  const plan: Plan = { kind: 'safe-message', domain: planOf().domain, message: `0x${'ab'.repeat(32)}` }

  it('says what the message is about', () => {
    expect(
      effectsOf(plan, {
        ...context,
        message: { format: 'typed-data', primaryType: 'Permit', verifyingContract: USDC },
      }),
    ).toEqual([
      { where: 'message', kind: 'message', format: 'typed-data', primaryType: 'Permit', verifyingContract: USDC },
    ])
  })

  it('G1 refuses a hash alone', () => {
    expect(() => effectsOf(plan, context)).toThrowWithCode('OPAQUE_MESSAGE')
  })
})
