import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCheckpoint } from '../audit/checkpoint.ts'
import type { Entry, TreeHead } from '../audit/entry.ts'
import { exportLines } from '../audit/export.ts'
import { tlogProof, verifyTlogProof } from '../audit/proof.ts'
import { verifyAgainst, verifyEntries } from '../audit/verify.ts'
import { CustodyError } from '../errors.ts'
import type { Parts } from '../pipeline/parts.ts'

/** Entries from `from` on, at most `limit`, oldest first. */
export async function listEntries(
  parts: Parts,
  from: number,
  limit: number,
  type: string | undefined,
): Promise<readonly Entry[]> {
  const entries = (await parts.ledger.entries(from)).map(({ entry }) => entry)
  return entries.filter((entry) => type === undefined || entry.type.startsWith(type)).slice(0, limit)
}

export interface Verified extends TreeHead {
  readonly verified: true
  /** Size of the older checkpoint that the log was proven to extend; null when none was given. */
  readonly since: number | null
}

/**
 * Recomputes the whole log, holds it against the stored checkpoint and, where given, against an older one kept
 * elsewhere.
 * @throws LOG_ENTRY_INVALID, LOG_INCONSISTENT, CHECKPOINT_INVALID
 */
export async function verifyLog(parts: Parts, since: string | undefined): Promise<Verified> {
  const entries = await parts.ledger.entries()
  const { head } = verifyEntries(entries.map(({ entry, text, leaf }) => ({ seq: entry.seq, text, leaf })))
  const leaves = entries.map(({ leaf }) => leaf)
  const { logKey } = parts.home.root
  verifyAgainst([parseCheckpoint(await parts.ledger.checkpoint(), logKey).head], leaves)
  const older = since === undefined ? null : parseCheckpoint(since, logKey).head
  if (older !== null) verifyAgainst([older], leaves)
  return { ...head, verified: true, since: older?.size ?? null }
}

/** A C2SP `.tlog-proof` that entry `seq` is in the log, checked before it is handed out. @throws NOT_FOUND */
export async function proveEntry(
  parts: Parts,
  seq: number,
): Promise<{ readonly seq: number; readonly proof: string; readonly text: string }> {
  const checkpoint = await parts.ledger.checkpoint()
  const { head } = parseCheckpoint(checkpoint, parts.home.root.logKey)
  const entries = (await parts.ledger.entries()).slice(0, head.size)
  const found = entries[seq]
  if (found === undefined)
    throw new CustodyError('NOT_FOUND', `The log has ${entries.length} entries; there is no entry ${seq}.`)
  const proof = tlogProof(
    seq,
    entries.map(({ leaf }) => leaf),
    checkpoint,
  )
  verifyTlogProof(proof, found.text, parts.home.root.logKey)
  return { seq, proof, text: found.text }
}

/** The entry that recorded a request. @throws NOT_FOUND */
export async function sequenceOf(parts: Parts, id: string): Promise<number> {
  if (/^(0|[1-9][0-9]{0,14})$/.test(id)) return Number(id)
  const proposal = (await parts.ledger.registers()).proposals.get(id)
  if (proposal === undefined) throw new CustodyError('NOT_FOUND', `There is no request or log entry "${id}".`)
  return proposal.seq
}

/** Writes entries.jsonl, checkpoint and vkey: what anybody needs to verify the log with another tool. @throws FILE_EXISTS */
export async function exportLog(
  parts: Parts,
  directory: string,
): Promise<{ readonly directory: string; readonly size: number }> {
  const checkpoint = await parts.ledger.checkpoint()
  const { head } = parseCheckpoint(checkpoint, parts.home.root.logKey)
  const entries = (await parts.ledger.entries()).slice(0, head.size)
  try {
    // What waits to be executed is in there with its signatures.
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(join(directory, 'entries.jsonl'), [...exportLines(entries)].join(''), { flag: 'wx', mode: 0o600 })
    writeFileSync(join(directory, 'checkpoint'), checkpoint, { flag: 'wx' })
    writeFileSync(join(directory, 'vkey'), `${parts.home.root.logKey}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CustodyError('FILE_EXISTS', `There are files of an export in ${directory} already.`)
    throw new CustodyError(
      'FILE_UNREADABLE',
      `Could not write to ${directory}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}.`,
    )
  }
  return { directory, size: head.size }
}
