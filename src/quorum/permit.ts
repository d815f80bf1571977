import { CustodyError } from '../errors.ts'
import type { Decision } from '../policy/decision.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { formatTime, type Seconds } from '../primitives/time.ts'
import type { Request } from '../request/request.ts'
import type { Simulation } from '../review/review.ts'

declare const permitted: unique symbol

/** Leave to make one owner signature over one effect. Only `permitSignature` makes it, so leaving it out does not compile. */
export interface SigningPermit {
  readonly [permitted]: true
  readonly requestDigest: Hex
  readonly effectDigest: Hex
  readonly owner: Address
  /** Whether this signature completes the threshold: the point of no return. */
  readonly completes: boolean
  /** Log entry that records the intent; durable before the key is touched. */
  readonly intentSeq: number
}

export interface PermitInput {
  readonly request: Request
  readonly requestDigest: Hex
  readonly effectDigest: Hex
  readonly decision: Decision
  readonly simulation: Simulation
  readonly owner: Address
  /** Owners who signed, who are about to, or whose signature may exist elsewhere. */
  readonly committed: readonly Address[]
  readonly threshold: number
  readonly now: Seconds
  readonly frozen: boolean
  readonly intentSeq: number
}

/** Whether one more signature of `owner` makes the threshold. */
export function completes(input: Pick<PermitInput, 'owner' | 'committed' | 'threshold'>): boolean {
  const others = input.committed.filter((address) => !sameAddress(address, input.owner))
  // Written so that a threshold which is no number counts as complete, and everything must be in place.
  return !(new Set(others.map((address) => address.toLowerCase())).size + 1 < input.threshold)
}

/**
 * A signed SafeTx never expires, so the signature that completes the threshold is made only when the decision
 * owes nothing more (G1). Earlier ones need an approved verdict and an open request.
 * @throws POLICY_DENIED and its kin, REQUEST_EXPIRED, FROZEN, SIMULATION_FAILED, SIGNATURE_WAITS
 */
export function permitSignature(input: PermitInput): SigningPermit {
  const { request, decision } = input
  if (decision.verdict !== 'approved') {
    throw new CustodyError(
      decision.refusal?.code ?? 'POLICY_FAILED',
      decision.refusal?.message ?? 'The policy gave no verdict.',
    )
  }
  const rejection = request.action.kind === 'rejection'
  if (input.frozen && !rejection)
    throw new CustodyError('FROZEN', 'Coffer is frozen; nothing is signed but rejections.')
  if (!(input.now < request.expiresAt))
    throw new CustodyError('REQUEST_EXPIRED', `Request ${request.id} expired at ${formatTime(request.expiresAt)}.`)
  const last = completes(input)
  if (last) {
    if (request.action.kind !== 'message' && !rejection && input.simulation.status !== 'succeeded') {
      throw new CustodyError(
        'SIMULATION_FAILED',
        `The transaction ${input.simulation.status === 'reverted' ? 'would fail' : 'could not be simulated'}: ${input.simulation.reason ?? 'no reason given'}.`,
      )
    }
    const owed = describeOwed(decision)
    if (owed !== null)
      throw new CustodyError(
        'SIGNATURE_WAITS',
        `This signature would complete the threshold, but the policy still asks for ${owed}.`,
        { details: { owed: decision.owed } },
      )
  }
  return {
    requestDigest: input.requestDigest,
    effectDigest: input.effectDigest,
    owner: input.owner,
    completes: last,
    intentSeq: input.intentSeq,
  } as SigningPermit
}

/** What is owed, in words; null when nothing is. */
export function describeOwed(decision: Decision): string | null {
  const words = decision.owed.approvals
    .filter(({ need, have }) => have < need)
    .map(
      ({ group, need, have, rule }) =>
        `${need - have} more approval${need - have === 1 ? '' : 's'}${group === null ? '' : ` of group ${group}`} (rule ${rule})`,
    )
  if (decision.owed.notBefore !== null) words.push(`waiting until ${formatTime(decision.owed.notBefore)}`)
  if (decision.owed.frozen) words.push('the freeze to end')
  return words.length === 0 ? null : words.join(' and ')
}
