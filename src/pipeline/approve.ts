import { CustodyError } from '../errors.ts'
import { principalOf } from '../policy/names.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { formatTime } from '../primitives/time.ts'
import { describeOwed, permitSignature, type SigningPermit } from '../quorum/permit.ts'
import type { Review } from '../review/review.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import { signOwner } from '../sign/owner.ts'
import type { Secret, Signer } from '../sign/signer.ts'
import { signApproval } from '../sign/statement.ts'
import type { Work } from '../store/ledger.ts'
import { type Context, openContext } from './context.ts'
import { isFrozen } from './freeze.ts'
import { assertApproved, decide, type Judgement, judge, ruleIdsOf } from './judge.ts'
import { reserve } from './limits.ts'
import type { Parts } from './parts.ts'
import { reconcile } from './reconcile.ts'
import { type Collected, collect, domainOf } from './signatures.ts'
import { loadStored, type Stored } from './stored.ts'

export interface ApproveInput {
  readonly id: string
  /** The digest that the person read in the review. */
  readonly digest: Hex
  readonly key: string
  readonly secret: Secret
  /** Address of an owner Safe that the key belongs to. */
  readonly asSafe?: Address | undefined
}

export interface Approved {
  readonly id: string
  readonly owner: Address
  /** false for a person who is no owner: the approval counts, no owner signature is made. */
  readonly signed: boolean
  readonly have: number
  readonly need: number
  readonly owed: string | null
  readonly ready: boolean
}

/** Everything about an open request at this moment. @throws NOT_FOUND, REQUEST_ALTERED, REQUEST_CLOSED */
export async function openRequest(
  parts: Parts,
  id: string,
): Promise<{ context: Context; stored: Stored; collected: Collected; judgement: Judgement }> {
  const registers = await parts.ledger.registers()
  const first = await loadStored(parts, registers, id)
  await reconcile(parts, first.request.treasury)
  const stored = await loadStored(parts, registers, id)
  if (stored.row.state !== 'open' && stored.row.state !== 'signed') {
    throw new CustodyError('REQUEST_CLOSED', `Request ${id} is ${stored.row.state}.`)
  }
  const context = await openContext(parts, stored.request.treasury)
  const collected = await collect(parts, context, stored)
  const judgement = await judge(parts, context, stored.request, stored.plan, collected.approvedBy)
  return { context, stored, collected, judgement }
}

/**
 * One person says yes. The approval over the request digest is recorded first; the owner signature follows when
 * it may: at once while it does not complete the threshold, else only when nothing more is owed and the limits
 * are reserved.
 * @throws APPROVAL_DIGEST, KEY_NOT_OWNER, APPROVAL_DUPLICATE, SIGNATURE_WAITS (the approval stays recorded),
 *   LIMIT_WINDOW, FROZEN, REQUEST_EXPIRED, POLICY_DENIED and its kin, and what the key throws
 */
