import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Seconds } from '../primitives/time.ts'

/** A read-only call. `value` in wei. */
export interface ChainCall {
  readonly from?: Address
  readonly to: Address
  readonly value?: bigint
  readonly data?: Hex
}

export interface Block {
  readonly number: bigint
  readonly hash: Hex
  readonly timestamp: Seconds
  /** wei per gas; null on chains without EIP-1559. */
  readonly baseFeePerGas: bigint | null
}

export interface Log {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: number
}

export interface Receipt {
  readonly transactionHash: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly success: boolean
  readonly from: Address
  readonly to: Address | null
  readonly gasUsed: bigint
  /** wei per gas actually paid. */
  readonly effectiveGasPrice: bigint
  /** wei, OP-stack chains only, else null. */
  readonly l1Fee: bigint | null
  readonly logs: readonly Log[]
}

/** The outermost call of a mined transaction. `to` null creates a contract. */
export interface MinedCall {
  readonly from: Address
  readonly to: Address | null
  readonly value: bigint
  readonly data: Hex
}

/** wei per gas. `baseFee` null on chains without EIP-1559, where `gasPrice` is set instead. */
export interface FeeQuote {
  readonly baseFeePerGas: bigint | null
  readonly priorityFeePerGas: bigint
  readonly gasPrice: bigint
}

/** What a call would change. */
export interface StateDiff {
  readonly balances: readonly { readonly address: Address; readonly before: bigint; readonly after: bigint }[]
  readonly storage: readonly {
    readonly address: Address
    readonly slot: Hex
    readonly before: Hex
    readonly after: Hex
  }[]
}

/** `reverted` carries the decoded reason where there is one, else the raw data. */
export type CallResult =
  { readonly ok: true; readonly data: Hex } | { readonly ok: false; readonly data: Hex; readonly reason: string }

/**
 * The port to one chain. Everything that comes back is attacker-controlled until it was compared with
 * something signed; with several RPC URLs every answer that decides something must be the same from all.
 *
 * All methods throw CHAIN_UNREACHABLE when no node answered, CHAIN_ANSWER_INVALID when an answer cannot be
 * read, CHAIN_DISAGREEMENT when nodes differ.
 */
export interface Chain {
  readonly name: string
  readonly chainId: number
  /** @throws CHAIN_ID_MISMATCH when any node serves another chain id. Called at every start. */
  assertChainId(): Promise<void>
  block(tag: 'latest' | bigint): Promise<Block | null>
  balance(address: Address): Promise<bigint>
  code(address: Address): Promise<Hex>
  storageAt(address: Address, slot: Hex): Promise<Hex>
  /** Transactions sent by the account: mined only, or with the node's pool. */
  transactionCount(address: Address, tag: 'latest' | 'pending'): Promise<number>
  call(call: ChainCall): Promise<CallResult>
  /** Gas units with no margin. A revert is `{ ok: false }`, not an exception. */
  estimateGas(
    call: ChainCall,
  ): Promise<
    { readonly ok: true; readonly gas: bigint } | { readonly ok: false; readonly data: Hex; readonly reason: string }
  >
  fees(): Promise<FeeQuote>
  /** wei for posting these transaction bytes to layer 1; null where the chain has no such fee. */
  l1DataFee(unsigned: Hex): Promise<bigint | null>
  /** null when the node has no tracer: "could not simulate" is never "no effect". */
  stateDiff(call: ChainCall): Promise<StateDiff | null>
  logs(filter: {
    readonly address: Address
    readonly topics?: readonly (Hex | null)[]
    readonly fromBlock: bigint
    readonly toBlock: bigint | 'latest'
  }): Promise<readonly Log[]>
  receipt(transactionHash: Hex): Promise<Receipt | null>
  /** The call a mined transaction made; null when it is not mined. */
  transaction(transactionHash: Hex): Promise<MinedCall | null>
  /** Whether the node knows the transaction, mined or pooled. */
  knows(transactionHash: Hex): Promise<boolean>
  /** Sends signed bytes; "already known" counts as sent. Reasons of a refusal come back as text. */
  send(
    raw: Hex,
    url?: string,
  ): Promise<
    { readonly accepted: true } | { readonly accepted: false; readonly reason: string; readonly nonceTooLow: boolean }
  >
}
