import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Call } from '../safe/safe-tx.ts'

/** More calls than this are refused in one batch, from whichever file they come. */
export const MAX_BATCH_CALLS = 500

/** What is wanted. Amounts in base units of the asset, values in wei. */
export type Action =
  /** `asset` is the policy's symbol; `token` null is the native coin. */
  | {
      readonly kind: 'transfer'
      readonly asset: string
      readonly token: Address | null
      readonly decimals: number
      readonly recipient: Address
      readonly recipientName: string | null
      readonly amount: bigint
    }
  | { readonly kind: 'call'; readonly call: Call; readonly signature: string | null }
  | { readonly kind: 'batch'; readonly calls: readonly Call[] }
  | { readonly kind: 'message'; readonly format: 'text'; readonly text: string }
  | { readonly kind: 'message'; readonly format: 'typed-data'; readonly typedData: Json }
  /** The empty transaction that takes the nonce of another request. */
  | { readonly kind: 'rejection'; readonly rejects: string }
  /** A ready SafeTx from outside; review and policy judge it like every other. */
  | { readonly kind: 'safe-tx'; readonly call: Call; readonly operation: 0 | 1 }

/** Gas-refund fields of a SafeTx; all zero unless asked for. */
export interface RefundFields {
  readonly safeTxGas: bigint
  readonly baseGas: bigint
  readonly gasPrice: bigint
  readonly gasToken: Address
  readonly refundReceiver: Address
}

export interface Creator {
  /** A principal of the policy, or `local:<user>` when nobody signed the request. */
  readonly principal: string
  /** The key that signed the request digest; null when nobody did. */
  readonly address: Address | null
}

/** A parsed request. `digest` is the SHA-256 of its RFC 8785 canonical form; one changed bit changes it. */
export interface Request {
  readonly format: 'coffer-request/v1'
  readonly id: string
  readonly idempotencyKey: string
  readonly chainId: number
  readonly treasury: string
  readonly safe: Address
  /** The Safe nonce; null for messages, which have none. */
  readonly nonce: bigint | null
  readonly action: Action
  readonly refund: RefundFields | null
  readonly memo: string | null
  readonly creator: Creator
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface DigestedRequest {
  readonly request: Request
  readonly canonical: string
  readonly digest: Hex
}
