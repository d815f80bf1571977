import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CustodyError } from '../errors.ts'
import { fileFault } from './file.ts'

/** Checkpoints outside the database: `checkpoint` is the latest, `checkpoints/<size>` the history. */
const LATEST = 'checkpoint'
const HISTORY = 'checkpoints'
const HISTORY_NAME = /^[0-9]{12}$/

/** Each commits to all entries before it, so the newest say everything that older ones do. */
const KEPT = 1000

/** A checkpoint as stored: the signed note and the size it says in its file name. Not verified. */
export interface StoredCheckpoint {
  readonly size: number
  readonly note: string
}

/**
 * Stores a signed checkpoint so that it survives a power cut from the moment this returns. The latest never
 * goes back in size; a smaller one only joins the history. The caller holds the lock of the store and has
 * made or checked the signature.
 * @throws CHECKPOINT_INVALID when the note does not say `size`
 * @throws LOG_INCONSISTENT when another checkpoint over the same number of entries is stored
 * @throws STORE_FULL, STORE_FAULT
 */
export function writeCheckpoint(dir: string, note: string, size: number): void {
  if (statedSize(note) !== size || size >= 1e12) {
    throw new CustodyError(
      'CHECKPOINT_INVALID',
      `Expected a checkpoint over ${size} entries, got one over ${statedSize(note) ?? 'nothing'}.`,
    )
  }
  const history = join(dir, HISTORY)
  const name = String(size).padStart(12, '0')
  try {
    mkdirSync(history, { recursive: true, mode: 0o700 })
    const latest = readCheckpoint(dir)
    const latestSize = latest === null ? -1 : statedSize(latest)
    refuseFork(latestSize === size ? latest : null, note, size)
    refuseFork(readText(join(history, name)), note, size)
    writeDurably(history, name, note)
    if (latestSize === null || latestSize <= size) writeDurably(dir, LATEST, note)
    for (const old of historyNames(dir).slice(0, -KEPT)) unlinkSync(join(history, old))
  } catch (error) {
    throw fileFault(error, 'write the checkpoint')
  }
}

/** The latest checkpoint as stored, or null when there is none. @throws STORE_FAULT */
export function readCheckpoint(dir: string): string | null {
  return readText(join(dir, LATEST))
}

/** The history, smallest first. @throws STORE_FAULT */
export function listCheckpoints(dir: string): StoredCheckpoint[] {
  return historyNames(dir).flatMap((name) => {
    const note = readText(join(dir, HISTORY, name))
    return note === null ? [] : [{ size: Number(name), note }]
  })
}

// Two heads over the same entries mean that one of them is a rewritten log. Extra signatures are no difference.
function refuseFork(stored: string | null, note: string, size: number): void {
  if (stored !== null && body(stored) !== body(note)) {
    throw new CustodyError('LOG_INCONSISTENT', `Another checkpoint over ${size} entries is stored already.`)
  }
}

const body = (note: string): string => note.split('\n\n', 1)[0] ?? ''

function statedSize(note: string): number | null {
  const line = note.split('\n', 2)[1] ?? ''
  return /^(?:0|[1-9][0-9]{0,14})$/.test(line) ? Number(line) : null
}

function historyNames(dir: string): string[] {
  try {
    return readdirSync(join(dir, HISTORY))
      .filter((name) => HISTORY_NAME.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileFault(error, 'list the checkpoints')
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileFault(error, 'read the checkpoint')
  }
}

/** Readers see the old file or the whole new one, also after a power cut: write aside, sync, rename, sync the folder. */
function writeDurably(dir: string, name: string, text: string): void {
  const aside = join(dir, `.${name}.${process.pid}`)
  try {
    const file = openSync(aside, 'w', 0o600)
    try {
      const bytes = Buffer.from(text)
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(aside, join(dir, name))
  } catch (error) {
    try {
      unlinkSync(aside)
    } catch {
      // The first error is the one to tell; a file left aside has no effect.
    }
    throw error
  }
  const folder = openSync(dir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
