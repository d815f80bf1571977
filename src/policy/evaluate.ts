import { CustodyError, type ErrorCode, excerpt } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Creator, Request } from '../request/request.ts'
import type { Effect, Simulation } from '../review/review.ts'
import { contradiction, incoherence } from './coherence.ts'
import type { Decision, Owed, ReservationDemand, RuleOutcome } from './decision.ts'
import { amountText, describeEffect, describeMismatch } from './describe.ts'
import { amountOf, type Mismatch, mismatches } from './match.ts'
import { principalOf } from './names.ts'
import { owedOf } from './owed.ts'
import type { AllowRule, DenyRule, Policy } from './policy.ts'

export interface Evaluation {
  readonly policy: Policy
  readonly request: Request
  readonly effects: readonly Effect[]
  readonly simulation: Simulation | null
  /** Principals whose approvals were verified over this request; repeats count once. */
  readonly approvedBy: readonly string[]
  /** Base units reserved and settled in the last 24 hours under a rule, without this request. May throw: that is a refusal. */
  readonly usage: (rule: string, token: Address | null) => bigint
  readonly now: Seconds
  readonly frozen: boolean
}

/** One rule with the effects it matches; `total` is their sum. */
export interface Match<R> {
  readonly rule: R
  readonly effects: readonly Effect[]
  readonly total: bigint
}

/** An allow rule that misses an effect by one condition only. */
interface Near {
  readonly rule: AllowRule
  readonly mismatch: Mismatch
  readonly total: bigint
}

interface Matches {
  readonly allow: readonly Match<AllowRule>[]
  readonly deny: readonly Match<DenyRule>[]
  readonly near: ReadonlyMap<Effect, Near>
}

const WINDOW: Seconds = 86_400
const NOTHING_OWED: Owed = { approvals: [], notBefore: null, frozen: false }

/**
 * Judges one request by the policy. Pure and total: what cannot be judged comes back as `failed`, which counts
 * as denied. The order of the rules never matters.
 *
 * A matching deny rule wins. Every effect needs an allow rule, and all that match bind together: each one's
 * limits over the sum of what it matches, the highest count for each group, the longest delay.
 */
export function evaluate(input: Evaluation): Decision {
  try {
    return judge(input)
  } catch (error) {
    const why = error instanceof CustodyError ? error.message : `${excerpt(String(error), 160)}.`
    return refuse(input, 'failed', 'POLICY_FAILED', `The policy could not be judged: ${why}`)
  }
}

