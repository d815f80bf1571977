import type { Kysely, Transaction } from 'kysely'

/** The port to one database of schema `S`. Money is kept as decimal TEXT; integers are below 2^53. */
export interface Store<S> {
  /** For reads and single statements, each durable by itself. */
  readonly db: Kysely<S>
  /**
   * Runs `work` in one transaction that excludes every other writer from its start: all of it is durable on
   * return, or nothing is kept when it throws. Calls queue up; inside `work` only `tx` may be used.
   * @throws STORE_LOCKED, STORE_FULL, STORE_CORRUPT, STORE_FAULT, and whatever `work` throws
   */
  immediate<T>(work: (tx: Transaction<S>) => Promise<T>): Promise<T>
  /** Waits for the transactions under way, then lets go of the database. */
  close(): Promise<void>
}
