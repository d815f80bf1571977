import { DatabaseSync } from 'node:sqlite'
import { type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { CustodyError } from '../../errors.ts'
import { createPrivateFile } from '../file.ts'
import type { Store } from '../store.ts'
import { NodeSqliteDriver } from './driver.ts'
import { toFault } from '../sqlite-fault.ts'

export interface SqliteOptions {
  /** How long to wait for another process, in milliseconds; 5,000 unless said. */
  readonly busyTimeoutMs?: number
}

/** One SQLite file; transactions are `BEGIN IMMEDIATE`. */
export type SqliteStore<S> = Store<S>

/**
 * Opens or creates a database file, readable by its user only: WAL, every commit synced to disk.
 * @throws STORE_LOCKED, STORE_FULL, STORE_CORRUPT, STORE_FAULT
 */
export function openSqlite<S>(file: string, options: SqliteOptions = {}): SqliteStore<S> {
  const busyTimeoutMs = options.busyTimeoutMs ?? 5000
  if (!Number.isSafeInteger(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw new CustodyError('INTERNAL', `Expected a busy timeout in whole milliseconds, got ${busyTimeoutMs}.`)
  }
  const database = openFile(file, busyTimeoutMs)
  const driver = new NodeSqliteDriver(database, busyTimeoutMs)
  const db = new Kysely<S>({ dialect: dialect(driver) })
  const running = new Set<Promise<unknown>>()
  return {
    db,
    immediate(work) {
      const run = db.transaction().execute((tx) => driver.within(() => work(tx)))
      running.add(run)
      const forget = (): void => void running.delete(run)
      run.then(forget, forget)
      return run
    },
    async close() {
      await Promise.allSettled(running)
      await db.destroy()
      // Kysely does not reach the driver when no query ever ran.
      await driver.destroy()
    },
  }
}

function openFile(file: string, busyTimeoutMs: number): DatabaseSync {
  // SQLite would create the file under the umask, and gives -wal and -shm the mode of the file.
  createPrivateFile(file)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true, defensive: true })
    // A schema written by somebody else must not run functions with side effects.
    database.exec('pragma trusted_schema = off')
    const mode = database.prepare('pragma journal_mode = wal').get()?.['journal_mode']
    if (mode !== 'wal') throw new CustodyError('STORE_FAULT', `Expected the journal mode wal, got ${String(mode)}.`)
    database.exec('pragma synchronous = full')
    return database
  } catch (error) {
    database?.close()
    throw toFault(error)
  }
}

function dialect(driver: NodeSqliteDriver): Dialect {
  return {
    createDriver: () => driver,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new QueuedSqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** Keeps Kysely from queueing callers itself: the driver does, because it also notices who would wait for ever. */
class QueuedSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}