function judge(input: Evaluation): Decision {
  const { policy, request, effects, simulation } = input
  const odd = incoherence(request, effects)
  if (odd !== null) return refuse(input, 'failed', 'POLICY_FAILED', `The policy could not be judged: ${odd}.`)
  // What a refund costs is known only after execution, so no limit could hold it.
  if (request.refund !== null && request.refund.gasPrice > 0n) {
    return refuse(
      input,
      'denied',
      'POLICY_DENIED',
      'No rule can allow a gas refund out of the Safe: its amount has no bound. Expected gasPrice 0.',
    )
  }
  const delegatecall = effects.find((effect) => effect.kind === 'delegatecall')
  if (delegatecall !== undefined) {
    return refuse(
      input,
      'denied',
      'DELEGATECALL_DENIED',
      `No rule can allow ${describeEffect(policy, delegatecall, request.chainId)} (${excerpt(delegatecall.where)}).`,
    )
  }
  if (effects.some((effect) => effect.kind === 'message' && /^Safe(?:Tx|Message)$/.test(effect.primaryType ?? ''))) {
    return refuse(
      input,
      'denied',
      'OPAQUE_MESSAGE',
      'No rule can allow a Safe type as a message: its signature would stand for a transaction.',
    )
  }
  const judged = effects.filter((effect) => effect.kind !== 'rejection')
  if (judged.length === 0) return { ...base(policy), verdict: 'approved', refusal: null }

  const initiator = initiatorOf(policy, request.creator)
  const matches = matchAll(input, judged, initiator)
  const spoke = outcomes(input, matches)
  const [denied] = matches.deny
  if (denied !== undefined) {
    const what = describeEffect(policy, denied.effects[0] as Effect, request.chainId)
    return refuse(
      input,
      'denied',
      'POLICY_DENIED',
      `Rule ${denied.rule.id} denies ${what}: ${denied.rule.reason}.`,
      spoke,
    )
  }
  const uncovered = judged.find((effect) => !matches.allow.some((match) => match.effects.includes(effect)))
  if (uncovered !== undefined) return refuseUncovered(input, uncovered, matches.near.get(uncovered), initiator, spoke)

  const reservations = matches.allow.flatMap((match) => reservationOf(match))
  const limit = limitRefusal(matches.allow, input.usage)
  // With what it would have reserved: a signature made elsewhere counts although it is refused here.
  if (limit !== null) return { ...refuse(input, 'denied', limit.code, limit.message, spoke), reservations }
  const contradicted = contradiction(request, effects, simulation)
  if (contradicted !== null)
    return refuse(
      input,
      'denied',
      'POLICY_DENIED',
      `Expected only the effects of the decoded calls, but ${contradicted}.`,
      spoke,
    )
  const blind = matches.allow.find(({ rule }) => rule.simulationRequired && simulation?.status !== 'succeeded')
  if (blind !== undefined) {
    return refuse(
      input,
      'failed',
      'POLICY_FAILED',
      `Rule ${blind.rule.id} needs a simulation that succeeded; it ${simulation?.status === 'reverted' ? 'reverted' : 'did not run'}.`,
      spoke,
    )
  }
  const owed = owedOf(
    matches.allow.map(({ rule }) => rule),
    input,
    initiator,
  )
  return { ...base(policy), verdict: 'approved', refusal: null, spoke, owed, reservations }
}

/**
 * Who may count as the creator: the principal whose key signed the request, or the local user when nobody
 * signed. A principal's name without that principal's key is nobody.
 */
function initiatorOf(policy: Policy, creator: Creator): string | null {
  if (creator.address !== null) return principalOf(policy, creator.address)
  return creator.principal.startsWith('local:') ? creator.principal : null
}

function matchAll({ policy, request }: Evaluation, effects: readonly Effect[], initiator: string | null): Matches {
  const allow: Match<AllowRule>[] = []
  const deny: Match<DenyRule>[] = []
  const near = new Map<Effect, Near>()
  const suggest = (effect: Effect, candidate: Near): void => {
    const known = near.get(effect)
    if (known === undefined || candidate.rule.id < known.rule.id) near.set(effect, candidate)
  }
  for (const rule of policy.rules) {
    const matched: Effect[] = []
    for (const effect of effects) {
      const found = mismatches(rule, effect, request, initiator)
      if (found === null) continue
      if (found.length === 0) matched.push(effect)
      else if (found.length === 1 && rule.effect === 'allow')
        suggest(effect, { rule, mismatch: found[0] as Mismatch, total: 0n })
    }
    if (matched.length === 0) continue
    const total = matched.reduce((sum, effect) => sum + amountOf(effect), 0n)
    const match = { effects: matched, total }
    // The range looks at the sum, so that splitting a payment into a batch does not reach a lower tier.
    const inRange = speaksOf(rule, total)
    if (rule.effect === 'deny') {
      if (inRange) deny.push({ rule, ...match })
    } else if (inRange) allow.push({ rule, ...match })
    else for (const effect of matched) suggest(effect, { rule, mismatch: 'range', total })
  }
  return { allow: allow.sort(byId), deny: deny.sort(byId), near }
}

function speaksOf({ subject }: AllowRule | DenyRule, total: bigint): boolean {
  if (subject.kind !== 'transfer' && subject.kind !== 'approve') return true
  return (subject.above === null || total > subject.above) && (subject.upTo === null || total <= subject.upTo)
}

