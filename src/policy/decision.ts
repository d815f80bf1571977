import type { ErrorCode } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Seconds } from '../primitives/time.ts'

/** One rule that spoke about one effect. */
export interface RuleOutcome {
  readonly rule: string
  readonly effect: 'allow' | 'deny'
  readonly where: string
  readonly reason: string
}

/** What must be set aside in a window before the completing signature. Amount in base units. */
export interface ReservationDemand {
  readonly rule: string
  readonly token: Address | null
  readonly amount: bigint
  /** Base units that may leave in any span of `windowSeconds`. */
  readonly limit: bigint
  readonly windowSeconds: Seconds
}

/** What is still missing; empty means the point of no return may be passed. */
export interface Owed {
  readonly approvals: readonly {
    readonly group: string | null
    readonly need: number
    readonly have: number
    readonly rule: string
  }[]
  /** The earliest time of the completing signature; null when no delay is left. */
  readonly notBefore: Seconds | null
  readonly frozen: boolean
}

export interface Decision {
  readonly verdict: 'approved' | 'denied' | 'failed'
  /** The code and words to refuse with when the verdict is not `approved`. */
  readonly refusal: { readonly code: ErrorCode; readonly message: string; readonly next?: string } | null
  readonly spoke: readonly RuleOutcome[]
  readonly owed: Owed
  readonly reservations: readonly ReservationDemand[]
  readonly policyHash: Hex
  readonly policyVersion: number
}
