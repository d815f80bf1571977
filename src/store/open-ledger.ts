import { parseCheckpoint, signCheckpoint } from '../audit/checkpoint.ts'
import type { EntryInput, TreeHead } from '../audit/entry.ts'
import { entryLeaf, GENESIS_PREVIOUS, type LogRow, readEntry } from '../audit/log.ts'
import { appendLeaf, emptyFrontier, type Frontier, frontierRoot } from '../audit/merkle.ts'
import { type NoteKey, vkeyOf } from '../audit/note.ts'
import { verifyAgainst, verifyEntries } from '../audit/verify.ts'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import { canonicalJson, type Json } from '../primitives/json.ts'
import type { Clock } from '../primitives/time.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import type { Ledger, Tx, Work } from './ledger.ts'
import { appendEntries, readRows } from './log.ts'
import { emptyRegisters, foldEntry, type Registers } from './registers.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'

export interface LedgerOptions {
  readonly store: Store<Schema>
  /** Folder of the checkpoints, outside the database. */
  readonly directory: string
  readonly origin: string
  readonly key: NoteKey
  readonly clock: Clock
  /** What entry 0 must pin. */
  readonly root: Json
}

/**
 * Opens the ledger of a home: the whole log is recomputed and held against the stored checkpoint and the pinned
 * root before anything else happens.
 * @throws LOG_ENTRY_INVALID, LOG_INCONSISTENT, HOME_TAMPERED, STORE_LOCKED, STORE_FULL, STORE_CORRUPT
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { store, directory, clock } = options
  const registers = emptyRegisters()
  let frontier: Frontier = emptyFrontier()
  let previous: Hex = GENESIS_PREVIOUS

  const absorb = (row: LogRow): void => {
    const reading = readEntry(row.text)
    const leaf = entryLeaf(row.text)
    if (
      'wrong' in reading ||
      reading.entry.seq !== frontier.size ||
      row.seq !== frontier.size ||
      reading.entry.previous !== previous ||
      row.leaf !== leaf
    ) {
      throw new CustodyError('LOG_ENTRY_INVALID', `Entry ${frontier.size} is not the one that was appended there.`, {
        details: { seq: frontier.size },
      })
    }
    foldEntry(registers, reading.entry, leaf)
    frontier = appendLeaf(frontier, leaf)
    previous = leaf
  }
  const vkey = vkeyOf(options.key)
  // Hash links alone can be made by anybody who can write to the database. What is believed is what the log's key
  // has signed, and it signs in the same transaction that appends.
  const refresh = async (db: Tx | Store<Schema>['db']): Promise<Registers> => {
    for (let attempt = 0; ; attempt++) {
      const rows = await readRows(db, frontier.size)
      // Another call may have absorbed some of them while this one waited for its answer.
      for (const row of rows) if (row.seq >= frontier.size) absorb(row)
      const note = await readNote(db)
      if (note === null && frontier.size === 0) return registers
      const signed = note === null ? null : parseCheckpoint(note, vkey).head
      // Somebody may have appended between the two reads; then the rows are there at the next look.
      if (signed !== null && signed.size > frontier.size && attempt < MAX_LOOKS) continue
      if (signed === null || signed.size !== frontier.size || signed.root !== frontierRoot(frontier)) {
        throw new CustodyError(
          'LOG_INCONSISTENT',
          `The log has ${frontier.size} entries that its key has not signed; ${signed === null ? 'no signed head is stored' : `the signed head is over ${signed.size}`}.`,
        )
      }
      return registers
    }
  }

  // The checkpoint first: what another process appends between the two reads can only make the log longer.
  const note = readCheckpoint(directory)
  const rows = await readRows(store.db)
  verifyEntries(rows)
  if (note !== null) {
    verifyAgainst(
      [parseCheckpoint(note, vkey).head],
      rows.map(({ leaf }) => leaf),
    )
  } else if (rows.length > 0)
    throw new CustodyError('LOG_INCONSISTENT', 'The log has entries but its checkpoint file is gone.')
  await refresh(store.db)
  if (frontier.size > 0 && canonicalJson(registers.root) !== canonicalJson(options.root)) {
    throw new CustodyError('HOME_TAMPERED', 'root.json is not what log entry 0 pins.')
  }

  const sign = async (tx: Tx, head: TreeHead): Promise<void> => {
    await tx
      .updateTable('log_state')
      .set({ note: signCheckpoint(options.origin, { size: head.size, root: head.root }, options.key) })
      .execute()
  }

  // Under the write lock, so that two processes cannot publish heads in the wrong order.
  const publish = (): Promise<string> =>
    store.immediate(async (tx) => {
      await refresh(tx)
      const signed =
        (await readNote(tx)) ?? signCheckpoint(options.origin, { size: 0, root: frontierRoot(frontier) }, options.key)
      const known = readCheckpoint(directory)
      if (known === null || parseCheckpoint(known, vkey).head.size !== frontier.size)
        writeCheckpoint(directory, signed, frontier.size)
      return signed
    })

  return {
    db: store.db,
    clock,
    registers: () => refresh(store.db),
    async head() {
      await refresh(store.db)
      return { size: frontier.size, root: frontierRoot(frontier) }
    },
    async entries(from = 0) {
      return (await readRows(store.db, from)).map((row) => {
        const reading = readEntry(row.text)
        if ('wrong' in reading) throw new CustodyError('LOG_ENTRY_INVALID', `Entry ${row.seq}: ${reading.wrong}.`)
        return { entry: reading.entry, leaf: row.leaf, text: row.text }
      })
    },
    async commit(work) {
      const result = await store.immediate(async (tx) => {
        const inputs: EntryInput[] = []
        const here = await refresh(tx)
        const start = frontier.size
        const scope: Work = { tx, registers: here, record: (input) => start + inputs.push(input) - 1 }
        const value = await work(scope)
        if (inputs.length > 0) await sign(tx, await appendEntries(tx, inputs, clock.now()))
        return value
      })
      await publish()
      await refresh(store.db)
      return result
    },
    checkpoint: publish,
    close: () => store.close(),
  }
}

/** How often a signed head ahead of the rows is looked at again before it counts as a cut log. */
const MAX_LOOKS = 5

async function readNote(db: Tx | Store<Schema>['db']): Promise<string | null> {
  const row = await db.selectFrom('log_state').select('note').executeTakeFirst()
  return row?.note ?? null
}
