import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { CustodyError } from '../../errors.ts'
import { parseJson } from '../../primitives/json.ts'

const MAX_BYTES = 64 * 1024

/**
 * Reads a key file of the home. Others must not be able to read it: with the file a passphrase can be
 * guessed at leisure.
 * @throws FILE_UNREADABLE, FILE_PERMISSIONS, KEY_FILE_INVALID
 */
export function readKeystoreFile(path: string): unknown {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw new CustodyError(
      'FILE_UNREADABLE',
      `Expected a key file at "${path}": ${(cause as NodeJS.ErrnoException).code ?? 'cannot be opened'}.`,
    )
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile() || stat.size > MAX_BYTES) {
      throw new CustodyError('KEY_FILE_INVALID', `Expected a regular file of at most ${MAX_BYTES} bytes at "${path}".`)
    }
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
      throw new CustodyError(
        'FILE_PERMISSIONS',
        `Expected the key file ${basename(path)} with mode 600, got ${(stat.mode & 0o777).toString(8)}.`,
      )
    }
    return parseKeystoreText(readFileSync(descriptor, 'utf8'))
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The JSON of a key file, strictly. What the parser has to say is dropped, because it quotes the text, and
 * a person may hand in a file with a bare private key by mistake.
 * @throws KEY_FILE_INVALID
 */
export function parseKeystoreText(text: string): unknown {
  try {
    return parseJson(text, 'the key file')
  } catch {
    throw new CustodyError(
      'KEY_FILE_INVALID',
      `Expected a key file as JSON without repeated fields, got ${text.length} characters that are not.`,
    )
  }
}
