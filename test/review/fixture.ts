import type { Plan } from '../../src/build/plan.ts'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { FindingsInput, KnownAsset, NamedAddress } from '../../src/review/findings.ts'
import type { Effect, Simulation } from '../../src/review/review.ts'
import type { SafeState, SafeTx } from '../../src/safe/safe-tx.ts'

export const SAFE: Address = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
export const USDC: Address = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'
export const ACME: Address = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB'
export const STRANGER: Address = '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb'
export const BATCH: Address = '0xA83c336B20401Af773B6219BA5027174338D1836'
export const OWNERS: readonly Address[] = [
  '0x1F4EB0a903619ac168b19A82F1a6e2e426522211',
  '0x3Cc3A225769900e003E264dd4CB43E90896BC21A',
  '0xe3dF2cCEAc61B1aFA311372ecC5B40A3A6585a9E',
]

export const assets: readonly KnownAsset[] = [
  { symbol: 'USDC', token: USDC, decimals: 6 },
  { symbol: 'ETH', token: null, decimals: 18 },
]
export const addressBook: readonly NamedAddress[] = [{ name: 'acme', address: ACME }]
export const nameOf = (address: Address): string | null =>
  addressBook.find((entry) => entry.address === address)?.name ?? null

export const safeTx = (changes: Partial<SafeTx> = {}): SafeTx => ({
  to: ACME,
  value: 1n,
  data: '0x',
  operation: 0,
  safeTxGas: 0n,
  baseGas: 0n,
  gasPrice: 0n,
  gasToken: ZERO_ADDRESS,
  refundReceiver: ZERO_ADDRESS,
  nonce: 7n,
  ...changes,
})

export const planOf = (changes: Partial<SafeTx> = {}): Extract<Plan, { kind: 'safe-tx' }> => ({
  kind: 'safe-tx',
  domain: { chainId: 31337n, safe: SAFE, version: '1.5.0' },
  safeTx: safeTx(changes),
})

export const account = (changes: Partial<SafeState> = {}): SafeState => ({
  chainId: 31337,
  address: SAFE,
  version: '1.5.0',
  singleton: '0xFf51A5898e281Db6DfC7855790607438dF2ca44b',
  owners: OWNERS,
  threshold: 2,
  nonce: 7n,
  modules: [],
  guard: ZERO_ADDRESS,
  moduleGuard: ZERO_ADDRESS,
  fallbackHandler: '0x3EfCBb83A4A7AfcB4F68D501E2c2203a38be77f4',
  proxyCodeHash: `0x${'11'.repeat(32)}`,
  singletonCodeHash: `0x${'22'.repeat(32)}`,
  blockNumber: 99n,
  ...changes,
})

export const succeeded: Simulation = { status: 'succeeded', reason: null, balanceChanges: [], storageChanges: [] }

export const findingsInput = (effects: readonly Effect[], changes: Partial<FindingsInput> = {}): FindingsInput => ({
  plan: planOf(),
  effects,
  decoded: [],
  account: account(),
  addressBook,
  assets,
  simulation: succeeded,
  now: 1_700_000_000,
  expiresAt: 1_700_600_000,
  delegatedOwners: [],
  unusedRecipients: [],
  ...changes,
})
