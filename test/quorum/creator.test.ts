import { describe, expect, it } from 'vitest'
import { hashTypedData } from 'viem'
import type { Address } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { requestDigestToSign, verifyCreator } from '../../src/quorum/creator.ts'
import { alice, bob } from '../policy/fixture.ts'
import { word } from './fixture.ts'

const statement = { chainId: 31337, requestDigest: word('d1') }
const sign = (who: typeof alice, digest: Hex): Hex => who.signingKey.sign(digest).serialized as Hex

describe('what a creator signs', () => {
  it('is the EIP-712 digest that another implementation computes', () => {
    const other = hashTypedData({
      domain: { name: 'Coffer', version: '1', chainId: 31337n },
      types: { Request: [{ name: 'requestDigest', type: 'bytes32' }] },
      primaryType: 'Request',
      message: { requestDigest: statement.requestDigest },
    })
    expect(requestDigestToSign(statement)).toBe(other)
  })

  it('passes when it is by the creator over this request', () => {
    const signature = sign(alice, requestDigestToSign(statement))
    expect(() => verifyCreator(statement, alice.address as Address, signature)).not.toThrow()
  })

  it('G2 is refused when it is by somebody else, or over another request', () => {
    const foreign = sign(bob, requestDigestToSign(statement))
    expect(() => verifyCreator(statement, alice.address as Address, foreign)).toThrowWithCode('SIGNATURE_INVALID')
    const other = sign(alice, requestDigestToSign({ ...statement, requestDigest: word('d2') }))
    expect(() => verifyCreator(statement, alice.address as Address, other)).toThrowWithCode('SIGNATURE_INVALID')
  })
})
