import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Entry, TreeHead } from './entry.ts'
import { entryLeaf, GENESIS_PREVIOUS, type LogRow, readEntry } from './log.ts'
import { appendLeaf, emptyFrontier, type Frontier, frontierRoot } from './merkle.ts'

/** How a log differs from one that was only ever appended to. */
export type Tampering = 'changed' | 'removed' | 'inserted' | 'reordered'

export interface VerifiedLog {
  readonly head: TreeHead
  readonly frontier: Frontier
  readonly count: number
}

/**
 * Recomputes a whole log from its stored texts, trusting nothing in the rows: canonical form, numbering,
 * links, time and leaf hashes. What it cannot see, a log rewritten from some entry to its end, is what
 * `verifyAgainst` is for.
 * @throws LOG_ENTRY_INVALID naming the first wrong entry in `details.seq` and `details.kind`
 */
export function verifyEntries(rows: Iterable<LogRow>): VerifiedLog {
  let frontier = emptyFrontier()
  let before: Entry | null = null
  let previous = GENESIS_PREVIOUS
  const iterator = rows[Symbol.iterator]()
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    const row = next.value
    const expected = frontier.size
    const reading = readEntry(row.text)
    if ('wrong' in reading) throw invalid(expected, 'changed', reading.wrong)
    const { entry } = reading
    if (row.seq !== expected || entry.seq !== expected) throw misplaced(expected, row, entry, iterator)
    const leaf = entryLeaf(row.text)
    if (row.leaf !== leaf) throw invalid(expected, 'changed', 'its text does not hash to its leaf')
    if (entry.previous !== previous) {
      // The entry itself hashes right, so either it or the one before is not what was written there.
      throw before === null
        ? invalid(0, 'changed', 'the first entry links to something before it')
        : invalid(before.seq, 'changed', `entry ${expected} links to another entry ${before.seq} than the one stored`)
    }
    if (before !== null && entry.time < before.time) {
      throw invalid(expected, 'changed', `its time is ${before.time - entry.time} s before that of entry ${before.seq}`)
    }
    frontier = appendLeaf(frontier, leaf)
    before = entry
    previous = leaf
  }
  return { head: { size: frontier.size, root: frontierRoot(frontier) }, frontier, count: frontier.size }
}

/** Says what happened where row number and entry number part: the entries that follow tell which. */
function misplaced(expected: number, row: LogRow, entry: Entry, rest: Iterator<LogRow>): CustodyError {
  if (entry.seq < expected) {
    return invalid(expected, 'inserted', `the entry that follows calls itself number ${entry.seq}, which is taken`)
  }
  if (entry.seq === expected) {
    return row.seq > expected
      ? invalid(expected, 'removed', `the next row is numbered ${row.seq}`)
      : invalid(expected, 'inserted', `its row is numbered ${row.seq}, which is taken`)
  }
  for (let next = rest.next(); next.done !== true; next = rest.next()) {
    const reading = readEntry(next.value.text)
    if ('entry' in reading && reading.entry.seq === expected) {
      return invalid(expected, 'reordered', `it stands behind entry ${entry.seq}`)
    }
  }
  return row.seq === entry.seq
    ? invalid(expected, 'removed', `the next entry is number ${entry.seq}`)
    : invalid(expected, 'removed', `in its place stands entry ${entry.seq}`)
}

function invalid(seq: number, kind: Tampering, why: string): CustodyError {
  return new CustodyError('LOG_ENTRY_INVALID', `Entry ${seq} was ${kind}: ${why}.`, { details: { seq, kind } })
}

/**
 * Whether a log still extends every one of these heads: the roots over its first leaves are recomputed, so
 * this is the consistency check itself and needs no proof. The heads' signatures were checked before.
 * @throws LOG_INCONSISTENT naming the first head that does not match; `details` holds both sizes
 */
export function verifyAgainst(checkpoints: readonly TreeHead[], leaves: readonly Hex[]): void {
  const inOrder = [...checkpoints].sort((a, b) => a.size - b.size)
  let frontier = emptyFrontier()
  let matched = 0
  for (const checkpoint of inOrder) {
    const details = { checkpoint: checkpoint.size, log: leaves.length }
    if (checkpoint.size > leaves.length) {
      throw new CustodyError(
        'LOG_INCONSISTENT',
        `The checkpoint says ${checkpoint.size} entries, the log has ${leaves.length}: it was cut.`,
        { details },
      )
    }
    while (frontier.size < checkpoint.size) frontier = appendLeaf(frontier, leaves[frontier.size] as Hex)
    const root = frontierRoot(frontier)
    if (root !== checkpoint.root) {
      throw new CustodyError(
        'LOG_INCONSISTENT',
        `The checkpoint over ${checkpoint.size} entries has the root ${checkpoint.root}, the log has ${root}: an entry from ${matched} to ${checkpoint.size - 1} was changed.`,
        { details },
      )
    }
    matched = checkpoint.size
  }
}
