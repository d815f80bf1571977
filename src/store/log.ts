import { type Kysely, sql, type Transaction } from 'kysely'
import { CustodyError } from '../errors.ts'
import type { Entry, EntryInput, TreeHead } from '../audit/entry.ts'
import { entryLeaf, GENESIS_PREVIOUS, type LogRow, makeEntry, readEntry } from '../audit/log.ts'
import { appendLeaf, emptyFrontier, type Frontier, frontierRoot, frontierWidth } from '../audit/merkle.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Seconds } from '../primitives/time.ts'

export interface LogTable {
  seq: number
  text: string
  leaf: string
}

/** One row: what an append needs in order not to read the whole log. Never trusted by a verification. */
export interface LogStateTable {
  id: number
  size: number
  /** JSON array of the frontier's hashes. */
  frontier: string
  /** Checkpoint over exactly these entries, signed in the transaction that appended the last one. */
  note?: string | null
}

export interface LogTables {
  log: LogTable
  log_state: LogStateTable
}

/** The database, inside a transaction or not. */
type Reader<S> = Kysely<S> | Transaction<S>

/** The tables. The triggers stop mistakes, not an attacker, who can drop them: that is what the hashes are for. */
export const logSchema: string[] = [
  'create table if not exists log (seq integer primary key, text text not null, leaf text not null) strict',
  'create table if not exists log_state (id integer primary key check (id = 1), size integer not null, frontier text not null, note text) strict',
  "create trigger if not exists log_no_update before update on log begin select raise(abort, 'the log is append-only'); end",
  "create trigger if not exists log_no_delete before delete on log begin select raise(abort, 'the log is append-only'); end",
  "create trigger if not exists log_no_gap before insert on log when new.seq <> (select coalesce(max(seq) + 1, 0) from log) begin select raise(abort, 'the log has no gaps'); end",
]

/** How far the clock may lie behind the last entry before an append is refused. */
const CLOCK_TOLERANCE: Seconds = 5

/** SQLite binds at most 32,766 values to one statement. */
const ROWS_PER_INSERT = 1000

export interface Appended extends TreeHead {
  readonly entries: readonly Entry[]
}

/**
 * Appends entries inside the caller's transaction, so that they become durable together with the change
 * they record. Entries get the later of `now` and the last entry's time, in seconds.
 * @throws CLOCK_JUMPED when `now` is more than 5 s behind the last entry
 * @throws LOG_INCONSISTENT, LOG_ENTRY_INVALID when the end of the log is not what was appended last
 * @throws FIELD_INVALID, JSON_INVALID for an input that makes no entry
 */
export async function appendEntries<S extends LogTables>(
  tx: Transaction<S>,
  inputs: readonly EntryInput[],
  now: Seconds,
): Promise<Appended> {
  const db = logOf(tx)
  const end = await readEnd(db)
  if (end.last !== null && end.last.time - now > CLOCK_TOLERANCE) {
    throw new CustodyError('CLOCK_JUMPED', `The clock is ${end.last.time - now} s behind the last log entry.`)
  }
  const time = Math.max(now, end.last?.time ?? 0)
  let { frontier, previous } = end
  const rows: LogRow[] = []
  const entries: Entry[] = []
  for (const input of inputs) {
    const made = makeEntry(input, { seq: frontier.size, time, previous })
    rows.push({ seq: frontier.size, text: made.text, leaf: made.leaf })
    entries.push(made.entry)
    frontier = appendLeaf(frontier, made.leaf)
    previous = made.leaf
  }
  if (rows.length > 0) {
    for (let i = 0; i < rows.length; i += ROWS_PER_INSERT) {
      await db
        .insertInto('log')
        .values(rows.slice(i, i + ROWS_PER_INSERT))
        .execute()
    }
    const state = { size: frontier.size, frontier: JSON.stringify(frontier.hashes) }
    await db
      .insertInto('log_state')
      .values({ id: 1, ...state })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(state))
      .execute()
  }
  return { size: frontier.size, root: frontierRoot(frontier), entries }
}

/**
 * The head as of the last append; it is what was stored then, not a verification.
 * @throws LOG_INCONSISTENT, LOG_ENTRY_INVALID when the end of the log is not what was appended last
 */
export async function readHead<S extends LogTables>(db: Reader<S>): Promise<TreeHead> {
  const { frontier } = await readEnd(logOf(db))
  return { size: frontier.size, root: frontierRoot(frontier) }
}