function byId(a: { readonly rule: { readonly id: string } }, b: { readonly rule: { readonly id: string } }): number {
  return a.rule.id < b.rule.id ? -1 : 1
}

function outcomes({ policy, request }: Evaluation, { allow, deny }: Matches): readonly RuleOutcome[] {
  return [...deny, ...allow].flatMap(({ rule, effects }) =>
    effects.map((effect) => ({
      rule: rule.id,
      effect: rule.effect,
      where: effect.where,
      reason: rule.effect === 'deny' ? rule.reason : `matches ${describeEffect(policy, effect, request.chainId)}`,
    })),
  )
}

function refuseUncovered(
  input: Evaluation,
  effect: Effect,
  near: Near | undefined,
  initiator: string | null,
  spoke: readonly RuleOutcome[],
): Decision {
  const { policy, request } = input
  const what = describeEffect(policy, effect, request.chainId)
  const place = input.effects.length > 1 ? ` (${excerpt(effect.where)})` : ''
  if (near === undefined) return refuse(input, 'denied', 'POLICY_DENIED', `No rule allows ${what}${place}.`, spoke)
  const { rule, mismatch, total } = near
  const why = describeMismatch(policy, rule, mismatch, effect, request, initiator, total)
  const above =
    mismatch === 'range' && 'upTo' in rule.subject && rule.subject.upTo !== null && total > rule.subject.upTo
  return refuse(
    input,
    'denied',
    above ? 'LIMIT_PER_TRANSACTION' : 'POLICY_DENIED',
    `No rule allows ${what}${place}: rule ${rule.id} would allow it, but ${why}.`,
    spoke,
  )
}

function reservationOf({ rule, total }: Match<AllowRule>): readonly ReservationDemand[] {
  const { limits } = rule
  if (limits === null || limits.maxPer24h === null) return []
  return [{ rule: rule.id, token: limits.asset.token, amount: total, limit: limits.maxPer24h, windowSeconds: WINDOW }]
}

function limitRefusal(
  matches: readonly Match<AllowRule>[],
  usage: Evaluation['usage'],
): { readonly code: ErrorCode; readonly message: string } | null {
  for (const { rule, total } of matches) {
    const { limits } = rule
    if (limits === null || limits.maxPerTransaction === null || total <= limits.maxPerTransaction) continue
    const message = `Rule ${rule.id} would allow it, but the amount ${amountText(total, limits.asset)} is above its maximum ${amountText(limits.maxPerTransaction, limits.asset)} for one transaction.`
    return { code: 'LIMIT_PER_TRANSACTION', message }
  }
  for (const { rule, total } of matches) {
    const { limits } = rule
    if (limits === null || limits.maxPer24h === null) continue
    const { asset, maxPer24h } = limits
    const used = usage(rule.id, asset.token)
    if (typeof used !== 'bigint' || used < 0n)
      throw new CustodyError(
        'POLICY_FAILED',
        `Expected the usage of rule ${rule.id} as base units, got ${excerpt(String(used))}.`,
      )
    if (used + total <= maxPer24h) continue
    const message = `Rule ${rule.id} would allow it, but the amount ${amountText(total, asset)} and the ${amountText(used, asset)} of the last 24 hours, reservations included, are above its maximum ${amountText(maxPer24h, asset)}.`
    return { code: 'LIMIT_WINDOW', message }
  }
  return null
}

function base(policy: Policy): Pick<Decision, 'spoke' | 'owed' | 'reservations' | 'policyHash' | 'policyVersion'> {
  return { spoke: [], owed: NOTHING_OWED, reservations: [], policyHash: policy.hash, policyVersion: policy.version }
}

function refuse(
  { policy, frozen }: Evaluation,
  verdict: 'denied' | 'failed',
  code: ErrorCode,
  message: string,
  spoke: readonly RuleOutcome[] = [],
): Decision {
  return { ...base(policy), verdict, refusal: { code, message }, spoke, owed: { ...NOTHING_OWED, frozen } }
}
