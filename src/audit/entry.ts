import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'

/** What a caller hands in; the log adds sequence, time and the link to the entry before. */
export interface EntryInput {
  /** Dotted words: `request.proposed`, `signature.collected`, `execution.mined`, … */
  readonly type: string
  /** Who: a principal, or `local:<user>`, or `coffer`. */
  readonly actor: string
  readonly data: { readonly [key: string]: Json }
}

/** One entry as stored: its RFC 8785 text is the RFC 6962 leaf. `previous` is the leaf hash of the entry before. */
export interface Entry extends EntryInput {
  readonly seq: number
  readonly time: Seconds
  readonly previous: Hex
}

/** A tree head. `root` is the RFC 6962 Merkle root of the first `size` entries. */
export interface TreeHead {
  readonly size: number
  readonly root: Hex
}
