import type { EntryInput, TreeHead } from '../../src/audit/entry.ts'
import { GENESIS_PREVIOUS, type LogRow, makeEntry } from '../../src/audit/log.ts'
import { treeRoot } from '../../src/audit/merkle.ts'
import type { Hex } from '../../src/primitives/hex.ts'

/** Rows of an honest log over these inputs, one entry every ten seconds. */
export function logOf(inputs: readonly EntryInput[]): LogRow[] {
  let previous: Hex = GENESIS_PREVIOUS
  return inputs.map((input, seq) => {
    const { text, leaf } = makeEntry(input, { seq, time: 1_700_000_000 + seq * 10, previous })
    previous = leaf
    return { seq, text, leaf }
  })
}

export function inputsOf(count: number): EntryInput[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'payment.proposed',
    actor: 'local:alice',
    data: { amount: String(i), note: 'für "Ä\n"' },
  }))
}

export function headOf(rows: readonly LogRow[]): TreeHead {
  return { size: rows.length, root: treeRoot(rows.map(({ leaf }) => leaf)) }
}

/** How somebody with the disk can change a log. `careful` ones also recompute what they can without the log's key. */
export const attacks: Readonly<Record<string, (rows: readonly LogRow[], at: number) => LogRow[]>> = {
  changed: (rows, at) =>
    rows.map((row, i) =>
      i === at ? { ...row, text: row.text.replace('"alice', '"mallory').replace('local:alice', 'local:mallory') } : row,
    ),
  'changed carefully': (rows, at) => rows.map((row, i) => (i === at ? again(row, {}) : row)),
  removed: (rows, at) => rows.filter((_, i) => i !== at),
  'removed carefully': (rows, at) => rows.filter((_, i) => i !== at).map((row, i) => ({ ...row, seq: i })),
  inserted: (rows, at) =>
    rows.flatMap((row, i) => (i === at ? [again(row, {}), row] : [row])).map((row, i) => ({ ...row, seq: i })),
  'inserted carefully': (rows, at) => [
    ...rows.slice(0, at),
    again(rows[at] as LogRow, {}),
    ...rows.slice(at).map((row) => again(row, { seq: row.seq + 1, keepActor: true })),
  ],
  reordered: (rows, at) => swap(rows, at),
  'reordered carefully': (rows, at) => swap(rows, at).map((row, seq) => ({ ...row, seq })),
}

/** The tail rebuilt from `at` to the end with right numbers, links and hashes: only a checkpoint can tell. */
export function rewritten(rows: readonly LogRow[], at: number): LogRow[] {
  let previous: Hex = at === 0 ? GENESIS_PREVIOUS : (rows[at - 1] as LogRow).leaf
  return rows.map((row, seq) => {
    if (seq < at) return row
    const entry = JSON.parse(row.text) as EntryInput & { time: number }
    const made = makeEntry(
      { ...entry, actor: seq === at ? 'local:mallory' : entry.actor },
      { seq, time: entry.time, previous },
    )
    previous = made.leaf
    return { seq, text: made.text, leaf: made.leaf }
  })
}

function again(row: LogRow, { seq = row.seq, keepActor = false }): LogRow {
  const entry = JSON.parse(row.text) as EntryInput & { time: number; previous: Hex }
  const made = makeEntry(
    { ...entry, actor: keepActor ? entry.actor : 'local:mallory' },
    { seq, time: entry.time, previous: entry.previous },
  )
  return { seq, text: made.text, leaf: made.leaf }
}

function swap(rows: readonly LogRow[], at: number): LogRow[] {
  const next = at + 1 < rows.length ? at + 1 : at - 1
  return rows.map((row, i) => (i === at ? (rows[next] as LogRow) : i === next ? (rows[at] as LogRow) : row))
}
