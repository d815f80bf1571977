import { z } from 'zod'
import { CustodyError, excerpt } from '../../errors.ts'

/** A key file as Coffer writes it. Hexadecimal without `0x`, as every other wallet writes it. @see Web3 Secret Storage, version 3 */
export interface KeystoreV3 {
  readonly version: 3
  readonly id: string
  /** Lower case, 40 digits. It is outside the MAC, so it is only a claim until the key was decrypted. */
  readonly address?: string
  readonly crypto: KeystoreCrypto
}

export interface KeystoreCrypto {
  readonly cipher: 'aes-128-ctr'
  readonly cipherparams: { readonly iv: string }
  readonly ciphertext: string
  readonly kdf: KeystoreKdf['kdf']
  readonly kdfparams: KeystoreKdf['kdfparams']
  readonly mac: string
}

export type KeystoreKdf =
  | { readonly kdf: 'scrypt'; readonly kdfparams: ScryptParameters }
  | { readonly kdf: 'pbkdf2'; readonly kdfparams: Pbkdf2Parameters }

export interface ScryptParameters {
  readonly n: number
  readonly r: number
  readonly p: number
  readonly dklen: 32
  readonly salt: string
}

export interface Pbkdf2Parameters {
  readonly c: number
  readonly prf: 'hmac-sha256'
  readonly dklen: 32
  readonly salt: string
}

// A key file is attacker-controlled: without a bound its cost numbers alone could take all memory or hours.
const MAX_SCRYPT_BYTES = 512 * 1024 * 1024
// Four times the work of the parameters that everybody uses (n 262144, r 8, p 1).
const MAX_SCRYPT_WORK = 2 ** 23
const MAX_PBKDF2_ROUNDS = 10_000_000

const hexBytes = (least: number, most: number) =>
  z
    .string()
    .regex(
      new RegExp(`^(?:[0-9a-fA-F]{2}){${least},${most}}$`),
      `not ${least === most ? least : `${least} to ${most}`} bytes of hexadecimal`,
    )
const salt = hexBytes(1, 64)
const count = (most: number) => z.int().min(1).max(most)

const scryptParameters = z
  .strictObject({
    n: z
      .int()
      .min(2)
      .max(2 ** 22),
    r: count(64),
    p: count(64),
    dklen: z.literal(32),
    salt,
  })
  .refine(({ n }) => Number.isInteger(Math.log2(n)), 'n is not a power of two')
  .refine(({ n, r }) => 128 * n * r <= MAX_SCRYPT_BYTES, `asks for more than ${MAX_SCRYPT_BYTES} bytes of memory`)
  .refine(({ n, r, p }) => n * r * p <= MAX_SCRYPT_WORK, `asks for more work than n·r·p = ${MAX_SCRYPT_WORK}`)

const pbkdf2Parameters = z.strictObject({
  c: count(MAX_PBKDF2_ROUNDS),
  prf: z.literal('hmac-sha256'),
  dklen: z.literal(32),
  salt,
})

const cipher = {
  cipher: z.literal('aes-128-ctr'),
  cipherparams: z.strictObject({ iv: hexBytes(16, 16) }),
  // Some early wallets dropped leading zero bytes of the key.
  ciphertext: hexBytes(30, 32),
  mac: hexBytes(32, 32),
}

const crypto = z.discriminatedUnion('kdf', [
  z.strictObject({ ...cipher, kdf: z.literal('scrypt'), kdfparams: scryptParameters }),
  z.strictObject({ ...cipher, kdf: z.literal('pbkdf2'), kdfparams: pbkdf2Parameters }),
])

const keystore = z.strictObject({
  version: z.literal(3),
  id: z.string().max(64).optional(),
  address: z
    .string()
    .regex(/^(?:0x)?[0-9a-fA-F]{40}$/, 'not 20 bytes of hexadecimal')
    .optional(),
  crypto,
  // Labels that other wallets add; nothing in Coffer reads them.
  name: z.string().max(256).optional(),
  meta: z.string().max(4096).optional(),
  'x-ethers': z.unknown().optional(),
})

/** What a key file of any wallet says; `id` and `address` may be absent. */
export interface ParsedKeystore {
  readonly address: string | null
  readonly crypto: KeystoreCrypto & KeystoreKdf
}

/**
 * Reads an untrusted key file strictly: unknown fields, other ciphers and hostile cost numbers are refused.
 * Values of fields never enter the message, because a wrong file may hold a bare key.
 * @throws KEY_FILE_INVALID
 */
export function parseKeystore(file: unknown): ParsedKeystore {
  const result = keystore.safeParse(renameOldCrypto(file))
  if (!result.success) {
    const issue = result.error.issues[0]
    const where =
      issue === undefined || issue.path.length === 0 ? 'the document' : excerpt(issue.path.map(String).join('.'))
    const wrong =
      issue === undefined
        ? 'not readable'
        : issue.code === 'unrecognized_keys'
          ? 'has a field that version 3 does not know'
          : excerpt(issue.message, 100)
    throw new CustodyError('KEY_FILE_INVALID', `Expected a Web3 Secret Storage v3 file; ${where}: ${wrong}.`)
  }
  const { address, crypto: parsed } = result.data
  return { address: address === undefined ? null : address.replace(/^0x/, '').toLowerCase(), crypto: parsed }
}

// Wallets of 2015 wrote "Crypto". Both at once would be two documents in one, so that stays an unknown field.
function renameOldCrypto(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || !('Crypto' in file) || 'crypto' in file) return file
  const { Crypto: old, ...rest } = file
  return { ...rest, crypto: old }
}