export async function approve(parts: Parts, input: ApproveInput): Promise<Approved> {
  const { context, stored, judgement } = await openRequest(parts, input.id)
  if (input.digest.toLowerCase() !== stored.digests.digest) {
    throw new CustodyError(
      'APPROVAL_DIGEST',
      `Expected the digest ${stored.digests.digest} of ${input.id}, got ${input.digest}.`,
    )
  }
  assertApproved(judgement.decision)
  // Before anything is recorded: an approval of what has expired would mean nothing.
  if (parts.clock.now() >= stored.request.expiresAt) {
    throw new CustodyError('REQUEST_EXPIRED', `Request ${input.id} expired at ${formatTime(stored.request.expiresAt)}.`)
  }
  const record = context.registers.keys.get(input.key)
  if (record === undefined)
    throw new CustodyError('NOT_FOUND', `There is no key "${input.key}".`, { next: 'Run coffer key list.' })
  const via = input.asSafe === undefined ? null : await ownerSafe(parts, context, input.asSafe)
  const members = via === null ? context.account.owners : via.owners
  const isOwner = members.some((address) => sameAddress(address, record.address))
  const principal = principalOf(context.policy, record.address)
  if (!isOwner && (principal === null || via !== null)) {
    throw new CustodyError(
      'KEY_NOT_OWNER',
      `Key ${input.key} (${record.address}) is no owner of ${via === null ? context.treasury.name : via.address} and no principal of the policy.`,
    )
  }
  await refuseRepeat(parts, stored, record.address, via)
  const signer = await parts.openSigner(record, input.secret)
  try {
    if (via === null) await recordApproval(parts, stored, signer, principal ?? `owner:${record.address}`)
    if (!isOwner) return await progress(parts, context, stored, judgement.review, record.address, false)
    const permit = await permitted(
      parts,
      context,
      stored,
      judgement.review,
      via === null ? record.address : via.address,
      record.address,
      via,
    )
    const signature = await signOwner(permit, stored.plan, signer, via === null ? null : domainOf(via))
    await parts.ledger.commit(async (work) => {
      await work.tx
        .updateTable('signatures')
        .set({ signature, at: parts.clock.now() })
        .where('request_id', '=', input.id)
        .where('owner', '=', record.address)
        .where('via', '=', via?.address ?? '')
        .execute()
      work.record({
        type: 'signature.made',
        actor: principal ?? `owner:${record.address}`,
        data: {
          id: input.id,
          owner: record.address,
          via: via?.address ?? null,
          effectDigest: stored.digests.digest,
          signature,
          key: record.name,
        },
      })
      await markSigned(work, context, stored)
    })
    return await progress(parts, context, stored, judgement.review, record.address, true)
  } finally {
    await signer.close()
  }
}

async function refuseRepeat(parts: Parts, stored: Stored, owner: Address, via: SafeState | null): Promise<void> {
  const row = await parts.ledger.db
    .selectFrom('signatures')
    .selectAll()
    .where('request_id', '=', stored.row.id)
    .where('owner', '=', owner)
    .where('via', '=', via?.address ?? '')
    .executeTakeFirst()
  if (row !== undefined && row.signature !== null)
    throw new CustodyError('APPROVAL_DUPLICATE', `${owner} has signed ${stored.row.id} already.`)
}

async function ownerSafe(parts: Parts, context: Context, address: Address): Promise<SafeState> {
  if (!context.account.owners.some((owner) => sameAddress(owner, address))) {
    throw new CustodyError('KEY_NOT_OWNER', `The Safe ${address} is no owner of ${context.treasury.name}.`)
  }
  return parts.readSafe(context.chain, address)
}

