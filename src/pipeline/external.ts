import { CustodyError } from '../errors.ts'
import type { Decision } from '../policy/decision.ts'
import { principalOf } from '../policy/names.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { type Collection, collectOwnerSignature } from '../quorum/owners.ts'
import { describeOwed } from '../quorum/permit.ts'
import type { SafeDigests } from '../safe/safe-tx.ts'
import { safeMessageTypedData, safeTxTypedData, type TypedDataDocument } from '../safe/typed-data.ts'
import { type Approved, markSigned, openRequest, progress } from './approve.ts'
import { isFrozen } from './freeze.ts'
import { assertApproved, decide, ruleIdsOf } from './judge.ts'
import { reserve } from './limits.ts'
import type { Parts } from './parts.ts'

export interface Exported {
  readonly id: string
  /** For any EIP-712 signer: eth_signTypedData_v4, cast wallet sign --data, a hardware wallet. */
  readonly typedData: TypedDataDocument
  /** What the device should show, under its ERC-8213 names. */
  readonly digests: SafeDigests
}

/**
 * Hands out the bytes to sign. From then on somebody may hold signatures that Coffer never sees, so everything but
 * the approvals that those signatures are themselves must be met, and the limits are reserved, as if they existed.
 * @throws SIGNATURE_WAITS, SIMULATION_FAILED, FROZEN, REQUEST_EXPIRED, LIMIT_WINDOW, POLICY_DENIED and its kin
 */
export async function exportRequest(parts: Parts, id: string): Promise<Exported> {
  const { context, stored, collected, judgement } = await openRequest(parts, id)
  assertApproved(judgement.decision)
  await parts.ledger.commit(async (work) => {
    const now = parts.clock.now()
    if (now >= stored.request.expiresAt) throw new CustodyError('REQUEST_EXPIRED', `Request ${id} has expired.`)
    if (isFrozen(work.registers, now) && stored.request.action.kind !== 'rejection')
      throw new CustodyError('FROZEN', 'Coffer is frozen; nothing is handed out to sign.')
    const decision = decide(
      { ...context, registers: work.registers },
      stored.request,
      judgement.review,
      collected.approvedBy,
      now,
    )
    if (decision.owed.notBefore !== null) {
      throw new CustodyError(
        'SIGNATURE_WAITS',
        `The bytes to sign are handed out only when nothing but approvals is owed; the policy still asks for ${describeOwed(decision) ?? 'a delay'}.`,
        { details: { owed: decision.owed } },
      )
    }
    const { simulation } = judgement.review
    if (
      simulation.status !== 'succeeded' &&
      stored.request.action.kind !== 'message' &&
      stored.request.action.kind !== 'rejection'
    ) {
      throw new CustodyError(
        'SIMULATION_FAILED',
        `The transaction would fail, so its bytes are not handed out: ${simulation.reason ?? 'no reason given'}.`,
      )
    }
    const signed = new Set([...collected.committed, ...(work.registers.signers.get(id) ?? [])])
    const owedWith = (owners: readonly Address[]) => {
      const names = owners.map((owner) => principalOf(context.policy, owner) ?? `owner:${owner}`)
      return decide(
        { ...context, registers: work.registers },
        stored.request,
        judgement.review,
        [...collected.approvedBy, ...names],
        now,
      ).owed.approvals
    }
    if (
      fallsShort(
        context.account.owners.filter((owner) => !signed.has(owner)),
        context.account.threshold - signed.size,
        owedWith,
      )
    ) {
      throw new CustodyError(
        'SIGNATURE_WAITS',
        `Signatures made elsewhere could complete the threshold while the policy still asks for ${describeOwed(decision) ?? 'approvals'}.`,
        { details: { owed: decision.owed } },
      )
    }
    reserve(
      work,
      {
        request: id,
        treasury: stored.request.treasury,
        chainId: stored.request.chainId,
        ruleIds: ruleIdsOf(context),
        now,
        actor: parts.actor,
      },
      decision.reservations,
    )
    work.record({ type: 'request.exported', actor: parts.actor, data: { id, effectDigest: stored.digests.digest } })
    await work.tx.updateTable('requests').set({ exported: 1 }).where('id', '=', id).execute()
  })
  const { plan } = stored
  return {
    id,
    typedData:
      plan.kind === 'safe-tx'
        ? safeTxTypedData(plan.domain, plan.safeTx)
        : safeMessageTypedData(plan.domain, plan.message),
    digests: stored.digests,
  }
}

