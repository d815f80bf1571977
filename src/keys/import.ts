import { secp256k1 } from '@noble/curves/secp256k1.js'
import { publicKeyToAddress } from '../primitives/ecdsa.ts'
import { bytesToHex } from '../primitives/hex.ts'
import { parseName } from '../primitives/name.ts'
import { systemClock } from '../primitives/time.ts'
import { parseKeystoreText } from '../sign/keystore/read-file.ts'
import { decryptKeystore, SCRYPT_N } from '../sign/keystore/web3-secret-storage.ts'
import type { KeyRecord, Secret } from '../sign/signer.ts'
import { writeKeystoreFile } from './keystore-file.ts'
import { assertPassphrase } from './passphrase.ts'

/** `newPassphrase` replaces the file's own, which other wallets let be short. */
export interface ImportOrder {
  readonly name: string
  /** The key file's text, from outside. */
  readonly text: string
  readonly passphrase: Secret
  readonly newPassphrase?: Secret | undefined
  readonly directory: string
}

/**
 * Takes over a Web3 Secret Storage v3 file of another wallet. The key is encrypted anew with Coffer's own
 * cost, so a file with a cheap derivation does not stay cheap. The address stays the same.
 * @throws NAME_INVALID, KEY_FILE_INVALID, PASSPHRASE_WRONG, PASSPHRASE_WEAK (`newPassphrase`), FILE_EXISTS, STORE_FULL, STORE_FAULT
 */
export async function importKeystore(order: ImportOrder): Promise<KeyRecord> {
  parseName(order.name, 'name of the key')
  if (order.newPassphrase !== undefined) assertPassphrase(order.newPassphrase)
  const key = await decryptKeystore(parseKeystoreText(order.text), order.passphrase)
  try {
    const publicKey = bytesToHex(secp256k1.getPublicKey(key, false))
    const file = await writeKeystoreFile(order.directory, order.name, key, order.newPassphrase ?? order.passphrase)
    return {
      name: order.name,
      address: publicKeyToAddress(publicKey),
      publicKey,
      location: { store: 'keystore', file },
      provenance: { origin: 'imported', kdf: 'scrypt', kdfN: SCRYPT_N },
      createdAt: systemClock.now(),
    }
  } finally {
    key.fill(0)
  }
}
