import { CustodyError, excerpt } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import { canonicalJson, type Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Entry, EntryInput } from './entry.ts'
import { leafHash } from './merkle.ts'

/** What entry 0 links to, since nothing is before it. */
export const GENESIS_PREVIOUS: Hex = `0x${'00'.repeat(32)}`

/** An entry's text is bounded, so that one caller cannot make the log unreadable for all. */
export const MAX_ENTRY_BYTES = 1 << 20

/** Where an entry stands. `time` in seconds; `previous` is the leaf hash of the entry before. */
export interface Position {
  readonly seq: number
  readonly time: Seconds
  readonly previous: Hex
}

/** An entry, its RFC 8785 text as stored, and the RFC 6962 leaf hash of that text. */
export interface MadeEntry {
  readonly entry: Entry
  readonly text: string
  readonly leaf: Hex
}

/** One row of the log as stored. Untrusted: whoever holds the disk may have written it. */
export interface LogRow {
  readonly seq: number
  readonly text: string
  readonly leaf: Hex
}

/** The leaf hash of a stored text. */
export function entryLeaf(text: string): Hex {
  return leafHash(Buffer.from(text))
}

/**
 * Makes the entry that stands at `position`.
 * @throws FIELD_INVALID for a type, actor or position of the wrong form, or more than 1 MiB
 * @throws JSON_INVALID when `data` has no canonical form
 */
export function makeEntry(input: EntryInput, position: Position): MadeEntry {
  const entry: Entry = {
    seq: position.seq,
    time: position.time,
    type: input.type,
    actor: input.actor,
    data: input.data,
    previous: position.previous,
  }
  const wrong = wrongField(entry)
  if (wrong !== null)
    throw new CustodyError('FIELD_INVALID', `A log entry of type "${excerpt(input.type)}" is refused: ${wrong}.`)
  const text = canonicalJson(entry as unknown as Json)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_ENTRY_BYTES) {
    throw new CustodyError('FIELD_INVALID', `Expected a log entry of at most ${MAX_ENTRY_BYTES} bytes, got ${bytes}.`)
  }
  return { entry, text, leaf: entryLeaf(text) }
}

/** What is wrong with a stored text, in words. */
export type EntryReading = { readonly entry: Entry } | { readonly wrong: string }

/** Reads a stored text, which must be exactly the canonical form of an entry with no other fields. */
export function readEntry(text: string): EntryReading {
  let value: unknown
  try {
    value = JSON.parse(text)
    if (!isCanonical(value as Json, text)) return { wrong: 'its text is not in canonical form' }
  } catch {
    return { wrong: 'its text is not canonical JSON' }
  }
  if (value === null || typeof value !== 'object') return { wrong: 'its text is no entry' }
  const wrong = wrongField(value)
  return wrong === null ? { entry: value as Entry } : { wrong }
}

// A canonical form cannot hold a key twice, so the comparison also finds duplicate keys. The engine's own writer is
// several times faster than ours and differs from it only where the walk, or the escape of a lone surrogate, says so.
function isCanonical(value: Json, text: string): boolean {
  if (!text.includes('\\ud') && JSON.stringify(value) === text && isOrdered(value)) return true
  return canonicalJson(value) === text
}

/** Keys in the order of RFC 8785 and no number but safe integers, all the way down. */
function isOrdered(value: Json): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (value === null || typeof value !== 'object') return true
  if (Array.isArray(value)) return value.every(isOrdered)
  const object = value as { readonly [key: string]: Json }
  let before: string | null = null
  for (const key of Object.keys(object)) {
    if ((before !== null && before >= key) || !isOrdered(object[key] as Json)) return false
    before = key
  }
  return true
}

const FIELDS = 6
const TYPE = /^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/
const HASH = /^0x[0-9a-f]{64}$/

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

function wrongField(entry: object): string | null {
  const { seq, time, type, actor, data, previous } = entry as { readonly [Field in keyof Entry]?: unknown }
  if (!isCount(seq)) return 'seq is not a whole number'
  if (!isCount(time)) return 'time is not whole seconds'
  if (typeof type !== 'string' || type.length > 64 || !TYPE.test(type)) return 'type is not dotted lower-case words'
  if (typeof actor !== 'string' || actor === '' || actor.length > 256)
    return 'actor is not a name of at most 256 characters'
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return 'data is not an object'
  if (typeof previous !== 'string' || !HASH.test(previous)) return 'previous is not a 32-byte hash'
  if (Object.keys(entry).length !== FIELDS) return 'it has other fields than an entry'
  return null
}