/**
 * Whether some set of owners could complete the threshold and leave approvals owed. Each signature is an approval
 * too where its owner counts for the rule; the worst set is the one with the fewest of those.
 */
function fallsShort(
  remaining: readonly Address[],
  missing: number,
  owedWith: (owners: readonly Address[]) => Decision['owed']['approvals'],
): boolean {
  return owedWith([]).some(({ group, need, have }) => {
    const idle = remaining.filter(
      (owner) => (owedWith([owner]).find((demand) => demand.group === group)?.have ?? need) <= have,
    )
    return have + Math.max(0, missing - idle.length) < need
  })
}

/**
 * Takes an owner signature made elsewhere, checked by recovering it. One that recovers to somebody else means
 * that person signed something else: it is refused and an alarm is logged.
 * @throws SIGNATURE_INVALID, SIGNER_NOT_OWNER, APPROVAL_DUPLICATE, REQUEST_CLOSED
 */
export async function takeSignature(
  parts: Parts,
  id: string,
  signature: Hex,
  claimed: Address | null = null,
): Promise<Approved> {
  const { context, stored, collected, judgement } = await openRequest(parts, id)
  const { owner, parsed } = await collectOrAlarm(parts, id, {
    digest: stored.digests.digest,
    signature,
    state: context.account,
    signed: collected.owners.map((known) => known.owner),
    ...(claimed !== null && { claimed }),
  })
  if (parsed.kind !== 'ecdsa' && parsed.kind !== 'eth-sign')
    throw new CustodyError('SIGNATURE_INVALID', 'Expected a signature of an owner’s key.')
  await parts.ledger.commit(async (work) => {
    const now = parts.clock.now()
    const decision = decide(
      { ...context, registers: work.registers },
      stored.request,
      judgement.review,
      collected.approvedBy,
      now,
    )
    // The signature exists whatever we think of it, so it counts against the limits even where it breaks them.
    reserve(
      work,
      {
        request: id,
        treasury: stored.request.treasury,
        chainId: stored.request.chainId,
        ruleIds: ruleIdsOf(context),
        now,
        actor: `owner:${owner}`,
        force: true,
      },
      decision.reservations,
    )
    await work.tx
      .insertInto('signatures')
      .values({ request_id: id, owner, via: '', signature: parsed.signature, at: now })
      .onConflict((conflict) =>
        conflict.columns(['request_id', 'owner', 'via']).doUpdateSet({ signature: parsed.signature, at: now }),
      )
      .execute()
    work.record({
      type: 'signature.collected',
      actor: principalOf(context.policy, owner) ?? `owner:${owner}`,
      data: { id, owner, effectDigest: stored.digests.digest, signature: parsed.signature },
    })
    await markSigned(work, context, stored)
  })
  return progress(parts, context, stored, judgement.review, owner, true)
}

// A signature by somebody else means that this person signed something else: worth an alarm, whoever sent it in.
async function collectOrAlarm(
  parts: Parts,
  id: string,
  collection: Collection,
): Promise<ReturnType<typeof collectOwnerSignature>> {
  try {
    return collectOwnerSignature(collection)
  } catch (error) {
    if (error instanceof CustodyError && error.code === 'SIGNER_NOT_OWNER') {
      await parts.ledger.commit(async ({ record }) => {
        record({
          type: 'alarm.signer-not-owner',
          actor: parts.actor,
          data: {
            id,
            effectDigest: collection.digest,
            recovered: String(error.details['recovered']),
            claimed: collection.claimed ?? null,
            signature: collection.signature,
          },
        })
      })
    }
    throw error
  }
}
