import { createHash } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, type Hex, hexToBytes } from './hex.ts'

/** Keccak-256 as Ethereum uses it (not SHA3-256). */
export function keccak256(data: Hex | Uint8Array): Hex {
  return bytesToHex(keccak_256(typeof data === 'string' ? hexToBytes(data) : data))
}

export function keccak256Text(text: string): Hex {
  return bytesToHex(keccak_256(new TextEncoder().encode(text)))
}

/** SHA-256 of UTF-8 text or bytes; what `sha256sum` prints for the same file. */
export function sha256(data: string | Uint8Array): Hex {
  return `0x${createHash('sha256').update(data).digest('hex')}`
}
