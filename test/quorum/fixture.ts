import type { Decision, Owed } from '../../src/policy/decision.ts'
import type { Hex } from '../../src/primitives/hex.ts'

export const word = (byte: string): Hex => `0x${byte.repeat(32)}`

export const nothingOwed: Owed = { approvals: [], notBefore: null, frozen: false }

const base = { spoke: [], reservations: [], policyHash: word('99'), policyVersion: 1 } as const

/** Policies that answer always the same. */
export const approveAll = (owed: Partial<Owed> = {}): Decision => ({
  ...base,
  verdict: 'approved',
  refusal: null,
  owed: { ...nothingOwed, ...owed },
})
export const denyAll: Decision = {
  ...base,
  verdict: 'denied',
  refusal: { code: 'LIMIT_WINDOW', message: 'too much', next: 'wait' },
  owed: nothingOwed,
}
export const failAll: Decision = { ...base, verdict: 'failed', refusal: null, owed: nothingOwed }
