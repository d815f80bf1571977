import { CustodyError, excerpt } from '../errors.ts'
import { bytesToHex, hexToBytes } from '../primitives/hex.ts'
import type { TreeHead } from './entry.ts'
import { EMPTY_ROOT } from './merkle.ts'
import { decodeBase64, type NoteKey, openNote, signNote } from './note.ts'

/** A tree head together with the name of the log it belongs to. */
export interface Checkpoint {
  readonly origin: string
  readonly head: TreeHead
}

/**
 * The head of a log, signed: what is held elsewhere so that the log cannot be rewritten unseen.
 * @throws FIELD_INVALID for an origin or head that cannot stand in a checkpoint
 * @see https://c2sp.org/tlog-checkpoint
 */
export function signCheckpoint(origin: string, head: TreeHead, key: NoteKey): string {
  if (origin === '' || /[\p{Cc}\u2028\u2029]/u.test(origin)) {
    throw new CustodyError('FIELD_INVALID', `Expected the origin as one line of text, got "${excerpt(origin)}".`)
  }
  if (!Number.isSafeInteger(head.size) || head.size < 0 || !/^0x[0-9a-f]{64}$/.test(head.root)) {
    throw new CustodyError('FIELD_INVALID', `Expected a tree head of a size and a 32-byte root, got size ${head.size}.`)
  }
  const root = Buffer.from(hexToBytes(head.root)).toString('base64')
  return signNote(`${origin}\n${head.size}\n${root}\n`, key)
}

/**
 * Checks signature and form of a checkpoint that may come from anywhere. Only the one spelling that
 * `signCheckpoint` writes is taken: three lines, no leading zeros, padded base64. Whether `origin` is the
 * log in question, and whether the log still agrees, are the caller's next questions.
 * @throws CHECKPOINT_INVALID
 */
export function parseCheckpoint(text: string, vkey: string): Checkpoint {
  const lines = openNote(text, [vkey]).text.split('\n')
  const [origin = '', size = '', root = ''] = lines
  if (lines.length !== 4) throw malformed(`expected three lines, got ${lines.length - 1}`)
  if (origin === '') throw malformed('expected an origin on the first line')
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed(`expected a size on the second line, got "${excerpt(size)}"`)
  }
  const bytes = decodeBase64(root)
  if (bytes?.length !== 32)
    throw malformed(`expected a base64 root of 32 bytes on the third line, got "${excerpt(root)}"`)
  const head: TreeHead = { size: Number(size), root: bytesToHex(bytes) }
  if (head.size === 0 && head.root !== EMPTY_ROOT) throw malformed('the root of an empty log is another')
  return { origin, head }
}

const malformed = (why: string): CustodyError =>
  new CustodyError('CHECKPOINT_INVALID', `The checkpoint is refused: ${why}.`)
