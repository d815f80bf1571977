import type { FeeCaps } from '../build/plan.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Operation, SafeDigests, SafeState } from '../safe/safe-tx.ts'

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info'

/** The shape of a finding anywhere in Coffer. */
export interface Finding {
  readonly id: string
  readonly severity: Severity
  readonly title: string
  readonly detail: string
  readonly where: string
  readonly fix: string
}

/** One call as decoded, with what is inside it. `signature` null when the calldata is not known. */
export interface DecodedCall {
  readonly operation: Operation
  readonly to: Address
  readonly toName: string | null
  readonly value: bigint
  readonly selector: Hex | null
  readonly signature: string | null
  readonly arguments: readonly { readonly name: string; readonly type: string; readonly value: string }[]
  readonly inner: readonly DecodedCall[]
}

/**
 * A leaf effect that policy judges. `where` is a path such as `batch[2]`. A batch is flattened to its calls;
 * what cannot be decoded is a `call` with its selector, never left out.
 */
export type Effect = { readonly where: string } &
  /** `token` null is the native coin; `from` is null for the treasury itself. */
  (
    | {
        readonly kind: 'transfer'
        readonly token: Address | null
        readonly recipient: Address
        readonly amount: bigint
      }
    | { readonly kind: 'approve'; readonly token: Address; readonly spender: Address; readonly amount: bigint }
    /** ERC-721 and ERC-1155 */
    | {
        readonly kind: 'nft'
        readonly token: Address
        readonly recipient: Address
        readonly tokenId: bigint
        readonly amount: bigint
      }
    | {
        readonly kind: 'call'
        readonly to: Address
        readonly value: bigint
        readonly selector: Hex | null
        readonly data: Hex
      }
    /** A change of the Safe's own owners, threshold, modules, guards or handler. */
    | { readonly kind: 'safe-admin'; readonly selector: Hex; readonly name: string }
    | { readonly kind: 'delegatecall'; readonly to: Address; readonly data: Hex }
    /** A SafeMessage. `typedData` fields are null for plain text. */
    | {
        readonly kind: 'message'
        readonly format: 'text' | 'typed-data'
        readonly primaryType: string | null
        readonly verifyingContract: Address | null
      }
    /** The empty transaction to the Safe itself that only takes a nonce. */
    | { readonly kind: 'rejection' }
  )

export interface Simulation {
  readonly status: 'succeeded' | 'reverted' | 'not-run'
  readonly reason: string | null
  /** null when the node cannot say; never read as "none". Amounts in base units, `token` null is native. */
  readonly balanceChanges:
    readonly { readonly account: Address; readonly token: Address | null; readonly change: bigint }[] | null
  readonly storageChanges:
    readonly { readonly account: Address; readonly slot: Hex; readonly before: Hex; readonly after: Hex }[] | null
}

/** Where each computation of the safeTxHash came from; all that are present are equal. */
export interface Agreement {
  readonly ours: Hex
  readonly chain: Hex | null
  readonly protocolKit: Hex | null
}

export interface Review {
  readonly digests: SafeDigests
  readonly agreement: Agreement
  readonly call: DecodedCall | null
  /** What a person would sign as text, for messages. */
  readonly message: string | null
  readonly effects: readonly Effect[]
  readonly findings: readonly Finding[]
  readonly simulation: Simulation
  readonly account: SafeState
  readonly caps: FeeCaps | null
  /** Rules the chain itself enforces, and those that any m owners could go around outside Coffer. */
  readonly enforcement: { readonly chain: readonly string[]; readonly pipeline: readonly string[] }
}
