import { describe, expect, it } from 'vitest'
import { assetOf, bookName, bookOn, principalOf, resolveAsset, resolveRecipient } from '../../src/policy/names.ts'
import { ACME, alice, BOLT, CHAIN, DAI, HEAD, policyOf, STRANGER, USDC } from './fixture.ts'

const policy = policyOf([], { addressBook: { 'acme-supplies': ACME, abroad: { address: BOLT, chainId: 1 }, aardvark: ACME } })

describe('a recipient', () => {
  it('by name is the address of the book', () => {
    expect(resolveRecipient(policy, 'acme-supplies', CHAIN)).toEqual({ address: ACME, name: 'acme-supplies' })
  })
  it('by address in any case gets its checksum and its name', () => {
    expect(resolveRecipient(policy, ACME.toLowerCase(), CHAIN)).toEqual({ address: ACME, name: 'aardvark' })
    expect(resolveRecipient(policy, STRANGER, CHAIN)).toEqual({ address: STRANGER, name: null })
  })
  it.each([['an unknown name', 'nobody'], ['a name of another chain', 'abroad'], ['a property of every object', 'constructor'], ['nothing', '']])('that is %s is refused', (_situation, text) => {
    expect(() => resolveRecipient(policy, text, CHAIN)).toThrowWithCode('ADDRESS_UNKNOWN')
  })
  it('that is half an address, or has a wrong checksum, is refused', () => {
    expect(() => resolveRecipient(policy, '0x1234', CHAIN)).toThrowWithCode('ADDRESS_INVALID')
    expect(() => resolveRecipient(policy, `0x${'aB'.repeat(20)}`, CHAIN)).toThrowWithCode('ADDRESS_CHECKSUM')
  })
})

describe('the address book on a chain', () => {
  it('leaves out the entries of other chains', () => {
    expect(bookOn(policy, CHAIN).map(({ name }) => name)).toEqual(['acme-supplies', 'aardvark'])
    expect(bookName(policy, BOLT, CHAIN)).toBeNull()
    expect(bookName(policy, BOLT, 1)).toBe('abroad')
  })
})

describe('an asset', () => {
  it('is found by the exact symbol on the chain', () => {
    expect(resolveAsset(policy, 'USDC', CHAIN)).toEqual(HEAD.assets[0])
    expect(resolveAsset(policy, 'ETH', CHAIN).token).toBeNull()
  })
  it.each([['another case', 'usdc', CHAIN], ['another chain', 'USDC', 1], ['a symbol nobody listed', 'USDT', CHAIN]])('of %s is refused', (_situation, symbol, chainId) => {
    expect(() => resolveAsset(policy, symbol, chainId)).toThrowWithCode('ASSET_UNKNOWN')
  })
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
