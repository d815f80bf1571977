import { CustodyError, type ErrorCode, excerpt } from '../errors.ts'

/** Primary result codes. @see https://sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const NOTADB = 26

/** Extended codes of writes that found no room: a quota or size limit is not ENOSPC, which alone gives FULL. */
const IOERR_WRITE = IOERR | (3 << 8)
const IOERR_SHMSIZE = IOERR | (19 << 8)

/** The extended SQLite result code of an error of `node:sqlite`; null for every other error. */
export function sqliteCode(error: unknown): number | null {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode : null
}

/** Whether another connection holds what is wanted, so that trying again later can help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== null && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED)
}

/** The fault of the catalogue for an error of SQLite. SQLite's own words name tables and columns, never values. */
export function toFault(error: unknown): CustodyError {
  if (error instanceof CustodyError) return error
  const sqlite = sqliteCode(error)
  const words = excerpt(error instanceof Error ? error.message : String(error), 200)
  const details = sqlite === null ? {} : { sqlite }
  return new CustodyError(faultCode(sqlite), `The database answered: ${words}.`, { cause: error, details })
}

function faultCode(sqlite: number | null): ErrorCode {
  if (sqlite === null) return 'STORE_FAULT'
  if (sqlite === IOERR_WRITE || sqlite === IOERR_SHMSIZE) return 'STORE_FULL'
  switch (sqlite & 0xff) {
    case BUSY:
    case LOCKED:
      return 'STORE_LOCKED'
    case FULL:
      return 'STORE_FULL'
    case CORRUPT:
    case NOTADB:
      return 'STORE_CORRUPT'
    default:
      return 'STORE_FAULT'
  }
}
