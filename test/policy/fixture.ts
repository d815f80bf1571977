import { Wallet } from 'ethers'
import { evaluate, type Evaluation } from '../../src/policy/evaluate.ts'
import { parsePolicy } from '../../src/policy/document.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { type Address, toChecksum } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type { Action, Request } from '../../src/request/request.ts'
import type { Effect, Simulation } from '../../src/review/review.ts'

export const CHAIN = 31337
export const NOW = 1_800_000_000

/** A test key; never one that holds anything. */
export const wallet = (n: number): Wallet => new Wallet(`0x${n.toString(16).padStart(64, '0')}`)
export const address = (n: number): Address => toChecksum(`0x${n.toString(16).padStart(40, '0')}`)

export const alice = wallet(1)
export const bob = wallet(2)
export const carol = wallet(3)
export const dave = wallet(4)

export const USDC = address(0xa0)
export const DAI = address(0xa1)
export const ACME = address(0xb0)
export const BOLT = address(0xb1)
export const ROUTER = address(0xb2)
export const VAULT = address(0xb3)
export const STRANGER = address(0xee)
export const SAFE = address(0x5afe)
export const PAUSE: Hex = '0x8456cb59'

/** The start of a document; rules are added by each test. */
export const HEAD = {
  format: 'coffer-policy/v1',
  version: 1,
  name: 'small-team',
  thawDelay: '24h',
  principals: { alice: alice.address, bob: bob.address, carol: carol.address, dave: dave.address },
  groups: { treasurers: ['alice', 'bob', 'carol'], security: ['carol', 'dave'] },
  assets: [
    { symbol: 'USDC', chainId: CHAIN, token: USDC, decimals: 6 },
    { symbol: 'DAI', chainId: CHAIN, token: DAI, decimals: 18 },
    { symbol: 'ETH', chainId: CHAIN, native: true, decimals: 18 },
  ],
  addressBook: { 'acme-supplies': ACME, bolt: BOLT, router: ROUTER, vault: VAULT },
  fees: [
    {
      chainId: CHAIN,
      gasCeiling: 1_000_000,
      maxFeePerGas: '200 gwei',
      maxPriorityFeePerGas: '5 gwei',
      maxCostPerTransaction: '0.05 ETH',
      maxCostPerDay: '0.5 ETH',
    },
  ],
} as const

export const PAY = {
  id: 'vendor-payments',
  effect: 'allow',
  kind: 'transfer',
  asset: 'USDC',
  recipients: ['acme-supplies', 'bolt'],
  maxPerTransaction: '20000.00',
  maxPer24h: '50000.00',
  approvals: { count: 2, group: 'treasurers' },
} as const

type Loose = Readonly<Record<string, unknown>>

export const document = (rules: readonly Loose[], changes: Loose = {}): string =>
  JSON.stringify({ ...HEAD, rules, ...changes })
export const policyOf = (rules: readonly Loose[], changes: Loose = {}): Policy => parsePolicy(document(rules, changes))

export const usdc = (amount: number): bigint => BigInt(amount) * 1_000_000n
export const pay = (
  amount: bigint,
  recipient: Address = ACME,
  token: Address | null = USDC,
  where = 'call',
): Effect => ({ kind: 'transfer', where, token, recipient, amount })

export function requestOf(action: Action = { kind: 'batch', calls: [] }, changes: Partial<Request> = {}): Request {
  return {
    format: 'coffer-request/v1',
    id: 'r-1',
    idempotencyKey: 'k-1',
    chainId: CHAIN,
    treasury: 'ops',
    safe: SAFE,
    nonce: 7n,
    action,
    refund: null,
    memo: null,
    creator: { principal: 'local:operator', address: null },
    createdAt: NOW,
    expiresAt: NOW + 604_800,
    ...changes,
  }
}

export const ran = (changes: Partial<Simulation> = {}): Simulation => ({
  status: 'succeeded',
  reason: null,
  balanceChanges: null,
  storageChanges: null,
  ...changes,
})

export function judge(policy: Policy, effects: readonly Effect[], changes: Partial<Evaluation> = {}) {
  return evaluate({
    policy,
    request: requestOf(),
    effects,
    simulation: ran(),
    approvedBy: [],
    usage: () => 0n,
    now: NOW,
    frozen: false,
    ...changes,
  })
}
