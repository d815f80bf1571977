import { secp256k1 } from '@noble/curves/secp256k1.js'
import { CustodyError, excerpt } from '../errors.ts'
import { publicKeyToAddress } from '../primitives/ecdsa.ts'
import { bytesToHex } from '../primitives/hex.ts'
import { parseName } from '../primitives/name.ts'
import { systemClock } from '../primitives/time.ts'
import { SCRYPT_N } from '../sign/keystore/web3-secret-storage.ts'
import { generateTokenKey } from '../sign/pkcs11/generate.ts'
import type { KeyRecord, Secret } from '../sign/signer.ts'
import { writeKeystoreFile } from './keystore-file.ts'
import { assertPassphrase } from './passphrase.ts'
import { useTokenFolder } from './softhsm.ts'

/** `keystore` needs a passphrase; `pkcs11` needs a PIN, the library's absolute path and the token's label. */
export interface KeyOrder {
  readonly name: string
  readonly store: string
  /** Where key files lie; a SoftHSM folder of this home is looked for here too. */
  readonly directory: string
  readonly passphrase?: Secret | undefined
  readonly pin?: Secret | undefined
  readonly module?: string | undefined
  readonly token?: string | undefined
}

/**
 * Makes a new key. When this returns, the key is durable and was read back or proven; the caller records it.
 * @throws NAME_INVALID, KEY_STORE_UNKNOWN, INPUT_REQUIRED, PASSPHRASE_WEAK, FILE_EXISTS, STORE_FULL, STORE_FAULT,
 *   DEPENDENCY_MISSING, TOKEN_MODULE, TOKEN_NOT_FOUND, TOKEN_PIN, TOKEN_FAULT, TOKEN_KEY, TOKEN_ATTRIBUTES, TOKEN_SIGNATURE
 */
export async function generateKey(order: KeyOrder): Promise<KeyRecord> {
  parseName(order.name, 'name of the key')
  switch (order.store) {
    case 'keystore':
      return generateInKeystore(order)
    case 'pkcs11':
      return generateOnToken(order)
    default:
      throw new CustodyError(
        'KEY_STORE_UNKNOWN',
        `Expected the key store keystore or pkcs11, got "${excerpt(order.store)}".`,
      )
  }
}

async function generateInKeystore(order: KeyOrder): Promise<KeyRecord> {
  const passphrase = required(order.passphrase, 'a passphrase')
  assertPassphrase(passphrase)
  const key = secp256k1.utils.randomSecretKey()
  try {
    const publicKey = bytesToHex(secp256k1.getPublicKey(key, false))
    const file = await writeKeystoreFile(order.directory, order.name, key, passphrase)
    return {
      name: order.name,
      address: publicKeyToAddress(publicKey),
      publicKey,
      location: { store: 'keystore', file },
      provenance: { origin: 'generated', kdf: 'scrypt', kdfN: SCRYPT_N },
      createdAt: systemClock.now(),
    }
  } finally {
    key.fill(0)
  }
}

async function generateOnToken(order: KeyOrder): Promise<KeyRecord> {
  const pin = required(order.pin, 'a PIN')
  const module = required(order.module, 'the path of a PKCS#11 library (--module)')
  const token = required(order.token, 'the label of a token (--token)')
  useTokenFolder(module, order.directory)
  const { publicKey, keyId, provenance } = await generateTokenKey({ module, token, pin, label: order.name })
  return {
    name: order.name,
    address: publicKeyToAddress(publicKey),
    publicKey,
    location: { store: 'pkcs11', module, token, keyId },
    provenance,
    createdAt: systemClock.now(),
  }
}

function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new CustodyError('INPUT_REQUIRED', `Expected ${what}.`)
  return value
}
