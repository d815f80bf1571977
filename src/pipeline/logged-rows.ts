import { sha256 } from '../primitives/hash.ts'
import type { Registers } from '../store/registers.ts'
import type { RequestRow } from '../store/schema.ts'
import type { Parts } from './parts.ts'

export interface LoggedRow {
  readonly id: string
  /** null when the row is gone or says something else than the log: nothing is concluded from it then. */
  readonly row: RequestRow | null
}

/** Every request of the log, or of one Safe, with its row where that can be believed. In the order of the log. */
export async function loggedRows(
  parts: Parts,
  registers: Registers,
  of: { readonly chainId: number; readonly safe: string } | null,
): Promise<readonly LoggedRow[]> {
  const rows = new Map((await parts.ledger.db.selectFrom('requests').selectAll().execute()).map((row) => [row.id, row]))
  return [...registers.proposals]
    .filter(([, { chainId, safe }]) => of === null || (chainId === of.chainId && safe === of.safe))
    .map(([id]) => {
      const row = rows.get(id)
      return { id, row: row !== undefined && isAsLogged(row, registers) ? row : null }
    })
}

/** Whether the parts of a row that never change are the ones that the log recorded. */
export function isAsLogged(row: RequestRow, registers: Registers): boolean {
  const proposal = registers.proposals.get(row.id)
  if (proposal === undefined) return false
  const { digest, effectDigest, chainId, safe, nonce, treasury } = proposal
  return (
    sha256(row.body) === digest &&
    row.digest === digest &&
    row.effect_digest === effectDigest &&
    row.chain_id === chainId &&
    row.safe === safe &&
    row.nonce === nonce &&
    row.treasury === treasury &&
    (row.state === 'withdrawn') === registers.withdrawn.has(row.id)
  )
}
