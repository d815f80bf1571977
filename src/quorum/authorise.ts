import { CustodyError } from '../errors.ts'
import type { Decision, Owed, ReservationDemand } from '../policy/decision.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { formatTime, type Seconds } from '../primitives/time.ts'
import type { Request } from '../request/request.ts'
import { type OwnerSignature, parseOwnerSignature } from '../safe/signature.ts'

export interface AuthoriseInput {
  /** Made now, by the active policy, with the approvals that are in. */
  readonly decision: Decision
  readonly request: Request
  readonly requestDigest: Hex
  /** safeTxHash or SafeMessage hash, computed from the fields. */
  readonly effectDigest: Hex
  /** As stored. Plain signatures are recovered again here; approved hashes and contract signatures the caller asked the chain about. */
  readonly signatures: readonly OwnerSignature[]
  readonly owners: readonly Address[]
  readonly threshold: number
  readonly now: Seconds
  readonly frozen: boolean
}

declare const brand: unique symbol

/** Leave to take one request to the chain, given by `authorise` alone. */
export interface Authorisation {
  readonly [brand]: true
  readonly requestId: string
  readonly requestDigest: Hex
  readonly effectDigest: Hex
  /** At least the threshold, each of another current owner. */
  readonly signatures: readonly OwnerSignature[]
  /** What must be reserved before the transaction is sent. */
  readonly reservations: readonly ReservationDemand[]
  readonly policyHash: Hex
  readonly policyVersion: number
  readonly givenAt: Seconds
}

// A type can be asserted away; membership here cannot.
const given = new WeakSet<object>()

/**
 * Gives leave to execute, or says what is owed.
 * @throws the decision's own code when it is not `approved`; FROZEN, REQUEST_EXPIRED, REQUEST_ALTERED when a stored
 *   signature is not by its owner over this effect, APPROVAL_MISSING, SIGNATURE_WAITS
 */
export function authorise(input: AuthoriseInput): Authorisation {
  const { decision, request, threshold, now } = input
  refuseVerdict(decision)
  if (decision.owed.frozen || (input.frozen && request.action.kind !== 'rejection')) {
    throw new CustodyError('FROZEN', `Coffer is frozen; request ${request.id} waits.`, {
      details: { owed: decision.owed },
    })
  }
  if (!(now < request.expiresAt)) {
    throw new CustodyError('REQUEST_EXPIRED', `Request ${request.id} expired at ${formatTime(request.expiresAt)}.`, {
      details: { expiresAt: request.expiresAt },
    })
  }
  const signatures = distinctSignatures(input)
  if (!(Number.isSafeInteger(threshold) && threshold >= 1 && signatures.length >= threshold)) {
    throw new CustodyError(
      'APPROVAL_MISSING',
      `Expected signatures of ${threshold} owners, got ${signatures.length}.`,
      {
        details: { need: threshold, have: signatures.length, signed: signatures.map(({ owner }) => owner) },
      },
    )
  }
  refuseOwed(decision.owed, now)
  const authorisation = Object.freeze({
    requestId: request.id,
    requestDigest: input.requestDigest,
    effectDigest: input.effectDigest,
    signatures: Object.freeze(signatures),
    reservations: decision.reservations,
    policyHash: decision.policyHash,
    policyVersion: decision.policyVersion,
    givenAt: now,
  }) as unknown as Authorisation
  given.add(authorisation)
  return authorisation
}

/** Refuses an object that only looks like an authorisation. @throws APPROVAL_MISSING */
export function assertAuthorised(authorisation: Authorisation): void {
  if (!given.has(authorisation))
    throw new CustodyError('APPROVAL_MISSING', 'Expected an authorisation of the quorum stage, got another object.')
}

function refuseVerdict({ verdict, refusal }: Decision): void {
  if (verdict === 'approved') return
  const { code, message, next } = refusal ?? {
    code: 'POLICY_FAILED' as const,
    message: 'The policy gave no verdict.',
    next: undefined,
  }
  throw new CustodyError(code, message, next === undefined ? {} : { next })
}

function distinctSignatures({ signatures, owners, effectDigest }: AuthoriseInput): readonly OwnerSignature[] {
  const kept: OwnerSignature[] = []
  for (const signature of signatures) {
    if (signature.kind === 'ecdsa' || signature.kind === 'eth-sign') {
      const { owner } = parseOwnerSignature(effectDigest, signature.signature)
      if (!sameAddress(owner, signature.owner)) {
        throw new CustodyError(
          'REQUEST_ALTERED',
          `The stored signature of ${signature.owner} recovers to ${owner} over the effect as it is now.`,
          { details: { recovered: owner, effectDigest } },
        )
      }
    }
    // Somebody who is no owner any more signed in good faith; the signature only does not count.
    if (!owners.some((owner) => sameAddress(owner, signature.owner))) continue
    if (!kept.some(({ owner }) => sameAddress(owner, signature.owner))) kept.push(signature)
  }
  return kept
}

function refuseOwed(owed: Owed, now: Seconds): void {
  const details = { owed }
  if (owed.approvals.length > 0) {
    const words = owed.approvals.map(
      ({ group, need, have, rule }) =>
        `${need - have} more of ${need} approvals ${group === null ? 'of principals' : `of the group ${group}`} (rule ${rule})`,
    )
    throw new CustodyError('APPROVAL_MISSING', `The execution waits for ${words.join('; ')}.`, { details })
  }
  if (owed.notBefore !== null && !(now >= owed.notBefore)) {
    throw new CustodyError(
      'SIGNATURE_WAITS',
      `The execution waits for its delay, until ${formatTime(owed.notBefore)}.`,
      { details },
    )
  }
}
