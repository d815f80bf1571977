import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import { CustodyError } from '../../errors.ts'
import { isBusy, toFault } from '../sqlite-fault.ts'

const FIRST_WAIT_MS = 2
const LONGEST_WAIT_MS = 50

/**
 * Kysely's driver over one `node:sqlite` connection. Every transaction is `BEGIN IMMEDIATE`, so that it never
 * reads what another process is about to change; the connection serves one caller at a time, in order.
 */
export class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync
  readonly #busyTimeoutMs: number
  readonly #connection: NodeSqliteConnection
  readonly #inside = new AsyncLocalStorage<{ open: boolean }>()
  #tail: Promise<unknown> = Promise.resolve()
  #release = (): void => {}

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database
    this.#busyTimeoutMs = busyTimeoutMs
    this.#connection = new NodeSqliteConnection(database)
  }

  async init(): Promise<void> {}

  /** Runs the body of a transaction so that a use of the database around the transaction is noticed. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    const scope = { open: true }
    try {
      return await this.#inside.run(scope, work)
    } finally {
      scope.open = false
    }
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    // It would wait for the transaction that waits for it.
    if (this.#inside.getStore()?.open === true) {
      throw new CustodyError(
        'INTERNAL',
        'Inside a transaction the database was used around it, or a second one was opened.',
      )
    }
    const before = this.#tail
    const turn = Promise.withResolvers<undefined>()
    this.#tail = turn.promise
    await before
    this.#release = () => turn.resolve(undefined)
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  /**
   * Waits for other writers without holding up this process, in which the one that holds the lock may live.
   * @throws STORE_LOCKED when the lock did not come free in time
   */
  async beginTransaction(): Promise<void> {
    const deadline = performance.now() + this.#busyTimeoutMs
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        this.#beginNow()
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw toFault(error)
      }
      await sleep(wait)
    }
  }

  #beginNow(): void {
    this.#database.exec('pragma busy_timeout = 0')
    try {
      this.#database.exec('begin immediate')
    } finally {
      this.#database.exec(`pragma busy_timeout = ${this.#busyTimeoutMs}`)
    }
  }

  async commitTransaction(): Promise<void> {
    this.#exec('commit')
  }

  async rollbackTransaction(): Promise<void> {
    // A full disk makes SQLite roll back by itself; a second rollback would hide the reason.
    if (this.#database.isTransaction) this.#exec('rollback')
  }

  async destroy(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  #exec(sql: string): void {
    try {
      this.#database.exec(sql)
    } catch (error) {
      throw toFault(error)
    }
  }
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const statement = this.#database.prepare(sql)
      const values = parameters as readonly SQLInputValue[]
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }
      const { changes, lastInsertRowid } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    } catch (error) {
      throw toFault(error)
    }
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    try {
      for (const row of this.#database.prepare(sql).iterate(...(parameters as readonly SQLInputValue[]))) {
        yield { rows: [row as R] }
      }
    } catch (error) {
      throw toFault(error)
    }
  }
}
