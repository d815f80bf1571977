import { secp256k1 } from '@noble/curves/secp256k1.js'
import { SigningKey } from 'ethers'
import * as fc from 'fast-check'
import pkcs11js from 'pkcs11js'
import { describe, expect, it } from 'vitest'
import * as cryptoki from '../../../src/sign/pkcs11/cryptoki.ts'
import { decodeEcPoint } from '../../../src/sign/pkcs11/ec-point.ts'

const runs = Math.min(Number(process.env['FC_NUM_RUNS'] ?? 50), 10_000)

describe('when a token tells its public key', () => {
  it('reads all five forms of CKA_EC_POINT as the point that ethers computes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => secp256k1.utils.isValidSecretKey(key)),
        (key) => {
          const expected = new SigningKey(key).publicKey
          const full = Buffer.from(expected.slice(2), 'hex')
          const short = Buffer.from(SigningKey.computePublicKey(expected, true).slice(2), 'hex')
          const forms = [
            full,
            Buffer.concat([Buffer.of(4, 65), full]),
            full.subarray(1),
            short,
            Buffer.concat([Buffer.of(4, 33), short]),
          ]
          expect(forms.map((form) => form.length)).toEqual([65, 67, 64, 33, 35])
          for (const form of forms) expect(decodeEcPoint(form)).toBe(expected)
        },
      ),
      { numRuns: runs },
    )
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a point off the curve', Buffer.concat([Buffer.of(4), Buffer.alloc(63), Buffer.of(1)])],
    ['the point at infinity', Buffer.of(0)],
    ['66 bytes', Buffer.alloc(66, 4)],
    [
      '67 bytes that are no OCTET STRING',
      Buffer.concat([Buffer.of(3, 65), Buffer.from(new SigningKey(`0x${'11'.repeat(32)}`).publicKey.slice(2), 'hex')]),
    ],
    [
      '67 bytes of another inner length',
      Buffer.concat([Buffer.of(4, 64), Buffer.from(new SigningKey(`0x${'11'.repeat(32)}`).publicKey.slice(2), 'hex')]),
    ],
    [
      'a point of P-256',
      Buffer.from(
        '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
        'hex',
      ),
    ],
  ])('refuses %s with TOKEN_KEY', (_, value) => {
    expect(() => decodeEcPoint(value)).toThrowWithCode('TOKEN_KEY')
  })
})

describe('when the numbers of PKCS#11 are compared with pkcs11js', () => {
  // pkcs11js does not export the session states; that a login is recognised shows those.
  const ours = Object.entries(cryptoki as Record<string, unknown>).filter(
    ([name, value]) => typeof value === 'number' && !name.startsWith('CKS_'),
  )

  it('all are equal', () => {
    expect(ours.length).toBeGreaterThan(30)
    for (const [name, value] of ours)
      expect([name, value]).toEqual([name, (pkcs11js as unknown as Record<string, number>)[name]])
  })
})
