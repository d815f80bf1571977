import { pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import type { KeystoreKdf, ScryptParameters } from './keystore-v3.ts'

const derivePbkdf2 = promisify(pbkdf2)

/** The 32-byte key of a key file: 16 bytes for the cipher, 16 for the MAC. The caller wipes it. @see RFC 7914, RFC 8018 */
export async function deriveKey(passphrase: Uint8Array, kdf: KeystoreKdf): Promise<Uint8Array> {
  const salt = Buffer.from(kdf.kdfparams.salt, 'hex')
  if (kdf.kdf === 'pbkdf2') return derivePbkdf2(passphrase, salt, kdf.kdfparams.c, 32, 'sha256')
  if (breaksRfcBound(kdf.kdfparams)) {
    const { n, r, p } = kdf.kdfparams
    return scryptAsync(passphrase, salt, { N: n, r, p, dkLen: 32, maxmem: memory(kdf.kdfparams) })
  }
  return deriveScrypt(passphrase, salt, kdf.kdfparams)
}

function deriveScrypt(passphrase: Uint8Array, salt: Uint8Array, parameters: ScryptParameters): Promise<Uint8Array> {
  const { n, r, p } = parameters
  return new Promise((resolve, reject) => {
    // Node's default of 32 MiB is too little for n 262144; the schema has bounded what a file may ask for.
    scrypt(passphrase, salt, 32, { N: n, r, p, maxmem: memory(parameters) }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

function memory({ n, r, p }: ScryptParameters): number {
  return 128 * r * (n + p + 4) + 1024 * 1024
}

// RFC 7914 §2 wants n < 2^(128·r/8). OpenSSL enforces it, yet an official vector (r 1, n 2^18) breaks it.
function breaksRfcBound({ n, r }: ScryptParameters): boolean {
  return Math.log2(n) >= 16 * r
}
