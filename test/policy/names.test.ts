import { describe, expect, it } from 'vitest'
import { assetOf, bookName, bookOn, principalOf } from '../../src/policy/names.ts'
import { ACME, alice, BOLT, CHAIN, DAI, policyOf, STRANGER, USDC } from './fixture.ts'

const policy = policyOf([], {
  addressBook: { 'acme-supplies': ACME, abroad: { address: BOLT, chainId: 1 }, aardvark: ACME },
})

describe('the address book on a chain', () => {
  it('leaves out the entries of other chains', () => {
    expect(bookOn(policy, CHAIN).map(({ name }) => name)).toEqual(['acme-supplies', 'aardvark'])
    expect(bookName(policy, BOLT, CHAIN)).toBeNull()
    expect(bookName(policy, BOLT, 1)).toBe('abroad')
  })
})

describe('an asset', () => {
  it('is found by its token, and the native coin by null', () => {
    expect(assetOf(policy, DAI.toLowerCase() as typeof DAI, CHAIN)?.symbol).toBe('DAI')
    expect(assetOf(policy, null, CHAIN)?.symbol).toBe('ETH')
    expect(assetOf(policy, USDC, 1)).toBeNull()
  })
})

describe('a principal', () => {
  it('is who holds the key', () => {
    expect(principalOf(policy, alice.address.toLowerCase() as typeof ACME)).toBe('alice')
    expect(principalOf(policy, STRANGER)).toBeNull()
  })
})
