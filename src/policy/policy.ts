import type { FeeCaps } from '../build/plan.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'

/** An asset the policy knows. `token` null is the native coin of the chain. */
export interface Asset {
  readonly symbol: string
  readonly chainId: number
  readonly token: Address | null
  readonly decimals: number
}

/** One name of the address book; `chainId` null means every chain. */
export interface BookEntry {
  readonly name: string
  readonly address: Address
  readonly chainId: number | null
}

/** Lower-case addresses, or everybody when the document says `"*"` (or, in a deny rule, says nothing). */
export type Parties = ReadonlySet<string> | 'anybody'

/** What a rule is about. Amounts in base units; a null condition is not asked. */
export type Subject =
  | {
      readonly kind: 'transfer'
      readonly asset: Asset | null
      readonly recipients: Parties
      readonly above: bigint | null
      readonly upTo: bigint | null
    }
  | {
      readonly kind: 'approve'
      readonly asset: Asset | null
      readonly spenders: Parties
      readonly above: bigint | null
      readonly upTo: bigint | null
    }
  | { readonly kind: 'call'; readonly contract: string | null; readonly selectors: ReadonlySet<Hex> | null }
  /** `verifyingContracts` holds lower-case addresses, and `none` for a domain that has no such field. */
  | {
      readonly kind: 'message'
      readonly format: 'text' | 'typed-data' | null
      readonly primaryTypes: ReadonlySet<string> | null
      readonly verifyingContracts: ReadonlySet<string> | null
    }
  | { readonly kind: 'safe-admin'; readonly selectors: ReadonlySet<Hex> | null }
  /** Deny rules only: whatever touches one of the addresses. */
  | { readonly kind: 'any'; readonly addresses: ReadonlySet<string> }

/** Who may ask for it and where; null means not asked. */
export interface Scope {
  readonly id: string
  /** null, in deny rules only, means every chain. */
  readonly chainId: number | null
  readonly treasuries: ReadonlySet<string> | null
  /** Principals, or `local:<user>` written out. */
  readonly initiators: ReadonlySet<string> | null
}

/** `group` null means any principal of the policy. */
export interface ApprovalDemand {
  readonly count: number
  readonly group: string | null
}

/** Base units of one asset. */
export interface Limits {
  readonly asset: Asset
  readonly maxPerTransaction: bigint | null
  readonly maxPer24h: bigint | null
}

export interface AllowRule extends Scope {
  readonly effect: 'allow'
  readonly subject: Subject
  readonly limits: Limits | null
  readonly approvals: readonly ApprovalDemand[]
  readonly delay: Seconds
  readonly initiatorMayApprove: boolean
  /** Whether a simulation must have succeeded before the rule can speak. */
  readonly simulationRequired: boolean
}

export interface DenyRule extends Scope {
  readonly effect: 'deny'
  readonly subject: Subject
  readonly reason: string
}

export type Rule = AllowRule | DenyRule

/** A policy document, checked and resolved. Nothing in it is a name any more that could resolve differently later. */
export interface Policy {
  readonly format: 'coffer-policy/v1'
  readonly version: number
  readonly name: string
  /** Seconds between a signed thaw and its effect. */
  readonly thawDelay: Seconds
  readonly principals: ReadonlyMap<string, Address>
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly assets: readonly Asset[]
  readonly addressBook: readonly BookEntry[]
  /** By chain id. */
  readonly fees: ReadonlyMap<number, FeeCaps>
  readonly rules: readonly Rule[]
  /** The document as it was parsed, before names and amounts were resolved: what is hashed and signed. */
  readonly document: Json
  /** RFC 8785 form of `document`. */
  readonly canonical: string
  /** SHA-256 of `canonical`. */
  readonly hash: Hex
}
