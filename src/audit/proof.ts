import { CustodyError, excerpt } from '../errors.ts'
import { bytesToHex, type Hex, hexToBytes } from '../primitives/hex.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { inclusionProof, leafHash, verifyInclusion } from './merkle.ts'
import { decodeBase64 } from './note.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 leaves has paths of 53 hashes. */
const MAX_HASHES = 53

/**
 * A proof, in one file, that an entry is in the log of a signed checkpoint; kept as `.tlog-proof`.
 * `leaves` are the leaf hashes that the checkpoint covers, exactly as many as its size.
 * @throws NOT_FOUND when there is no entry of that index
 * @see https://c2sp.org/tlog-proof
 */
export function tlogProof(index: number, leaves: readonly Hex[], checkpoint: string): string {
  const path = inclusionProof(index, leaves).map((hash) => Buffer.from(hexToBytes(hash)).toString('base64'))
  return [HEADER, `index ${index}`, ...path, '', checkpoint].join('\n')
}

/** What a proof has shown: the entry's bytes stand at `index` of the log that `checkpoint` commits to. */
export interface ProvenInclusion extends Checkpoint {
  readonly index: number
}

/**
 * Checks a `.tlog-proof` for the entry with this canonical text. Everything but `vkey` may come from an
 * attacker. An `extra` line is allowed and ignored, because nothing authenticates it.
 * @throws PROOF_INVALID when it is malformed or does not show the entry; CHECKPOINT_INVALID for its checkpoint
 */
export function verifyTlogProof(proof: string, entryText: string, vkey: string): ProvenInclusion {
  const split = proof.indexOf('\n\n')
  if (split < 0) throw refused('expected a blank line before the checkpoint')
  const lines = proof.slice(0, split).split('\n')
  if (lines[0] !== HEADER) throw refused(`expected the first line "${HEADER}", got "${excerpt(lines[0] ?? '')}"`)
  const extra = lines[1]?.startsWith('extra ') === true ? lines[1].slice('extra '.length) : null
  if (extra !== null && decodeBase64(extra) === null) throw refused('the extra line is not base64')
  const [indexLine = '', ...hashLines] = lines.slice(extra === null ? 1 : 2)
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(indexLine)?.[1]
  if (index === undefined) throw refused(`expected an index line, got "${excerpt(indexLine)}"`)
  if (hashLines.length > MAX_HASHES) throw refused(`expected at most ${MAX_HASHES} hashes, got ${hashLines.length}`)
  const path = hashLines.map((line) => {
    const bytes = decodeBase64(line)
    if (bytes?.length !== 32) throw refused(`"${excerpt(line)}" is no base64 hash of 32 bytes`)
    return bytesToHex(bytes)
  })

  const checkpoint = parseCheckpoint(proof.slice(split + 2), vkey)
  const leaf = leafHash(Buffer.from(entryText))
  if (!verifyInclusion({ index: Number(index), leaf, head: checkpoint.head, proof: path })) {
    throw refused(`it does not show this entry at ${index} in a log of ${checkpoint.head.size} entries`)
  }
  return { ...checkpoint, index: Number(index) }
}

const refused = (why: string): CustodyError => new CustodyError('PROOF_INVALID', `The proof is refused: ${why}.`)
