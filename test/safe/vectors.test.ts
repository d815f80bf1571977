import { describe, expect, it } from 'vitest'
import { type Address, parseAddress, toChecksum } from '../../src/primitives/address.ts'
import { recoverAddress } from '../../src/primitives/ecdsa.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type { Json } from '../../src/primitives/json.ts'
import { textMessageHash, typedDataHash } from '../../src/safe/message.ts'
import { parseOwnerSignature } from '../../src/safe/signature.ts'
import standards from '../vectors/safe-standards.json' with { type: 'json' }

describe('published vectors', () => {
  it('EIP-712: the Mail example hashes and recovers as published', () => {
    const { document, digest, signature, signer } = standards.eip712
    expect(typedDataHash(document as Json)).toBe(digest)
    expect(parseOwnerSignature(digest as Hex, signature as Hex)).toEqual({
      owner: signer,
      parsed: { kind: 'ecdsa', owner: signer, signature },
    })
  })

  it('EIP-191: the hash of hello', () => {
    expect(textMessageHash(standards.eip191.text)).toBe(standards.eip191.digest)
  })

  it('EIP-155: the example hashes and recovers as published', () => {
    const { unsigned, signingHash, r, s, v, chainId, signer } = standards.eip155
    expect(keccak256(unsigned as Hex)).toBe(signingHash)
    const yParity = (v - 35 - 2 * chainId) as 0 | 1
    expect(recoverAddress(signingHash as Hex, { r: r as Hex, s: s as Hex, yParity })).toBe(signer)
  })

  it.each(standards.eip55.addresses)('EIP-55: %s', (address) => {
    expect(toChecksum(address.toLowerCase())).toBe(address)
    expect(parseAddress(address)).toBe(address)
    const wrong = address.replace(/[a-f]/, (letter) => letter.toUpperCase())
    expect(() => parseAddress(wrong)).toThrowWithCode('ADDRESS_CHECKSUM')
  })

  it.each(standards.eip2098.cases)(
    'EIP-2098: "$text" in compact form means the same as in full',
    ({ text, r, s, v, compact }) => {
      const digest = textMessageHash(text)
      const full = `${r}${s.slice(2)}${v.toString(16)}` as Hex
      const owner: Address = parseOwnerSignature(digest, full).owner
      expect(parseOwnerSignature(digest, compact as Hex, [owner])).toEqual(parseOwnerSignature(digest, full))
    },
  )
})
