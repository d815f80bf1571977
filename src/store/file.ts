import { closeSync, openSync } from 'node:fs'
import { CustodyError } from '../errors.ts'

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The fault of the catalogue for an error of the file system; `doing` says what was tried, without the path. */
export function fileFault(error: unknown, doing: string): CustodyError {
  if (error instanceof CustodyError) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return new CustodyError(NO_ROOM.has(code) ? 'STORE_FULL' : 'STORE_FAULT', `Could not ${doing}: ${code}.`, {
    cause: error,
  })
}

/**
 * Creates an empty file for its user only, unless it exists. An existing file is not even opened: closing it
 * again would drop every lock that this process holds on it.
 * @throws STORE_FULL, STORE_FAULT
 */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileFault(error, 'create a file')
  }
}
