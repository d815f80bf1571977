import { secp256k1 } from '@noble/curves/secp256k1.js'
import { Signature, verifyMessage } from 'ethers'
import fc from 'fast-check'
import { serializeCompactSignature } from 'viem'
import { privateKeyToAccount, sign } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { SECP256K1_N } from '../../src/primitives/ecdsa.ts'
import { addressWord, concatHex, type Hex, hexToBytes, uintWord } from '../../src/primitives/hex.ts'
import { ethSignDigest, fromEcdsa, parseOwnerSignature } from '../../src/safe/signature.ts'
import { bytesOf, privateKey, SLOW_RUNS } from './arbitraries.ts'

const KEY: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
const account = privateKeyToAccount(KEY)
const digest: Hex = `0x${'ab'.repeat(32)}`
const made = await sign({ hash: digest, privateKey: KEY })
const good = concatHex(made.r, made.s, made.yParity === 1 ? '0x1c' : '0x1b')
const withV = (v: number): Hex => `0x${good.slice(2, 130)}${v.toString(16).padStart(2, '0')}`
const highS = uintWord(SECP256K1_N - BigInt(made.s))

describe('random keys and digests', () => {
  it('v 27/28: recovers the signer that viem signed with', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytesOf(32), async (key, hash) => {
        const { address } = privateKeyToAccount(key)
        const signature = await sign({ hash, privateKey: key, to: 'hex' })
        expect(parseOwnerSignature(hash, signature)).toEqual({
          owner: address,
          parsed: { kind: 'ecdsa', owner: address, signature },
        })
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('v 31/32: recovers the signer of a personal message, as ethers does', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytesOf(32), async (key, hash) => {
        const signer = privateKeyToAccount(key)
        const personal = await signer.signMessage({ message: { raw: hash } })
        const adjusted = `${personal.slice(0, 130)}${(parseInt(personal.slice(130), 16) + 4).toString(16)}` as Hex
        expect(verifyMessage(hexToBytes(hash), personal)).toBe(signer.address)
        expect(parseOwnerSignature(hash, adjusted)).toEqual({
          owner: signer.address,
          parsed: { kind: 'eth-sign', owner: signer.address, signature: adjusted },
        })
        // Unadjusted it recovers to a stranger; only the known owner tells what it is.
        expect(parseOwnerSignature(hash, personal).owner).not.toBe(signer.address)
        expect(parseOwnerSignature(hash, personal, [signer.address]).parsed).toEqual({
          kind: 'eth-sign',
          owner: signer.address,
          signature: adjusted,
        })
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('a parity of 0 or 1 comes out as 27 or 28, never as it came in', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytesOf(32), async (key, hash) => {
        const { address } = privateKeyToAccount(key)
        const full = await sign({ hash, privateKey: key, to: 'hex' })
        const bare = `${full.slice(0, 130)}0${parseInt(full.slice(130), 16) - 27}` as Hex
        expect(parseOwnerSignature(hash, bare)).toEqual({
          owner: address,
          parsed: { kind: 'ecdsa', owner: address, signature: full },
        })
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('64 bytes, compact or bare, are read only with a known owner that one reading fits', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytesOf(32), async (key, hash) => {
        const { address } = privateKeyToAccount(key)
        const parts = await sign({ hash, privateKey: key })
        const full = fromEcdsa({ r: parts.r, s: parts.s, yParity: parts.yParity as 0 | 1 })
        const compact = serializeCompactSignature({ r: parts.r, yParityAndS: Signature.from(full).yParityAndS as Hex })
        const raw = concatHex(parts.r, parts.s)
        for (const form of [compact, raw]) {
          expect(() => parseOwnerSignature(hash, form)).toThrowWithCode('SIGNATURE_INVALID')
          expect(() => parseOwnerSignature(hash, form, [account.address])).toThrowWithCode('SIGNATURE_INVALID')
          expect(parseOwnerSignature(hash, form, [account.address, address])).toEqual({
            owner: address,
            parsed: { kind: 'ecdsa', owner: address, signature: full },
          })
        }
      }),
      { numRuns: SLOW_RUNS },
    )
  })
})

describe('a signature of another form', () => {
  it.each([
    ['no bytes', '0x'],
    ['63 bytes', good.slice(0, 128)],
    ['66 bytes', `${good}00`],
    ['half a byte', `${good}0`],
    ['no 0x', good.slice(2)],
    ['no hexadecimal', `0x${'zz'.repeat(65)}`],
    ['a number', 7],
    ['nothing', null],
    ['two signatures', `${good}${good.slice(2)}`],
    ['v 2', withV(2)],
    ['v 26', withV(26)],
    ['v 29', withV(29)],
    ['v 30', withV(30)],
    ['v 33', withV(33)],
    ['v 37, of EIP-155', withV(37)],
    ['v 255', withV(255)],
    ['r 0', concatHex(uintWord(0n), made.s, '0x1b')],
    ['s 0', concatHex(made.r, uintWord(0n), '0x1b')],
    ['r of the order', concatHex(uintWord(SECP256K1_N), made.s, '0x1b')],
    ['s of the order', concatHex(made.r, uintWord(SECP256K1_N), '0x1b')],
    ['a high s', concatHex(made.r, highS, made.yParity === 1 ? '0x1b' : '0x1c')],
    ['64 bytes with a high s', concatHex(made.r, highS)],
  ])('is refused: %s', (_, signature) => {
    expect(() => parseOwnerSignature(digest, signature as Hex)).toThrowWithCode('SIGNATURE_INVALID')
  })

  it('the high s that is refused would have recovered to the same owner, so the refusal is what stops it', () => {
    const other = concatHex(made.r, highS, made.yParity === 1 ? '0x1b' : '0x1c')
    const point = secp256k1.Signature.fromBytes(hexToBytes(`0x${other.slice(2, 130)}`), 'compact')
      .addRecoveryBit(made.yParity === 1 ? 0 : 1)
      .recoverPublicKey(hexToBytes(digest))
    expect(point.toBytes(false)).toEqual(secp256k1.getPublicKey(hexToBytes(KEY), false))
  })

  it('G1 a contract or approved-hash slot of a Safe is never taken for a parity', () => {
    for (const v of ['0x00', '0x01'] as const) {
      for (const s of [0n, 65n, 130n]) {
        const slot = concatHex(addressWord(account.address), uintWord(s), v)
        expect(() => parseOwnerSignature(digest, slot)).toThrowWithCode('SIGNATURE_INVALID')
        expect(() => parseOwnerSignature(digest, slot, [account.address])).toThrowWithCode('SIGNATURE_INVALID')
      }
    }
  })

  it('is refused when no curve point has that r', () => {
    // r = 5 is no x coordinate of the curve.
    expect(() => parseOwnerSignature(digest, concatHex(uintWord(5n), made.s, '0x1b'))).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
  })

  it('refuses a digest that is not 32 bytes', () => {
    expect(() => parseOwnerSignature('0x1234', good)).toThrowWithCode('HEX_INVALID')
    expect(() => ethSignDigest('0x')).toThrowWithCode('HEX_INVALID')
  })
})

describe('64 bytes with a high s, as an HSM may give them', () => {
  it('are refused with a known owner too, and never taken for a stranger’s compact signature', () => {
    expect(() => parseOwnerSignature(digest, concatHex(made.r, highS), [account.address])).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
  })
})

describe('a good signature', () => {
  it('by a stranger is named as the stranger’s, so that the caller can raise the alarm', () => {
    expect(parseOwnerSignature(digest, good, ['0x70997970C51812dc3A010C7d01b50e0d17dc79C9']).owner).toBe(
      account.address,
    )
  })

  it('in upper case is read as in lower case', () => {
    expect(parseOwnerSignature(digest, `0x${good.slice(2).toUpperCase()}`)).toEqual(parseOwnerSignature(digest, good))
  })

  it('from r, s and parity has v 27 or 28', () => {
    expect(fromEcdsa({ r: made.r, s: made.s, yParity: 0 }).slice(130)).toBe('1b')
    expect(fromEcdsa({ r: made.r, s: made.s, yParity: 1 }).slice(130)).toBe('1c')
    expect(() => fromEcdsa({ r: made.r, s: highS, yParity: 0 })).toThrowWithCode('SIGNATURE_INVALID')
    expect(() => fromEcdsa({ r: made.r, s: made.s, yParity: 27 as 0 })).toThrowWithCode('SIGNATURE_INVALID')
    expect(() => fromEcdsa({ r: '0x12', s: made.s, yParity: 0 })).toThrowWithCode('SIGNATURE_INVALID')
  })
})
