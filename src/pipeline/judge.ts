import { CustodyError } from '../errors.ts'
import { feeCaps } from '../policy/caps.ts'
import type { Decision } from '../policy/decision.ts'
import { enforcementOf } from '../policy/enforcement.ts'
import { evaluate } from '../policy/evaluate.ts'
import { bookOn } from '../policy/names.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Plan } from '../build/plan.ts'
import type { Request } from '../request/request.ts'
import { makeReview } from '../review/make-review.ts'
import type { Review } from '../review/review.ts'
import { isFrozen } from './freeze.ts'
import type { Context } from './context.ts'
import { usage } from './limits.ts'
import type { Parts } from './parts.ts'

export interface Judgement {
  readonly review: Review
  readonly decision: Decision
}

/** Reviews a plan afresh and judges it; nothing is remembered from an earlier look. */
export async function judge(
  parts: Parts,
  context: Context,
  request: Request,
  plan: Plan,
  approvedBy: readonly string[],
): Promise<Judgement> {
  const { policy } = context
  const now = parts.clock.now()
  const review = await makeReview({
    plan,
    action: request.action,
    account: context.account,
    chain: context.chain,
    addressBook: bookOn(policy, request.chainId),
    assets: policy.assets.filter((asset) => asset.chainId === request.chainId),
    caps: feeCaps(policy, request.chainId),
    now,
    expiresAt: request.expiresAt,
    protocolKitHash: parts.protocolKitHash,
    protocolKitMessageHash: parts.protocolKitMessageHash,
    enforcement: { chain: [], pipeline: [] },
  })
  const decision = decide(context, request, review, approvedBy, now)
  return { review: { ...review, enforcement: enforcementOf(policy, decision, context.account) }, decision }
}

/** Ids of the rules in force. */
export function ruleIdsOf({ policy }: Context): ReadonlySet<string> {
  return new Set(policy.rules.map(({ id }) => id))
}

/** The policy's word on a review, with the counters of this moment. */
export function decide(
  context: Context,
  request: Request,
  review: Review,
  approvedBy: readonly string[],
  now: Seconds,
): Decision {
  return evaluate({
    policy: context.policy,
    request,
    effects: review.effects,
    simulation: review.simulation,
    approvedBy,
    usage: (rule, token) =>
      usage(context.registers, {
        chainId: request.chainId,
        ruleIds: ruleIdsOf(context),
        rule,
        token,
        windowSeconds: 86_400,
        now,
        except: request.id,
      }),
    now,
    frozen: isFrozen(context.registers, now),
  })
}

/** @throws the decision's own code when it is anything but approved (G7) */
export function assertApproved(decision: Decision): void {
  if (decision.verdict === 'approved') return
  const refusal = decision.refusal ?? { code: 'POLICY_FAILED' as const, message: 'The policy gave no verdict.' }
  throw new CustodyError(refusal.code, refusal.message, {
    ...(refusal.next !== undefined && { next: refusal.next }),
    details: { spoke: decision.spoke },
  })
}
