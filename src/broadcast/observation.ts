import type { Chain, Receipt } from '../chain/chain.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'

/** An outer transaction that was signed and stored for this effect, sent or about to be. */
export interface SentTransaction {
  readonly hash: Hex
  /** The payer's transaction count it takes. */
  readonly nonce: number
  /** Set for an empty transfer that only takes the payer nonce. */
  readonly cancels?: boolean
}

/** A block by height and hash; it counts only while that is still the hash at that height. */
export interface BlockReference {
  readonly number: bigint
  readonly hash: Hex
}

/** An execution read from the Safe's logs. */
export interface FoundExecution {
  readonly safeTxHash: Hex
  readonly success: boolean
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly transactionHash: Hex
}

/** What became of an effect, as the chain stands now. None of it is final before `finality` says so. */
export type Observation =
  /** One of our transactions ran the SafeTx, and the Safe said ExecutionSuccess. `payment` in base units of the gas token. */
  | {
      readonly kind: 'executed'
      readonly success: true
      readonly hash: Hex
      readonly receipt: Receipt
      readonly block: BlockReference
      readonly payment: bigint
    }
  /** The receipt is a success, but the Safe said ExecutionFailure: nothing moved and the Safe nonce is used. */
  | {
      readonly kind: 'inner-failure'
      readonly success: false
      readonly hash: Hex
      readonly receipt: Receipt
      readonly block: BlockReference
      readonly payment: bigint
    }
  /** The outer transaction reverted: fees are gone, the Safe nonce is free. */
  | { readonly kind: 'reverted'; readonly hash: Hex; readonly receipt: Receipt; readonly block: BlockReference }
  /** The cancellation took the payer nonce; the Safe nonce is free and the signed SafeTx still live. */
  | { readonly kind: 'cancelled'; readonly hash: Hex; readonly receipt: Receipt; readonly block: BlockReference }
  /** At least one of our transactions can be mined still and a node knows it. */
  | { readonly kind: 'pending'; readonly known: readonly Hex[] }
  /** These can be mined still, but no node knows them: send the stored bytes again, never sign again. */
  | { readonly kind: 'missing'; readonly missing: readonly Hex[] }
  /** Every payer nonce we used was taken by a transaction that is none of ours; the Safe nonce is free. `block` is where this was seen. */
  | { readonly kind: 'displaced'; readonly block: BlockReference }
  /**
   * The Safe nonce was consumed by a transaction that we did not send. `sameEffect` when it ran our SafeTx,
   * otherwise ours can land no more. What the logs do not tell is null. `block` is where it was consumed
   * or, with `transactionHash` null, a block by which it was.
   */
  | {
      readonly kind: 'outside'
      readonly safeTxHash: Hex | null
      readonly sameEffect: boolean
      readonly success: boolean | null
      readonly transactionHash: Hex | null
      readonly block: BlockReference
    }

export interface ObserveInput {
  readonly safe: Address
  readonly safeTxHash: Hex
  /** Every transaction ever signed for this effect, replacements and cancellations too. */
  readonly sent: readonly SentTransaction[]
  readonly payer: Address
  /** The Safe nonce of the effect. */
  readonly safeNonce: bigint
  /** A block at which `safeNonce` was free still; executions are looked for from there. */
  readonly fromBlock: bigint
  /** ExecutionSuccess and ExecutionFailure of the Safe from a block on, oldest first. */
  readonly findExecutions: FindExecutions
}

export type FindExecutions = (chain: Chain, safe: Address, fromBlock: bigint) => Promise<readonly FoundExecution[]>

/** wei that the payer really paid for a mined transaction, the L1 data fee included. */
export function feePaid(receipt: Receipt): bigint {
  return receipt.gasUsed * receipt.effectiveGasPrice + (receipt.l1Fee ?? 0n)
}
