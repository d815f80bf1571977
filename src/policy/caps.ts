import type { FeeCaps } from '../build/plan.ts'
import type { Policy } from './policy.ts'

/** The fee caps for payers on a chain; null when the policy names none, and then nothing may be sent there. */
export function feeCaps(policy: Policy, chainId: number): FeeCaps | null {
  return policy.fees.get(chainId) ?? null
}
