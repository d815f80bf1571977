import type { TreeHead } from '../audit/entry.ts'
import type { Chain } from '../chain/chain.ts'
import type { Home } from '../config/home.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Clock } from '../primitives/time.ts'
import type { SafeDomain, SafeState, SafeTx } from '../safe/safe-tx.ts'
import type { KeyRecord, Secret, Signer } from '../sign/signer.ts'
import type { Ledger } from '../store/ledger.ts'
import type { ChainRecord } from '../store/registers.ts'

/** One execution seen on chain, from the Safe's own events. */
export interface SeenExecution {
  readonly safeTxHash: Hex
  readonly success: boolean
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly transactionHash: Hex
}

/** Everything the pipeline stands on. Only `compose.ts` knows which implementation each one is. */
export interface Parts {
  readonly home: Home
  readonly ledger: Ledger
  readonly clock: Clock
  /** `local:<user>` of whoever runs the command. */
  readonly actor: string
  readonly openChain: (record: ChainRecord) => Promise<Chain>
  readonly openSigner: (record: KeyRecord, secret: Secret) => Promise<Signer>
  readonly readSafe: (chain: Chain, safe: Address) => Promise<SafeState>
  readonly findExecutions: (chain: Chain, safe: Address, fromBlock: bigint) => Promise<readonly SeenExecution[]>
  /** The safeTxHash as protocol-kit computes it. */
  readonly protocolKitHash: (domain: SafeDomain, tx: SafeTx) => Promise<Hex>
  readonly protocolKitMessageHash: (domain: SafeDomain, message: Hex) => Promise<Hex>
  /** One process at a time per paying account, released by the system when the process dies. */
  readonly withPayerLock: <T>(chainId: number, payer: Address, work: () => Promise<T>) => Promise<T>
  readonly progress: (text: string) => void
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** The checkpoint a signer saw, embedded in what they sign. */
export type SeenLog = TreeHead
