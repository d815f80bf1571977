import type { Plan } from '../build/plan.ts'
import type { CallResult, Chain, StateDiff } from '../chain/chain.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { addressWord, byteLength, type Hex } from '../primitives/hex.ts'
import { bytesTail, encodeCall } from '../safe/abi.ts'
import { domainHasChainId } from '../safe/hash.ts'
import type { SafeTx } from '../safe/safe-tx.ts'
import { asAddress } from './abi-decode.ts'
import { decodeKnown } from './known-abi.ts'
import type { Simulation } from './review.ts'
import { tokenChanges } from './token-changes.ts'

const SIMULATE_AND_REVERT: Hex = '0xb4faba09'
const ERROR_STRING: Hex = '0x08c379a0'

const notRun = (reason: string): Simulation => ({
  status: 'not-run',
  reason,
  balanceChanges: null,
  storageChanges: null,
})
const reverted = (reason: string): Simulation => ({
  status: 'reverted',
  reason,
  balanceChanges: null,
  storageChanges: null,
})

/**
 * What the plan would do if it ran now. A call runs as the Safe by `eth_call`; a delegatecall runs whole through
 * the Safe's own `simulateAndRevert` (1.3.0 and later), so that the calls of a batch see each other's effects.
 * Guards and signature checks are not part of it. Balance and storage changes are null where the node cannot
 * tell them, never empty.
 * @throws CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID, CHAIN_DISAGREEMENT from the port
 */
export async function simulate(chain: Chain, safe: Address, plan: Plan): Promise<Simulation> {
  if (plan.kind === 'safe-message')
    return notRun('A message does nothing on chain by itself; what it allows later cannot be simulated.')
  return plan.safeTx.operation === 0
    ? simulateCall(chain, safe, plan.safeTx)
    : simulateDelegatecall(chain, safe, plan.safeTx, plan.domain.version)
}

async function simulateCall(chain: Chain, safe: Address, tx: SafeTx): Promise<Simulation> {
  // Nodes differ in whether a read-only call may send more than its sender has.
  const held = tx.value === 0n ? 0n : await chain.balance(safe)
  if (held < tx.value) return reverted(`The Safe holds ${held} wei and would send ${tx.value}.`)
  const call = { from: safe, to: tx.to, value: tx.value, data: tx.data }
  const result = await chain.call(call)
  if (!result.ok) return reverted(result.reason)
  if (tokenRefused(tx, result))
    return reverted('The token answered false: the Safe would report success and nothing would be paid.')
  const diff = await chain.stateDiff(call)
  if (diff === null) return { status: 'succeeded', reason: null, balanceChanges: null, storageChanges: null }
  const tokens = await tokenChanges(chain, diff, accountsOf(tx, safe), tx.data === '0x' ? [] : [tx.to])
  return {
    status: 'succeeded',
    reason: null,
    balanceChanges: tokens === null ? null : [...nativeChanges(diff), ...tokens],
    storageChanges: diff.storage
      .filter(({ before, after }) => before !== after)
      .map(({ address, ...change }) => ({ account: address, ...change })),
  }
}

const MUST_ANSWER_TRUE = new Set([
  'transfer(address,uint256)',
  'transferFrom(address,address,uint256)',
  'approve(address,uint256)',
])

// Old tokens answer nothing, which counts as success; an answer of false does not revert by itself.
function tokenRefused(tx: SafeTx, result: CallResult): boolean {
  const signature = decodeKnown(tx.data)?.called.signature
  return (
    signature !== undefined &&
    MUST_ANSWER_TRUE.has(signature) &&
    byteLength(result.data) === 32 &&
    BigInt(result.data) === 0n
  )
}

function accountsOf(tx: SafeTx, safe: Address): readonly Address[] {
  const exact = decodeKnown(tx.data)
  const named =
    exact === null
      ? []
      : exact.called.parameters.flatMap(({ type }, i) => (type.kind === 'address' ? [asAddress(exact.values[i])] : []))
  return [safe, tx.to, ...named].filter(
    (address, i, all) => all.findIndex((other) => sameAddress(other, address)) === i,
  )
}

function nativeChanges(diff: StateDiff): NonNullable<Simulation['balanceChanges']> {
  return diff.balances
    .filter(({ before, after }) => before !== after)
    .map(({ address, before, after }) => ({ account: address, token: null, change: after - before }))
}

async function simulateDelegatecall(chain: Chain, safe: Address, tx: SafeTx, version: string): Promise<Simulation> {
  // The same version line as the domain with the chain id: both came with 1.3.0.
  if (!domainHasChainId(version)) return notRun(`A Safe ${version} cannot simulate a delegatecall.`)
  const data = encodeCall(SIMULATE_AND_REVERT, [addressWord(tx.to), bytesTail(tx.data)])
  const result = await chain.call({ to: safe, data })
  const answer = result.ok ? null : readSimulateAndRevert(result.data)
  if (answer === null) return notRun('The Safe or the node did not answer the simulation in the form that is known.')
  if (!answer.success)
    return reverted(answer.data === '0x' ? 'A call of the batch reverts without a reason.' : revertReason(answer.data))
  return { status: 'succeeded', reason: null, balanceChanges: null, storageChanges: null }
}

/** The three parts `simulateAndRevert` reverts with: success word, size word, returned bytes without padding. */
function readSimulateAndRevert(data: Hex): { success: boolean; data: Hex } | null {
  if (byteLength(data) < 64) return null
  const success = BigInt(data.slice(0, 66))
  const size = BigInt(`0x${data.slice(66, 130)}`)
  if (success > 1n || size !== BigInt(byteLength(data) - 64)) return null
  return { success: success === 1n, data: `0x${data.slice(130)}` }
}

function revertReason(data: Hex): string {
  if (data.startsWith(ERROR_STRING) && byteLength(data) >= 68) {
    const length = Number(BigInt(`0x${data.slice(74, 138)}`))
    if (length <= byteLength(data) - 68) return Buffer.from(data.slice(138, 138 + 2 * length), 'hex').toString('utf8')
  }
  return `raw revert data ${data.slice(0, 2 + 2 * 68)}`
}
