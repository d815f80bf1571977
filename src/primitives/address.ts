import { CustodyError, excerpt } from '../errors.ts'
import { keccak256Text } from './hash.ts'
import type { Hex } from './hex.ts'

/** A 20-byte account address with its EIP-55 checksum. Compare with `sameAddress` or after `toChecksum`. */
export type Address = Hex

export const ZERO_ADDRESS: Address = '0x0000000000000000000000000000000000000000'

/** The EIP-55 form of an address. @see EIP-55 */
export function toChecksum(address: string): Address {
  const lower = address.slice(2).toLowerCase()
  const hash = keccak256Text(lower)
  let out = '0x'
  for (let i = 0; i < 40; i++) {
    const char = lower[i] as string
    out += parseInt(hash[i + 2] as string, 16) >= 8 ? char.toUpperCase() : char
  }
  return out as Address
}

/**
 * Reads untrusted text as an address. All-lower-case and all-upper-case are accepted; mixed case must
 * carry a right EIP-55 checksum.
 * @throws ADDRESS_INVALID when not 20 bytes; ADDRESS_CHECKSUM when the checksum is wrong
 */
export function parseAddress(text: unknown, what = 'address'): Address {
  if (typeof text !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new CustodyError(
      'ADDRESS_INVALID',
      `Expected ${what} as 0x and 40 hexadecimal digits, got "${excerpt(String(text))}".`,
    )
  }
  const checksummed = toChecksum(text)
  const digits = text.slice(2)
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!oneCase && text !== checksummed) {
    throw new CustodyError('ADDRESS_CHECKSUM', `The EIP-55 checksum of ${what} ${text} is wrong.`)
  }
  return checksummed
}

export function isAddress(text: unknown): boolean {
  try {
    parseAddress(text)
    return true
  } catch {
    return false
  }
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Ascending by numeric value, the order Safe demands of signatures. */
export function compareAddress(a: string, b: string): number {
  const left = a.toLowerCase()
  const right = b.toLowerCase()
  return left < right ? -1 : left > right ? 1 : 0
}
