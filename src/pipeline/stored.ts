import { buildPlan } from '../build/safe-tx.ts'
import type { Plan } from '../build/plan.ts'
import { CustodyError } from '../errors.ts'
import { sha256 } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'
import { parseStoredRequest } from '../request/digest.ts'
import type { Request } from '../request/request.ts'
import { safeMessageDigests, safeTxDigests } from '../safe/hash.ts'
import type { SafeDigests } from '../safe/safe-tx.ts'
import type { Registers } from '../store/registers.ts'
import type { RequestRow } from '../store/schema.ts'
import { isAsLogged } from './logged-rows.ts'
import type { Parts } from './parts.ts'

/** A stored request whose row was held against the log and rebuilt from its own text. */
export interface Stored {
  readonly row: RequestRow
  readonly request: Request
  readonly digest: Hex
  readonly plan: Plan
  readonly digests: SafeDigests
}

export function planDigests(plan: Plan): SafeDigests {
  return plan.kind === 'safe-tx'
    ? safeTxDigests(plan.domain, plan.safeTx)
    : safeMessageDigests(plan.domain, plan.message)
}

/**
 * Reads a request by id, trusting nothing of the row: its text must hash to the digest that the log recorded,
 * and the plan rebuilt from that text must hash to the recorded effect (G2, the DMM shape).
 * @throws NOT_FOUND, REQUEST_ALTERED
 */
export async function loadStored(parts: Parts, registers: Registers, id: string): Promise<Stored> {
  const row = await parts.ledger.db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()
  const proposal = registers.proposals.get(id)
  if (row === undefined) {
    if (proposal !== undefined) await altered(parts, id, 'its row is gone')
    throw new CustodyError('NOT_FOUND', `There is no request "${id}".`, { next: 'Run coffer list.' })
  }
  if (proposal === undefined) return altered(parts, id, 'the log never recorded it')
  const digest = sha256(row.body)
  if (digest !== proposal.digest || row.digest !== proposal.digest)
    return altered(parts, id, 'its text has another digest')
  if (row.effect_digest !== proposal.effectDigest) return altered(parts, id, 'its stored safeTxHash is another one')
  if (!isAsLogged(row, registers)) return altered(parts, id, 'its columns or its state differ from the log')
  const request = parseStoredRequest(row.body)
  const same =
    request.id === row.id &&
    request.treasury === row.treasury &&
    request.chainId === row.chain_id &&
    request.safe === row.safe &&
    (request.nonce?.toString() ?? null) === row.nonce &&
    request.expiresAt === row.expires_at &&
    request.createdAt === row.created_at &&
    request.idempotencyKey === row.idempotency_key &&
    request.action.kind === row.kind &&
    row.seq === proposal.seq
  if (!same) return altered(parts, id, 'its columns differ from its text')
  const treasury = registers.treasuries.get(request.treasury)
  if (treasury === undefined) return altered(parts, id, 'its treasury is not known')
  const plan = buildPlan(request, { version: treasury.version })
  const digests = planDigests(plan)
  if (digests.digest !== proposal.effectDigest) return altered(parts, id, 'it would sign another effect')
  return { row, request, digest, plan, digests }
}

async function altered(parts: Parts, id: string, how: string): Promise<never> {
  await parts.ledger.commit(async ({ record }) => {
    record({ type: 'alarm.request-altered', actor: 'coffer', data: { id, how } })
  })
  throw new CustodyError('REQUEST_ALTERED', `Request ${id} is not what was proposed: ${how}.`, { details: { id } })
}
