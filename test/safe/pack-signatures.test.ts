import { buildSignatureBytes, EthSafeSignature } from '@safe-global/protocol-kit'
import fc from 'fast-check'
import { sign } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { type Address, compareAddress, sameAddress } from '../../src/primitives/address.ts'
import { byteLength, concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { packSignatures, recoverSlots, unpackSignatures } from '../../src/safe/pack-signatures.ts'
import { ethSignDigest, type OwnerSignature, parseOwnerSignature } from '../../src/safe/signature.ts'
import { address, bytes, bytesOf, privateKey, SLOW_RUNS } from './arbitraries.ts'

const digest: Hex = `0x${'cd'.repeat(32)}`
const A: Address = '0x1111111111111111111111111111111111111111'
const B: Address = '0x2222222222222222222222222222222222222222'

type Recipe =
  | { readonly kind: 'ecdsa' | 'eth-sign'; readonly key: Hex }
  | { readonly kind: 'approved-hash'; readonly owner: Address }
  | { readonly kind: 'contract'; readonly owner: Address; readonly data: Hex }
const recipe: fc.Arbitrary<Recipe> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ecdsa' as const, 'eth-sign' as const), key: privateKey }),
  fc.record({ kind: fc.constant('approved-hash' as const), owner: address }),
  fc.record({ kind: fc.constant('contract' as const), owner: address, data: bytes(300) }),
)

async function make(made: Recipe, hash: Hex): Promise<OwnerSignature> {
  if (made.kind === 'approved-hash' || made.kind === 'contract') return made
  const signature = await sign({
    hash: made.kind === 'ecdsa' ? hash : ethSignDigest(hash),
    privateKey: made.key,
    to: 'hex',
  })
  const v = parseInt(signature.slice(130), 16) + (made.kind === 'ecdsa' ? 0 : 4)
  return parseOwnerSignature(hash, `${signature.slice(0, 130)}${v.toString(16)}` as Hex).parsed
}

describe('random owner sets of every kind', () => {
  it('unpack to what was packed, sorted, whatever the order they came in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(recipe, { minLength: 1, maxLength: 8 }), bytesOf(32), async (recipes, hash) => {
        const signatures = await Promise.all(recipes.map((one) => make(one, hash)))
        fc.pre(new Set(signatures.map(({ owner }) => owner)).size === signatures.length)
        const packed = packSignatures(signatures)
        expect(packSignatures([...signatures].reverse())).toBe(packed)
        const sorted = [...signatures].sort((a, b) => compareAddress(a.owner, b.owner))
        expect(recoverSlots(hash, unpackSignatures(packed, signatures.length))).toEqual(sorted)
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('pack to the bytes of protocol-kit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(recipe, { minLength: 1, maxLength: 6 }), async (recipes) => {
        const signatures = await Promise.all(recipes.map((one) => make(one, digest)))
        fc.pre(new Set(signatures.map(({ owner }) => owner)).size === signatures.length)
        const theirs = signatures.map((one) => {
          if (one.kind === 'contract') return new EthSafeSignature(one.owner, one.data, true)
          if (one.kind === 'approved-hash')
            return new EthSafeSignature(
              one.owner,
              concatHex(`0x${one.owner.slice(2).padStart(64, '0')}`, uintWord(0n), '0x01').toLowerCase(),
            )
          return new EthSafeSignature(one.owner, one.signature)
        })
        expect(packSignatures(signatures)).toBe(buildSignatureBytes(theirs).toLowerCase())
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('never read back when a byte is cut off or added', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(recipe, { minLength: 1, maxLength: 4 }), async (recipes) => {
        const signatures = await Promise.all(recipes.map((one) => make(one, digest)))
        fc.pre(new Set(signatures.map(({ owner }) => owner)).size === signatures.length)
        const packed = packSignatures(signatures)
        expect(() => unpackSignatures(packed.slice(0, -2) as Hex, signatures.length)).toThrowWithCode(
          'SIGNATURE_INVALID',
        )
        expect(() => unpackSignatures(`${packed}00`, signatures.length)).toThrowWithCode('SIGNATURE_INVALID')
      }),
      { numRuns: SLOW_RUNS },
    )
  })
})

