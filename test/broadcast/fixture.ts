import type { Envelope, FeeCaps } from '../../src/build/plan.ts'
import type { ObserveInput, SentTransaction } from '../../src/broadcast/observation.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type { FakeChain, FakeEffect, FakeTransaction } from '../support/fake-chain.ts'

export const SAFE = '0x1111111111111111111111111111111111111111'
export const PAYER = '0x2222222222222222222222222222222222222222'
export const STRANGER = '0x3333333333333333333333333333333333333333'
export const OURS: Hex = keccak256Text('our SafeTx')
export const THEIRS: Hex = keccak256Text('their SafeTx')

export const ran = (success = true, safeTxHash = OURS): FakeEffect => ({ kind: 'execution', safeTxHash, success })

/** A transaction of ours with a payer nonce. */
export function outer(name: string, nonce = 0, effect: FakeEffect = ran()): FakeTransaction {
  return { hash: keccak256Text(name), from: PAYER, to: SAFE, nonce, effect }
}

export function sent(...transactions: readonly FakeTransaction[]): readonly SentTransaction[] {
  return transactions.map(({ hash, nonce }) => ({ hash, nonce }))
}

export function watching(chain: FakeChain, list: readonly SentTransaction[]): ObserveInput {
  return {
    safe: SAFE,
    safeTxHash: OURS,
    sent: list,
    payer: PAYER,
    safeNonce: 0n,
    fromBlock: 0n,
    findExecutions: chain.findExecutions,
  }
}

export const CAPS: FeeCaps = {
  gasCeiling: 500_000n,
  maxFeePerGas: 1_000n,
  maxPriorityFeePerGas: 100n,
  maxCostPerTransaction: 100_000_000n,
  maxCostPerDay: 200_000_000n,
}

export const PREVIOUS: Envelope = {
  type: 'eip1559',
  chainId: 31337,
  from: PAYER,
  nonce: 7,
  to: SAFE,
  value: 0n,
  data: '0x6a761202',
  gasLimit: 100_000n,
  maxFeePerGas: 201n,
  maxPriorityFeePerGas: 11n,
  l1DataFee: 5n,
  worstCaseCost: 20_100_005n,
}
