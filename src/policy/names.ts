import { CustodyError, excerpt } from '../errors.ts'
import { type Address, parseAddress, sameAddress } from '../primitives/address.ts'
import type { Asset, BookEntry, Policy } from './policy.ts'

/**
 * The address that a name of the address book, or an address, stands for on a chain. `name` is the name in
 * the book, also when the address was given.
 * @throws ADDRESS_UNKNOWN, ADDRESS_INVALID, ADDRESS_CHECKSUM
 */
export function resolveRecipient(policy: Policy, text: string, chainId: number): { readonly address: Address; readonly name: string | null } {
  if (/^0x/i.test(text)) {
    const address = parseAddress(text, 'recipient')
    return { address, name: bookName(policy, address, chainId) }
  }
  const entry = policy.addressBook.find(({ name }) => name === text)
  if (entry === undefined) throw new CustodyError('ADDRESS_UNKNOWN', `Expected a name of the address book or an address, got "${excerpt(text)}".`)
  if (entry.chainId !== null && entry.chainId !== chainId) {
    throw new CustodyError('ADDRESS_UNKNOWN', `The address book has "${excerpt(text)}" for chain ${entry.chainId} only, not for chain ${chainId}.`)
  }
  return { address: entry.address, name: text }
}

/** The entries of the address book that hold on a chain. */
export function bookOn(policy: Policy, chainId: number): readonly BookEntry[] {
  return policy.addressBook.filter((entry) => entry.chainId === null || entry.chainId === chainId)
}

/** The name of an address in the book for a chain; the alphabetically first where it has several. */
export function bookName(policy: Policy, address: Address, chainId: number): string | null {
  let found: string | null = null
  for (const { name, address: listed } of bookOn(policy, chainId)) {
    if (!sameAddress(listed, address)) continue
    if (found === null || name < found) found = name
  }
  return found
}

/** The policy's asset of a symbol, written exactly so. @throws ASSET_UNKNOWN */
export function resolveAsset(policy: Policy, symbol: string, chainId: number): Asset {
  const asset = policy.assets.find((candidate) => candidate.symbol === symbol && candidate.chainId === chainId)
  if (asset !== undefined) return asset
  const known = policy.assets.filter((candidate) => candidate.chainId === chainId).map((candidate) => candidate.symbol).sort()
  throw new CustodyError(
    'ASSET_UNKNOWN',
    `Expected an asset of the policy on chain ${chainId} (${known.length === 0 ? 'it has none' : known.join(', ')}), got "${excerpt(symbol)}".`,
  )
}

/** The policy's entry for a token on a chain; `token` null is the native coin. Null when the policy does not list it. */
export function assetOf(policy: Policy, token: Address | null, chainId: number): Asset | null {
  return policy.assets.find((asset) => asset.chainId === chainId
    && (asset.token === null ? token === null : token !== null && sameAddress(asset.token, token))) ?? null
}

/** The principal that holds the key of an address, or null. */
export function principalOf(policy: Policy, address: Address): string | null {
  for (const [name, held] of policy.principals) if (sameAddress(held, address)) return name
  return null
}
