import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'

/** 0 = CALL, 1 = DELEGATECALL. */
export type Operation = 0 | 1

/** The ten signed fields of a Safe transaction. Amounts in wei, gas in gas units. @see Safe contracts, `encodeTransactionData` */
export interface SafeTx {
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
  readonly operation: Operation
  readonly safeTxGas: bigint
  readonly baseGas: bigint
  readonly gasPrice: bigint
  readonly gasToken: Address
  readonly refundReceiver: Address
  readonly nonce: bigint
}

/** What picks the EIP-712 domain: chain, Safe and its contract version (`1.0.0` to `1.5.0`, a `+L2` suffix is ignored). */
export interface SafeDomain {
  readonly chainId: bigint
  readonly safe: Address
  readonly version: string
}

/** The three digests a device may show. Never show Domain Hash or Message Hash alone. @see ERC-8213 */
export interface SafeDigests {
  /** EIP-712 Digest, which is the safeTxHash or the SafeMessage hash. */
  readonly digest: Hex
  readonly domainHash: Hex
  readonly messageHash: Hex
  /** Calldata Digest of `data`; null for messages. */
  readonly calldataDigest: Hex | null
}

/** One call of a batch. `value` in wei. */
export interface Call {
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
}

/** Everything read from a Safe at one block. */
export interface SafeState {
  readonly chainId: number
  readonly address: Address
  readonly version: string
  readonly singleton: Address
  readonly owners: readonly Address[]
  readonly threshold: number
  readonly nonce: bigint
  readonly modules: readonly Address[]
  /** Zero address when not set. */
  readonly guard: Address
  readonly moduleGuard: Address
  readonly fallbackHandler: Address
  /** keccak256 of the runtime code. */
  readonly proxyCodeHash: Hex
  readonly singletonCodeHash: Hex
  readonly blockNumber: bigint
}
