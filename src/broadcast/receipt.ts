import type { Chain, Receipt } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { parseExecutionLog } from '../safe/exec.ts'
import type { BlockReference, ObserveInput, Observation, SentTransaction } from './observation.ts'

/** What a receipt can prove about one of our transactions. */
export type Mined = Extract<Observation, { kind: 'executed' | 'inner-failure' | 'reverted' | 'cancelled' }>

/**
 * What one of our transactions did, or null while it is in no block of the chain as it stands. A receipt is a
 * node's claim: it must be the asked one, from our payer, to our Safe, and the Safe itself must have said our
 * safeTxHash in it. A bare success status proves nothing.
 * @throws RECEIPT_INVALID when the receipt contradicts itself or does not prove the execution
 */
export async function readMined(chain: Chain, sent: SentTransaction, input: ObserveInput): Promise<Mined | null> {
  const receipt = await chain.receipt(sent.hash)
  if (receipt === null) return null
  assertOurs(receipt, sent, input)
  const block: BlockReference = { number: receipt.blockNumber, hash: receipt.blockHash }
  if (!(await isCanonical(chain, block))) return null
  const base = { hash: sent.hash, receipt, block }
  if (!receipt.success) {
    if (receipt.logs.length > 0)
      throw invalid(sent.hash, 'a reverted transaction without logs', `${receipt.logs.length} logs`)
    return { kind: 'reverted', ...base }
  }
  if (sent.cancels === true) {
    if (receipt.logs.length > 0)
      throw invalid(sent.hash, 'an empty transfer without logs', `${receipt.logs.length} logs`)
    return { kind: 'cancelled', ...base }
  }
  const { success, payment } = executionIn(receipt, input)
  return success
    ? { kind: 'executed', success, payment, ...base }
    : { kind: 'inner-failure', success, payment, ...base }
}

/** Whether the recorded block is still the one at its height. False means a reorganisation took it. */
export async function isCanonical(chain: Chain, block: BlockReference): Promise<boolean> {
  const now = await chain.block(block.number)
  return now !== null && now.number === block.number && now.hash.toLowerCase() === block.hash.toLowerCase()
}

/**
 * The one statement of the Safe about our safeTxHash in a receipt.
 * @throws RECEIPT_INVALID when the Safe said nothing about it, or more than once
 */
export function executionIn(
  receipt: Receipt,
  { safe, safeTxHash }: Pick<ObserveInput, 'safe' | 'safeTxHash'>,
): { readonly success: boolean; readonly payment: bigint } {
  const said = receipt.logs
    .filter((log) => sameAddress(log.address, safe))
    .map((log) => parseExecutionLog(log))
    .filter((event) => event !== null)
    .filter((event) => event.safeTxHash.toLowerCase() === safeTxHash.toLowerCase())
  const [event, second] = said
  if (event === undefined || second !== undefined) {
    throw invalid(receipt.transactionHash, `one execution event of ${safe} for ${safeTxHash}`, `${said.length}`)
  }
  return event
}

function assertOurs(receipt: Receipt, sent: SentTransaction, input: ObserveInput): void {
  const { hash } = sent
  if (receipt.transactionHash.toLowerCase() !== hash.toLowerCase())
    throw invalid(hash, `the receipt of ${hash}`, `that of ${receipt.transactionHash}`)
  if (!sameAddress(receipt.from, input.payer)) throw invalid(hash, `the sender ${input.payer}`, receipt.from)
  const target = sent.cancels === true ? input.payer : input.safe
  if (receipt.to === null || !sameAddress(receipt.to, target))
    throw invalid(hash, `the target ${target}`, receipt.to ?? 'a contract creation')
  const foreign = receipt.logs.find(
    (log) =>
      log.transactionHash.toLowerCase() !== hash.toLowerCase() ||
      log.blockHash.toLowerCase() !== receipt.blockHash.toLowerCase() ||
      log.blockNumber !== receipt.blockNumber,
  )
  if (foreign !== undefined)
    throw invalid(hash, 'logs of this transaction and block', `one of ${foreign.transactionHash}`)
}

export function invalid(hash: Hex, expected: string, got: string): CustodyError {
  return new CustodyError('RECEIPT_INVALID', `Expected ${expected} in the receipt of ${hash}, got ${got}.`, {
    details: { hash },
  })
}
