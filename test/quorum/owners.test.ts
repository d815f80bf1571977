import { describe, expect, it } from 'vitest'
import type { CustodyError } from '../../src/errors.ts'
import { collectOwnerSignature } from '../../src/quorum/owners.ts'
import type { Address } from '../../src/primitives/address.ts'
import { SECP256K1_N } from '../../src/primitives/ecdsa.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { alice, bob, carol, dave } from '../policy/fixture.ts'
import { word } from './fixture.ts'

const digest = word('e1')
const owners = [alice, bob, carol].map((who) => who.address as Address)
const sign = (who: typeof alice, over: Hex = digest): Hex => who.signingKey.sign(over).serialized as Hex
const ethSign = async (who: typeof alice): Promise<Hex> => {
  const signature = await who.signMessage(Buffer.from(digest.slice(2), 'hex'))
  return `${signature.slice(0, 130)}${signature.slice(130) === '1b' ? '1f' : '20'}` as Hex
}
const collect = (signature: Hex, changes: Partial<Parameters<typeof collectOwnerSignature>[0]> = {}) =>
  collectOwnerSignature({ digest, signature, state: { owners }, signed: [], ...changes })

describe('a signature at its collection', () => {
  it('by an owner is taken, over the digest (v 27/28) and over its EIP-191 hash (v 31/32)', async () => {
    expect(collect(sign(alice))).toMatchObject({ owner: alice.address, parsed: { kind: 'ecdsa' } })
    expect(collect(await ethSign(bob))).toMatchObject({ owner: bob.address, parsed: { kind: 'eth-sign' } })
  })

  it('G1 by nobody of the Safe is refused, and says whose it is', () => {
    try {
      collect(sign(dave), { claimed: alice.address as Address })
      expect.unreachable()
    } catch (error) {
      expect(error).toThrowWithCode('SIGNER_NOT_OWNER')
      expect((error as CustodyError).details).toEqual({ recovered: dave.address, claimed: alice.address })
    }
  })

  it('G1 by an owner over something else is refused, as in the Bybit theft', () => {
    expect(() => collect(sign(alice, word('e2')))).toThrowWithCode('SIGNER_NOT_OWNER')
  })

  it('by another owner than claimed is refused', () => {
    expect(() => collect(sign(bob), { claimed: alice.address as Address })).toThrowWithCode('SIGNER_NOT_OWNER')
  })

  it('by an owner who signed already is refused, also in another form and another case', async () => {
    const signed = [alice.address.toLowerCase() as Address]
    expect(() => collect(sign(alice), { signed })).toThrowWithCode('APPROVAL_DUPLICATE')
    const again = await ethSign(alice)
    expect(() => collect(again, { signed })).toThrowWithCode('APPROVAL_DUPLICATE')
    expect(collect(sign(bob), { signed }).owner).toBe(bob.address)
  })

  it('with a high s or an unknown v is refused, so that one act has one form', () => {
    const good = sign(alice)
    const s = (SECP256K1_N - BigInt(`0x${good.slice(66, 130)}`)).toString(16).padStart(64, '0')
    expect(() => collect(`${good.slice(0, 66)}${s}${good.slice(130) === '1b' ? '1c' : '1b'}` as Hex)).toThrowWithCode(
      'SIGNATURE_INVALID',
    )
    expect(() => collect(`${good.slice(0, 130)}1d` as Hex)).toThrowWithCode('SIGNATURE_INVALID')
  })
})
