import { relative, resolve, isAbsolute } from 'node:path'
import { CustodyError, excerpt } from '../errors.ts'
import { openKeystoreSigner } from '../sign/keystore/signer.ts'
import { openTokenSigner } from '../sign/pkcs11/signer.ts'
import type { KeyRecord, Secret, Signer } from '../sign/signer.ts'
import { useTokenFolder } from './softhsm.ts'

/**
 * Opens a registered key. `secret` is the passphrase of a key file or the PIN of a token; the record may come
 * from an edited database, so the key that opens must be the key of the record's address.
 * @throws KEY_STORE_UNKNOWN, FILE_UNREADABLE, FILE_PERMISSIONS, KEY_FILE_INVALID, PASSPHRASE_WRONG,
 *   DEPENDENCY_MISSING, TOKEN_MODULE, TOKEN_NOT_FOUND, TOKEN_PIN, TOKEN_FAULT, TOKEN_KEY
 */
export async function openSigner(record: KeyRecord, secret: Secret, directory: string): Promise<Signer> {
  const { location } = record
  switch (location.store) {
    case 'keystore':
      return openKeystoreSigner(keystorePath(directory, location.file), record.address, secret)
    case 'pkcs11':
      useTokenFolder(location.module, directory)
      return openTokenSigner(
        { module: location.module, token: location.token, keyId: location.keyId, address: record.address },
        secret,
      )
    default:
      throw new CustodyError(
        'KEY_STORE_UNKNOWN',
        `Expected the key store keystore or pkcs11, got "${excerpt(String((location as { store: unknown }).store))}".`,
      )
  }
}

function keystorePath(directory: string, file: string): string {
  const path = resolve(directory, file)
  const inside = relative(resolve(directory), path)
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
    throw new CustodyError('KEY_FILE_INVALID', `Expected a key file inside the home, got "${excerpt(file)}".`)
  }
  return path
}
