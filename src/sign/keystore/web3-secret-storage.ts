import { createCipheriv, createDecipheriv, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { CustodyError } from '../../errors.ts'
import { publicKeyToAddress } from '../../primitives/ecdsa.ts'
import { bytesToHex } from '../../primitives/hex.ts'
import type { Secret } from '../signer.ts'
import { deriveKey } from './kdf.ts'
import { type KeystoreCrypto, type KeystoreKdf, type KeystoreV3, parseKeystore } from './keystore-v3.ts'

export type { KeystoreV3 } from './keystore-v3.ts'

/** scrypt cost of every file that Coffer writes: 256 MiB and about a second. */
export const SCRYPT_N = 262_144

/**
 * Encrypts a 32-byte private key. The passphrase is taken in NFC, so the same words typed on another
 * system open the file. A smaller `n` (a power of two) is for tests and weakens the file.
 * @throws KEY_FILE_INVALID when the bytes are not a secp256k1 private key
 * @see Web3 Secret Storage, version 3
 */
export async function encryptKeystore(
  privateKey: Uint8Array,
  passphrase: Secret,
  options: { n?: number } = {},
): Promise<KeystoreV3> {
  const address = addressOfPrivateKey(privateKey)
  const kdf = {
    kdf: 'scrypt',
    kdfparams: { n: options.n ?? SCRYPT_N, r: 8, p: 1, dklen: 32, salt: randomBytes(32).toString('hex') },
  } as const
  const iv = randomBytes(16)
  const words = Buffer.from(passphrase.normalize('NFC'), 'utf8')
  const derived = await deriveKey(words, kdf)
  try {
    const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
    const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
    return {
      version: 3,
      id: randomUUID(),
      address: address.slice(2).toLowerCase(),
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: iv.toString('hex') },
        ciphertext: ciphertext.toString('hex'),
        ...kdf,
        mac: macOf(derived, ciphertext).toString('hex'),
      },
    }
  } finally {
    derived.fill(0)
    words.fill(0)
  }
}

/**
 * The 32-byte private key of an untrusted key file (the parsed JSON). The caller wipes it. Where the file
 * names an address, the key must be the key of that address.
 * @throws KEY_FILE_INVALID, PASSPHRASE_WRONG
 * @see Web3 Secret Storage, version 3
 */
export async function decryptKeystore(file: unknown, passphrase: Secret): Promise<Uint8Array> {
  const { address, crypto } = parseKeystore(file)
  for (const spelling of spellings(passphrase)) {
    const key = await open(crypto, spelling)
    if (key === null) continue
    const found = addressOfPrivateKey(key).slice(2).toLowerCase()
    if (address !== null && address !== found) {
      key.fill(0)
      throw new CustodyError(
        'KEY_FILE_INVALID',
        `Expected the key of 0x${address}, which the file names; it holds the key of 0x${found}.`,
      )
    }
    return key
  }
  throw new CustodyError('PASSPHRASE_WRONG', 'The passphrase does not open the key file: its MAC differs.')
}

// One spelling for nearly everybody. geth takes the bytes as typed and ethers takes NFKC, so files of both
// open here; each spelling that really differs costs one more derivation.
function spellings(passphrase: Secret): Set<string> {
  return new Set([passphrase.normalize('NFC'), passphrase, passphrase.normalize('NFKC')])
}

async function open(crypto: KeystoreCrypto & KeystoreKdf, passphrase: string): Promise<Uint8Array | null> {
  const ciphertext = Buffer.from(crypto.ciphertext, 'hex')
  const words = Buffer.from(passphrase, 'utf8')
  const derived = await deriveKey(words, crypto)
  try {
    if (!timingSafeEqual(macOf(derived, ciphertext), Buffer.from(crypto.mac, 'hex'))) return null
    const decipher = createDecipheriv(
      'aes-128-ctr',
      derived.subarray(0, 16),
      Buffer.from(crypto.cipherparams.iv, 'hex'),
    )
    const key = new Uint8Array(32)
    const plain = decipher.update(ciphertext)
    key.set(plain, 32 - plain.length)
    plain.fill(0)
    return key
  } finally {
    derived.fill(0)
    words.fill(0)
  }
}

function macOf(derived: Uint8Array, ciphertext: Uint8Array): Buffer {
  const input = Buffer.concat([derived.subarray(16, 32), ciphertext])
  const mac = Buffer.from(keccak_256(input))
  input.fill(0)
  return mac
}

function addressOfPrivateKey(privateKey: Uint8Array) {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new CustodyError(
      'KEY_FILE_INVALID',
      'Expected a secp256k1 private key of 32 bytes, above 0 and below the order of the curve.',
    )
  }
  return publicKeyToAddress(bytesToHex(secp256k1.getPublicKey(privateKey, false)))
}
