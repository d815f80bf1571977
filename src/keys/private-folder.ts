import { mkdirSync } from 'node:fs'
import { CustodyError } from '../errors.ts'

/** Makes a folder that only we can enter, with its parents; one that is there already is left as it is. @throws STORE_FULL, STORE_FAULT */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CustodyError(
      code === 'ENOSPC' || code === 'EDQUOT' ? 'STORE_FULL' : 'STORE_FAULT',
      `The folder "${path}" could not be made: ${code}.`,
    )
  }
}
