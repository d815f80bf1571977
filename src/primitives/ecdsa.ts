import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Address, toChecksum } from './address.ts'
import { keccak256 } from './hash.ts'
import { bytesToHex, type Hex, hexToBytes } from './hex.ts'

export const SECP256K1_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
export const SECP256K1_HALF_N = SECP256K1_N >> 1n

/** r and s as 32-byte words, `yParity` 0 or 1. */
export interface EcdsaSignature {
  readonly r: Hex
  readonly s: Hex
  readonly yParity: 0 | 1
}

/** Whether s is in the lower half of the order, as EIP-2 and Coffer demand. */
export function isLowS(s: Hex): boolean {
  const value = BigInt(s)
  return value > 0n && value <= SECP256K1_HALF_N
}

/** The address of a 64- or 65-byte uncompressed public key. */
export function publicKeyToAddress(publicKey: Hex): Address {
  const body: Hex = publicKey.length === 2 + 130 ? `0x${publicKey.slice(4)}` : publicKey
  return toChecksum(`0x${keccak256(body).slice(-40)}`)
}

/** The address whose key made the signature over `digest` (32 bytes), or null when there is none. */
export function recoverAddress(digest: Hex, signature: EcdsaSignature): Address | null {
  try {
    const point = new secp256k1.Signature(BigInt(signature.r), BigInt(signature.s))
      .addRecoveryBit(signature.yParity)
      .recoverPublicKey(hexToBytes(digest))
    return publicKeyToAddress(bytesToHex(point.toBytes(false)))
  } catch {
    return null
  }
}