async function recordApproval(parts: Parts, stored: Stored, signer: Signer, principal: string): Promise<void> {
  const known = await parts.ledger.db
    .selectFrom('approvals')
    .select('address')
    .where('request_id', '=', stored.row.id)
    .where('address', '=', signer.address)
    .executeTakeFirst()
  if (known !== undefined) return
  const head = await parts.ledger.head()
  const subject = {
    chainId: stored.request.chainId,
    requestDigest: stored.digest,
    effectDigest: stored.digests.digest,
    logSize: head.size,
    logRoot: head.root,
  }
  await parts.ledger.commit(async ({ record }) => {
    record({ type: 'approval.intended', actor: principal, data: { id: stored.row.id, address: signer.address } })
  })
  const signature = await signApproval(subject, signer)
  await parts.ledger.commit(async ({ tx, record }) => {
    await tx
      .insertInto('approvals')
      .values({
        request_id: stored.row.id,
        address: signer.address,
        principal,
        signature,
        log_size: head.size,
        log_root: head.root,
        at: parts.clock.now(),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    record({
      type: 'approval.given',
      actor: principal,
      data: {
        id: stored.row.id,
        address: signer.address,
        requestDigest: stored.digest,
        effectDigest: stored.digests.digest,
        logSize: head.size,
        logRoot: head.root,
        signature,
      },
    })
  })
}

// Decides and records inside one transaction, so that two owners signing at the same moment cannot both believe
// that they are not the one who completes the threshold.
async function permitted(
  parts: Parts,
  context: Context,
  stored: Stored,
  review: Review,
  owner: Address,
  member: Address,
  via: SafeState | null,
): Promise<SigningPermit> {
  const collected = await collect(parts, context, stored)
  return parts.ledger.commit(async (work) => {
    const now = parts.clock.now()
    const here = { ...context, registers: work.registers }
    const state = await work.tx
      .selectFrom('requests')
      .select('state')
      .where('id', '=', stored.row.id)
      .executeTakeFirstOrThrow()
    if (state.state !== 'open' && state.state !== 'signed')
      throw new CustodyError('REQUEST_CLOSED', `Request ${stored.row.id} is ${state.state}.`)
    // From the log: rows may have been deleted to make this signature look like an early one. Once the bytes to
    // sign were handed out, every other owner may have signed elsewhere.
    const elsewhere = work.registers.exported.has(stored.row.id) ? context.account.owners : []
    const committed = [...collected.committed, ...(work.registers.signers.get(stored.row.id) ?? []), ...elsewhere]
    const decision = decide(here, stored.request, review, collected.approvedBy, now)
    const actor = `owner:${member}`
    const intentSeq = work.record({
      type: 'signature.intended',
      actor,
      data: {
        id: stored.row.id,
        owner: member,
        via: via?.address ?? null,
        effectDigest: stored.digests.digest,
        policyHash: decision.policyHash,
      },
    })
    const permit = permitSignature({
      request: stored.request,
      requestDigest: stored.digest,
      effectDigest: stored.digests.digest,
      decision,
      simulation: review.simulation,
      owner,
      committed,
      threshold: context.account.threshold,
      now,
      frozen: isFrozen(work.registers, now),
      intentSeq,
    })
    if (permit.completes) {
      reserve(
        work,
        {
          request: stored.row.id,
          treasury: stored.request.treasury,
          chainId: stored.request.chainId,
          ruleIds: ruleIdsOf(context),
          now,
          actor,
        },
        decision.reservations,
      )
      // From here on the effect is live: a crash after this line leaves it counted, never the other way round.
      await work.tx.updateTable('requests').set({ state: 'signed' }).where('id', '=', stored.row.id).execute()
    }
    await work.tx
      .insertInto('signatures')
      .values({ request_id: stored.row.id, owner: member, via: via?.address ?? '', signature: null, at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return permit
  })
}

/** Marks a request as live on chain once its owners reach the threshold. */
export async function markSigned(work: Work, context: Context, stored: Stored): Promise<void> {
  const rows = await work.tx
    .selectFrom('signatures')
    .select(['owner', 'via'])
    .where('request_id', '=', stored.row.id)
    .where('signature', 'is not', null)
    .execute()
  const owners = new Set(rows.map((row) => (row.via === '' ? row.owner : row.via)))
  if (owners.size >= context.account.threshold)
    await work.tx.updateTable('requests').set({ state: 'signed' }).where('id', '=', stored.row.id).execute()
}

/** Where the request stands after a person acted. */
export async function progress(
  parts: Parts,
  context: Context,
  stored: Stored,
  review: Review,
  owner: Address,
  signed: boolean,
): Promise<Approved> {
  const collected = await collect(parts, context, stored)
  const registers = await parts.ledger.registers()
  const decision = decide({ ...context, registers }, stored.request, review, collected.approvedBy, parts.clock.now())
  const owed = describeOwed(decision)
  const have = collected.owners.length
  return {
    id: stored.row.id,
    owner,
    signed,
    have,
    need: context.account.threshold,
    owed,
    ready: owed === null && have >= context.account.threshold,
  }
}
