import type { Address } from '../primitives/address.ts'
import type { EcdsaSignature } from '../primitives/ecdsa.ts'
import type { Hex } from '../primitives/hex.ts'

/**
 * The port to one key. Called only by the sign stage, which builds the digest from fields itself, so that
 * nothing outside can hand in a hash.
 */
export interface Signer {
  readonly address: Address
  /**
   * Signs a 32-byte digest; the signature has low s and was verified against the key's address.
   * @throws PASSPHRASE_WRONG, TOKEN_PIN, TOKEN_FAULT, TOKEN_KEY, TOKEN_SIGNATURE, SIGNATURE_MISMATCH
   */
  sign(digest: Hex): Promise<EcdsaSignature>
  /** Wipes what can be wiped and closes sessions. */
  close(): Promise<void>
}

/** A passphrase or PIN on its way to the key; never logged, never in an error, never in argv or the environment. */
export type Secret = string

/** How a key is opened, from its register row. */
export type KeyLocation =
  | { readonly store: 'keystore'; readonly file: string }
  | { readonly store: 'pkcs11'; readonly module: string; readonly token: string; readonly keyId: Hex }

export interface KeyRecord {
  readonly name: string
  readonly address: Address
  /** 65 bytes, uncompressed. */
  readonly publicKey: Hex
  readonly location: KeyLocation
  /** `generated` in place or `imported`; for tokens what was read back after generation. */
  readonly provenance: { readonly [fact: string]: string | number | boolean }
  readonly createdAt: number
}
