import { CustodyError } from '../errors.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Request } from '../request/request.ts'
import type { Owed } from './decision.ts'
import type { AllowRule, Policy } from './policy.ts'

export interface Standing {
  readonly policy: Policy
  readonly request: Request
  readonly approvedBy: readonly string[]
  readonly now: Seconds
  readonly frozen: boolean
}

/**
 * What the rules that bind still ask for together: for every group the highest count, and the longest delay,
 * counted from the creation of the request.
 */
export function owedOf(
  rules: readonly AllowRule[],
  { policy, request, approvedBy, now, frozen }: Standing,
  initiator: string | null,
): Owed {
  const asking = rules.filter((rule) => rule.approvals.length > 0)
  const initiatorCounts = asking.every((rule) => rule.initiatorMayApprove)
  // The name that the request claims is left out as well as the one that was proven.
  const counted = [...new Set(approvedBy)].filter(
    (name) =>
      policy.principals.has(name) && (initiatorCounts || (name !== initiator && name !== request.creator.principal)),
  )
  const highest = new Map<string | null, { need: number; rule: string }>()
  for (const rule of asking) {
    for (const { group, count } of rule.approvals) {
      const known = highest.get(group)
      if (known === undefined || count > known.need || (count === known.need && rule.id < known.rule))
        highest.set(group, { need: count, rule: rule.id })
    }
  }
  const approvals = [...highest]
    .map(([group, { need, rule }]) => ({ group, need, have: haveOf(policy, group, counted), rule }))
    .filter(({ need, have }) => have < need)
    .sort((a, b) => ((a.group ?? '') < (b.group ?? '') ? -1 : 1))
  for (const time of [now, request.createdAt]) {
    if (!Number.isSafeInteger(time))
      throw new CustodyError('POLICY_FAILED', `Expected a time in whole seconds, got ${time}.`)
  }
  const longest = rules.reduce((delay, rule) => Math.max(delay, rule.delay), 0)
  const ready = request.createdAt + longest
  return { approvals, notBefore: longest > 0 && ready > now ? ready : null, frozen }
}

function haveOf(policy: Policy, group: string | null, counted: readonly string[]): number {
  if (group === null) return counted.length
  const members = policy.groups.get(group) ?? []
  return counted.filter((name) => members.includes(name)).length
}
