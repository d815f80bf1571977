import { CustodyError, excerpt } from '../errors.ts'

/** `0x` and an even number of lower-case hexadecimal digits. */
export type Hex = `0x${string}`

/** Reads untrusted text as bytes. @throws HEX_INVALID when not `0x` and whole bytes, or not `length` bytes. */
export function parseHex(text: unknown, what = 'value', length?: number): Hex {
  if (typeof text !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) {
    throw new CustodyError('HEX_INVALID', `Expected ${what} as 0x and whole bytes, got "${excerpt(String(text))}".`)
  }
  const bytes = (text.length - 2) / 2
  if (length !== undefined && bytes !== length) {
    throw new CustodyError('HEX_INVALID', `Expected ${what} of ${length} bytes, got ${bytes}.`)
  }
  return text.toLowerCase() as Hex
}

export function hexToBytes(hex: Hex): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'))
}

export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}

export function concatHex(...parts: readonly Hex[]): Hex {
  return `0x${parts.map((part) => part.slice(2)).join('')}`
}

/** A non-negative integer as one 32-byte word. */
export function uintWord(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}

/** An address left-padded to one 32-byte word. */
export function addressWord(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`
}

export function byteLength(hex: Hex): number {
  return (hex.length - 2) / 2
}
