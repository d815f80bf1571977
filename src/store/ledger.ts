import type { Kysely, Transaction } from 'kysely'
import type { Entry, EntryInput, TreeHead } from '../audit/entry.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Clock } from '../primitives/time.ts'
import type { Registers } from './registers.ts'
import type { Schema } from './schema.ts'

export type Tx = Transaction<Schema>

/** What one commit may do: read and write rows, and record what happened. */
export interface Work {
  readonly tx: Tx
  /** As of this transaction: nobody else can write until it ends. */
  readonly registers: Registers
  /** Adds an entry that commits together with the rows. Returns its sequence number. */
  readonly record: (entry: EntryInput) => number
}

/**
 * State and log as one thing: an entry and the rows it explains are durable together or not at all, and the
 * signed checkpoint outside the database follows at once.
 *
 * @throws STORE_LOCKED, STORE_FULL, STORE_CORRUPT, CLOCK_JUMPED, LOG_ENTRY_INVALID, LOG_INCONSISTENT
 */
export interface Ledger {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  /** Registers with every entry that is committed by now. */
  registers(): Promise<Registers>
  head(): Promise<TreeHead>
  entries(from?: number): Promise<readonly { readonly entry: Entry; readonly leaf: Hex; readonly text: string }[]>
  commit<T>(work: (work: Work) => Promise<T>): Promise<T>
  /** The newest signed checkpoint, written now if the file was behind. */
  checkpoint(): Promise<string>
  close(): Promise<void>
}
