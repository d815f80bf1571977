import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError, type ErrorCode } from '../errors.ts'
import { createPrivateFile } from './file.ts'
import { isBusy, toFault } from './sqlite-fault.ts'

export interface FileLockOptions {
  /** How long to wait for whoever holds it, in milliseconds; 5,000 unless said. */
  readonly timeoutMs?: number
  /** What to throw when it does not come free; STORE_LOCKED unless said. */
  readonly code?: ErrorCode
}

const FIRST_WAIT_MS = 2
const LONGEST_WAIT_MS = 50

/**
 * Runs `work` while no other process, and no other caller in this one, runs under the same lock file. The
 * operating system releases the lock when its holder dies, so none is ever left behind. The file holds
 * nothing and is for this purpose only: reading it elsewhere in this process would drop the lock.
 * @throws STORE_LOCKED or `code` when the lock did not come free in time; STORE_FAULT for other faults
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, options: FileLockOptions = {}): Promise<T> {
  const lock = await takeLock(file, options.timeoutMs ?? 5000, options.code ?? 'STORE_LOCKED')
  try {
    return await work()
  } finally {
    lock.close()
  }
}

// SQLite's exclusive lock is an fcntl lock plus the bookkeeping that makes it hold between two callers of one process.
async function takeLock(file: string, timeoutMs: number, code: ErrorCode): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined
  try {
    createPrivateFile(file)
    lock = new DatabaseSync(file, { timeout: 0 })
    const deadline = performance.now() + timeoutMs
    for (let wait = FIRST_WAIT_MS; !tryLock(lock); wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      if (performance.now() >= deadline) {
        throw new CustodyError(code, `The lock was not released by another process within ${timeoutMs} ms.`)
      }
      await sleep(wait)
    }
    return lock
  } catch (error) {
    lock?.close()
    throw toFault(error)
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}
