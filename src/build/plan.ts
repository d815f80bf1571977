import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { SafeDomain, SafeTx } from '../safe/safe-tx.ts'

/** The exact thing the owners sign, deterministic from the request and the Safe's version. */
export type Plan =
  | { readonly kind: 'safe-tx'; readonly domain: SafeDomain; readonly safeTx: SafeTx }
  /** `message` is what goes into SafeMessage(bytes): the EIP-191 or EIP-712 hash of the text, 32 bytes. */
  | { readonly kind: 'safe-message'; readonly domain: SafeDomain; readonly message: Hex }

/** Caps of the account that pays. gas in gas units, the rest in wei or wei per gas. */
export interface FeeCaps {
  readonly gasCeiling: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly maxCostPerTransaction: bigint
  readonly maxCostPerDay: bigint
}

/** The unsigned outer transaction of the payer. */
export interface Envelope {
  readonly type: 'eip1559' | 'legacy'
  readonly chainId: number
  readonly from: Address
  readonly nonce: number
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
  readonly gasLimit: bigint
  /** For legacy chains `maxFeePerGas` is the gas price and the tip is 0. */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  /** wei, 0 where the chain has none. */
  readonly l1DataFee: bigint
  /** wei: gasLimit × maxFeePerGas + l1DataFee. */
  readonly worstCaseCost: bigint
}
