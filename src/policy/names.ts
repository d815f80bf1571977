import { type Address, sameAddress } from '../primitives/address.ts'
import type { Asset, BookEntry, Policy } from './policy.ts'

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

/** The policy's entry for a token on a chain; `token` null is the native coin. Null when the policy does not list it. */
export function assetOf(policy: Policy, token: Address | null, chainId: number): Asset | null {
  return (
    policy.assets.find(
      (asset) =>
        asset.chainId === chainId &&
        (asset.token === null ? token === null : token !== null && sameAddress(asset.token, token)),
    ) ?? null
  )
}

/** The principal that holds the key of an address, or null. */
export function principalOf(policy: Policy, address: Address): string | null {
  for (const [name, held] of policy.principals) if (sameAddress(held, address)) return name
  return null
}