/** Rows as stored, `from` to before `to`, in the order of their numbers; for verification and export. */
export async function readRows<S extends LogTables>(
  db: Reader<S>,
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): Promise<LogRow[]> {
  const rows = await logOf(db)
    .selectFrom('log')
    .selectAll()
    .where('seq', '>=', from)
    .where('seq', '<', to)
    .orderBy('seq')
    .execute()
  return rows as LogRow[]
}

/**
 * Entries, `from` to before `to`. Each is canonical and hashes to its leaf; that all of them are the ones
 * written is what `verifyEntries` finds out.
 * @throws LOG_ENTRY_INVALID
 */
export async function readEntries<S extends LogTables>(
  db: Reader<S>,
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): Promise<Entry[]> {
  return (await readRows(db, from, to)).map(parseRow)
}

/** All leaf hashes as stored, in order. */
export async function readLeaves<S extends LogTables>(db: Reader<S>): Promise<Hex[]> {
  const rows = await logOf(db).selectFrom('log').select('leaf').orderBy('seq').execute()
  return rows.map((row) => row.leaf as Hex)
}

/** What the outer joins give: nulls for a table without a row. */
type EndRow = ({ size: number; frontier: string } | { size: null; frontier: null }) &
  (LogRow | { seq: null; text: null; leaf: null })

interface LogEnd {
  readonly frontier: Frontier
  readonly previous: Hex
  readonly last: Entry | null
}

async function readEnd(db: Kysely<LogTables>): Promise<LogEnd> {
  // One statement, so that another process cannot append between the two halves of the answer.
  const { rows } = await sql<EndRow>`
    select state.size, state.frontier, last.seq, last.text, last.leaf
    from (select 1) left join log_state as state on state.id = 1 left join log as last on last.seq = (select max(seq) from log)
  `.execute(db)
  const [row] = rows
  if (row === undefined) throw new CustodyError('STORE_FAULT', 'The database gave no answer about the end of the log.')
  const frontier = row.size === null ? emptyFrontier() : parseFrontier(row.size, row.frontier)
  const size = row.seq === null ? 0 : row.seq + 1
  if (frontier.size !== size) {
    throw new CustodyError(
      'LOG_INCONSISTENT',
      `The log ends after ${size} entries, its stored head after ${frontier.size}.`,
    )
  }
  if (row.seq === null) return { frontier, previous: GENESIS_PREVIOUS, last: null }
  const last = parseRow(row)
  // With an odd number of leaves the last frontier hash is the last leaf itself.
  if (size % 2 === 1 && frontier.hashes.at(-1) !== row.leaf) {
    throw new CustodyError('LOG_INCONSISTENT', `The stored head does not end in entry ${row.seq}.`)
  }
  return { frontier, previous: row.leaf, last }
}

function parseFrontier(size: number, text: string): Frontier {
  let hashes: unknown
  try {
    hashes = JSON.parse(text)
  } catch {
    hashes = null
  }
  const whole =
    Array.isArray(hashes) && hashes.every((hash) => typeof hash === 'string' && /^0x[0-9a-f]{64}$/.test(hash))
  if (!whole || (hashes as Hex[]).length !== frontierWidth(size)) {
    throw new CustodyError('LOG_INCONSISTENT', `The stored head over ${size} entries cannot be read.`)
  }
  return { size, hashes: hashes as Hex[] }
}

function parseRow(row: LogRow): Entry {
  const reading = readEntry(row.text)
  const wrong =
    'wrong' in reading
      ? reading.wrong
      : reading.entry.seq !== row.seq
        ? `its text calls itself number ${reading.entry.seq}`
        : entryLeaf(row.text) !== row.leaf
          ? 'its text does not hash to its leaf'
          : null
  if (wrong !== null || 'wrong' in reading) {
    throw new CustodyError('LOG_ENTRY_INVALID', `Entry ${row.seq} was changed: ${wrong ?? 'unreadable'}.`, {
      details: { seq: row.seq, kind: 'changed' },
    })
  }
  return reading.entry
}

// A Kysely over more tables is one over these; its type parameter is invariant and cannot say so.
function logOf<S extends LogTables>(db: Reader<S>): Kysely<LogTables> {
  return db as unknown as Kysely<LogTables>
}
