import { byteLength, concatHex, type Hex } from '../primitives/hex.ts'

/** Recursive length prefix of whole byte strings and lists. @see Ethereum Yellow Paper, appendix B */
export function rlpBytes(bytes: Hex): Hex {
  const lower = bytes.toLowerCase() as Hex
  const length = byteLength(lower)
  if (length === 1 && Number(lower) < 0x80) return lower
  return concatHex(prefix(length, 0x80), lower)
}

/** A non-negative integer without leading zero bytes; zero is the empty string. */
export function rlpInteger(value: bigint): Hex {
  if (value === 0n) return rlpBytes('0x')
  const digits = value.toString(16)
  return rlpBytes(`0x${digits.length % 2 === 0 ? '' : '0'}${digits}`)
}

/** `items` are encoded already. */
export function rlpList(...items: readonly Hex[]): Hex {
  const body = concatHex(...items)
  return concatHex(prefix(byteLength(body), 0xc0), body)
}

function prefix(length: number, offset: number): Hex {
  if (length <= 55) return byte(offset + length)
  const digits = length.toString(16)
  const size: Hex = `0x${digits.length % 2 === 0 ? '' : '0'}${digits}`
  return concatHex(byte(offset + 55 + byteLength(size)), size)
}

function byte(value: number): Hex {
  return `0x${value.toString(16).padStart(2, '0')}`
}
