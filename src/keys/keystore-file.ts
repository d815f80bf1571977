import { timingSafeEqual } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CustodyError } from '../errors.ts'
import { readKeystoreFile } from '../sign/keystore/read-file.ts'
import { decryptKeystore, encryptKeystore } from '../sign/keystore/web3-secret-storage.ts'
import type { Secret } from '../sign/signer.ts'
import { makePrivateFolder } from './private-folder.ts'

/**
 * Writes a new key file under `directory` and believes in it only after it was read back from the disk,
 * decrypted and compared. Returns the file's name. `key` stays the caller's to wipe.
 * @throws FILE_EXISTS, STORE_FULL, STORE_FAULT, KEY_FILE_INVALID, PASSPHRASE_WRONG
 */
export async function writeKeystoreFile(
  directory: string,
  name: string,
  key: Uint8Array,
  passphrase: Secret,
): Promise<string> {
  const keystore = await encryptKeystore(key, passphrase)
  // With the address in its name, a file left by a crash never stands in the way of the next try.
  const file = `${name}-${keystore.address as string}.json`
  const path = join(directory, file)
  writeDurably(path, `${JSON.stringify(keystore, null, 2)}\n`)
  try {
    const back = await decryptKeystore(readKeystoreFile(path), passphrase)
    const same = timingSafeEqual(back, key)
    back.fill(0)
    if (!same)
      throw new CustodyError('KEY_FILE_INVALID', `The key file ${file} does not hold the key that was written to it.`)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
  return file
}

function writeDurably(path: string, text: string): void {
  makePrivateFolder(dirname(path))
  let descriptor: number
  try {
    descriptor = openSync(path, 'wx', 0o600)
  } catch (cause) {
    throw writeFault(cause, path)
  }
  try {
    fchmodSync(descriptor, 0o600)
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
    syncDirectory(dirname(path))
  } catch (cause) {
    rmSync(path, { force: true })
    throw writeFault(cause, path)
  } finally {
    closeSync(descriptor)
  }
}

// The file's name is in the directory, so it is durable only when that is.
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function writeFault(cause: unknown, path: string): CustodyError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
  if (code === 'EEXIST') return new CustodyError('FILE_EXISTS', `There is a key file at "${path}" already.`)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CustodyError('STORE_FULL', `The key file "${path}" could not be written: ${code}.`)
  return new CustodyError('STORE_FAULT', `The key file "${path}" could not be written: ${code}.`)
}