describe('contract data', () => {
  it('starts right after the last slot, each tail with its length before it', () => {
    const packed = packSignatures([
      { kind: 'contract', owner: B, data: '0xbbbbbb' },
      { kind: 'contract', owner: A, data: '0xaa' },
    ])
    expect(packed).toBe(
      concatHex(
        `0x${A.slice(2).padStart(64, '0')}`,
        uintWord(130n),
        '0x00',
        `0x${B.slice(2).padStart(64, '0')}`,
        uintWord(163n),
        '0x00',
        uintWord(1n),
        '0xaa',
        uintWord(3n),
        '0xbbbbbb',
      ),
    )
  })

  it('may be empty, which asks the owner Safe for a message signed on chain', () => {
    const packed = packSignatures([{ kind: 'contract', owner: A, data: '0x' }])
    expect(byteLength(packed)).toBe(97)
    expect(unpackSignatures(packed, 1)).toEqual([{ kind: 'contract', owner: A, data: '0x' }])
  })

  it.each([
    ['pointing into the slots', 0n],
    ['pointing one byte early', 64n],
    ['pointing one byte late', 66n],
    ['pointing past the end', 1n << 255n],
  ])('is refused when %s', (_, offset) => {
    const packed = packSignatures([{ kind: 'contract', owner: A, data: '0xaabb' }])
    const moved = concatHex(packed.slice(0, 66) as Hex, uintWord(offset), `0x${packed.slice(130)}`)
    expect(() => unpackSignatures(moved, 1)).toThrowWithCode('SIGNATURE_INVALID')
  })

  it('is refused when its length goes past the end', () => {
    const slot = concatHex(`0x${A.slice(2).padStart(64, '0')}`, uintWord(65n), '0x00')
    for (const length of [3n, 1n << 64n, (1n << 256n) - 1n]) {
      expect(() => unpackSignatures(concatHex(slot, uintWord(length), '0xaabb'), 1)).toThrowWithCode(
        'SIGNATURE_INVALID',
      )
    }
  })
})

describe('what a Safe would read otherwise', () => {
  const valid: OwnerSignature = { kind: 'ecdsa', owner: A, signature: `0x${'11'.repeat(64)}1b` }

  it('refuses the same owner twice, in any case and of any kind', () => {
    for (const twin of [
      valid,
      { kind: 'approved-hash', owner: A },
      { kind: 'contract', owner: A, data: '0x' },
    ] as const) {
      expect(() => packSignatures([valid, twin])).toThrowWithCode('APPROVAL_DUPLICATE')
    }
    const owner: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
    expect(sameAddress(owner, owner.toLowerCase())).toBe(true)
    expect(() =>
      packSignatures([
        { kind: 'approved-hash', owner },
        { kind: 'approved-hash', owner: owner.toLowerCase() as Hex },
      ]),
    ).toThrowWithCode('APPROVAL_DUPLICATE')
  })

  it('refuses v 0 and 1 in an ECDSA slot, v of the other kind, a high s and wrong lengths', () => {
    const odd =
      (signature: string, kind: 'ecdsa' | 'eth-sign' = 'ecdsa') =>
      () =>
        packSignatures([{ kind, owner: A, signature: signature as Hex }])
    const body = `0x${'11'.repeat(64)}`
    for (const v of ['00', '01', '02', '1a', '1d', '1f', '20'])
      expect(odd(body + v)).toThrowWithCode('SIGNATURE_INVALID')
    for (const v of ['00', '1b', '1c', '21']) expect(odd(body + v, 'eth-sign')).toThrowWithCode('SIGNATURE_INVALID')
    expect(odd(`0x${'11'.repeat(32)}${'ee'.repeat(32)}1b`)).toThrowWithCode('SIGNATURE_INVALID')
    expect(odd(body)).toThrowWithCode('SIGNATURE_INVALID')
    expect(odd(`${body}1b00`)).toThrowWithCode('SIGNATURE_INVALID')
  })

  it('refuses a malformed owner', () => {
    expect(() => packSignatures([{ kind: 'approved-hash', owner: '0x12' }])).toThrowWithCode('ADDRESS_INVALID')
  })

  it.each([2, 26, 29, 30, 33, 255])('refuses to unpack v %i', (v) => {
    expect(() => unpackSignatures(`0x${'11'.repeat(64)}${v.toString(16).padStart(2, '0')}`, 1)).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
  })

  it('refuses to unpack an owner word with dirt above the address', () => {
    expect(() =>
      unpackSignatures(concatHex(`0x01${A.slice(2).padStart(62, '0')}`, uintWord(0n), '0x01'), 1),
    ).toThrowWithCode('SIGNATURE_INVALID')
  })

  it.each([0, -1, 1.5, NaN, 1e9])('refuses a count of %s', (count) => {
    expect(() => unpackSignatures('0x', count)).toThrowWithCode('SIGNATURE_INVALID')
  })

  it('refuses slots that are not strictly ascending', () => {
    const slot = (owner: Address): Hex => concatHex(`0x${owner.slice(2).padStart(64, '0')}`, uintWord(0n), '0x01')
    expect(recoverSlots(digest, unpackSignatures(concatHex(slot(A), slot(B)), 2))).toHaveLength(2)
    expect(() => recoverSlots(digest, unpackSignatures(concatHex(slot(B), slot(A)), 2))).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
    expect(() => recoverSlots(digest, unpackSignatures(concatHex(slot(A), slot(A)), 2))).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
  })
})
