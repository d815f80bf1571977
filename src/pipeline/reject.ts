import { CustodyError } from '../errors.ts'
import { openContext } from './context.ts'
import { parseStoredRequest } from '../request/digest.ts'
import type { RequestRow } from '../store/schema.ts'
import { loggedRows } from './logged-rows.ts'
import type { Parts } from './parts.ts'
import { type Proposed, proposeAction, REJECTION_KEY } from './propose.ts'
import { reconcile } from './reconcile.ts'
import { loadStored } from './stored.ts'

export type Rejected =
  /** Nobody had signed, so nothing needs to be burnt. */
  | { readonly withdrawn: true; readonly id: string }
  /** The empty transaction with the same nonce, to be approved and executed like any other. */
  | { readonly withdrawn: false; readonly id: string; readonly proposed: Proposed }

/**
 * Closes a proposal. Where a signature exists or may exist, only using up its nonce does that: the rejection is a
 * request of its own.
 * @throws NOT_FOUND, REQUEST_ALTERED, REQUEST_CLOSED
 */
export async function reject(
  parts: Parts,
  input: { readonly id: string; readonly memo?: string | undefined },
): Promise<Rejected> {
  const first = await loadStored(parts, await parts.ledger.registers(), input.id)
  await reconcile(parts, first.request.treasury)
  const stored = await loadStored(parts, await parts.ledger.registers(), input.id)
  const { row, request } = stored
  if (row.state !== 'open' && row.state !== 'signed')
    throw new CustodyError('REQUEST_CLOSED', `Request ${input.id} is ${row.state}.`)
  const withdrawn = await parts.ledger.commit(async ({ tx, registers, record }) => {
    const now = await tx
      .selectFrom('requests')
      .select(['exported', 'state'])
      .where('id', '=', input.id)
      .executeTakeFirstOrThrow()
    const touched = await tx
      .selectFrom('signatures')
      .select('owner')
      .where('request_id', '=', input.id)
      .executeTakeFirst()
    if (
      registers.exported.has(input.id) ||
      registers.signers.has(input.id) ||
      now.exported === 1 ||
      now.state === 'signed' ||
      touched !== undefined
    )
      return false
    await tx.updateTable('requests').set({ state: 'withdrawn' }).where('id', '=', input.id).execute()
    record({ type: 'request.withdrawn', actor: parts.actor, data: { id: input.id } })
    return true
  })
  if (withdrawn) return { withdrawn: true, id: input.id }
  if (request.nonce === null)
    throw new CustodyError('REQUEST_CLOSED', 'A signed message has no nonce and cannot be taken back.')
  const context = await openContext(parts, request.treasury)
  const { key, memo } = await rejectionKey(parts, row, input.memo)
  const proposed = await proposeAction(
    parts,
    context,
    { kind: 'rejection', rejects: request.id },
    {
      takesNonce: request.nonce,
      expires: '90d',
      memo,
      idempotencyKey: key,
    },
  )
  return { withdrawn: false, id: proposed.request.id, proposed }
}

// An open rejection of the request is used, whoever made it; else a new one is made.
async function rejectionKey(
  parts: Parts,
  row: RequestRow,
  memo: string | undefined,
): Promise<{ readonly key: string; readonly memo: string | undefined }> {
  const registers = await parts.ledger.registers()
  const before = (await loggedRows(parts, registers, { chainId: row.chain_id, safe: row.safe }))
    .flatMap(({ row: each }) => (each === null ? [] : [each]))
    .filter((each) => each.idempotency_key.startsWith(`${REJECTION_KEY}${row.id}:`))
  const open = before.find(
    (each) => (each.state === 'open' || each.state === 'signed') && each.expires_at > parts.clock.now(),
  )
  if (open === undefined) return { key: `${REJECTION_KEY}${row.id}:${before.length}`, memo }
  return { key: open.idempotency_key, memo: parseStoredRequest(open.body).memo ?? undefined }
}
