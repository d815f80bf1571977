import type { Chain } from '../chain/chain.ts'
import type { FoundExecution, ObserveInput, Observation } from './observation.ts'
import { executionIn, invalid, isCanonical } from './receipt.ts'
import { readSafeNonce } from './safe-nonce.ts'

/**
 * Who used the Safe nonce, when none of our receipts says so; null when the chain moved during the search or
 * the log names one of our own transactions, whose receipt the next look will find.
 * @throws RECEIPT_INVALID when the logs and the receipt of the same execution differ
 */
export async function findOutside(
  chain: Chain,
  input: ObserveInput,
): Promise<Extract<Observation, { kind: 'outside' }> | null> {
  const before = await readSafeNonce(chain, input.safe)
  const executions = await input.findExecutions(chain, input.safe, input.fromBlock)
  const head = await chain.block('latest')
  if (head === null || before <= input.safeNonce || (await readSafeNonce(chain, input.safe)) !== before) return null

  const same = executions.find(({ safeTxHash }) => safeTxHash.toLowerCase() === input.safeTxHash.toLowerCase())
  const found = same ?? atNonce(executions, before, input.safeNonce)
  if (found === null) {
    return {
      kind: 'outside',
      safeTxHash: null,
      sameEffect: false,
      success: null,
      transactionHash: null,
      block: { number: head.number, hash: head.hash },
    }
  }
  const ours = input.sent.some(({ hash }) => hash.toLowerCase() === found.transactionHash.toLowerCase())
  const block = { number: found.blockNumber, hash: found.blockHash }
  if (ours || !(await isCanonical(chain, block))) return null
  await assertProven(chain, input, found)
  return {
    kind: 'outside',
    safeTxHash: found.safeTxHash,
    sameEffect: same !== undefined,
    success: found.success,
    transactionHash: found.transactionHash,
    block,
  }
}

/** Each execution raises the nonce by one, so counting back from the present nonce names the one that took it. */
function atNonce(executions: readonly FoundExecution[], present: bigint, wanted: bigint): FoundExecution | null {
  const index = BigInt(executions.length) - (present - wanted)
  return index < 0n ? null : (executions[Number(index)] ?? null)
}

async function assertProven(chain: Chain, { safe }: ObserveInput, found: FoundExecution): Promise<void> {
  const receipt = await chain.receipt(found.transactionHash)
  if (receipt === null || !receipt.success || receipt.blockHash.toLowerCase() !== found.blockHash.toLowerCase()) {
    throw invalid(
      found.transactionHash,
      `a successful receipt in block ${found.blockHash}`,
      receipt === null ? 'none' : `one of block ${receipt.blockHash}`,
    )
  }
  const { success } = executionIn(receipt, { safe, safeTxHash: found.safeTxHash })
  if (success !== found.success)
    throw invalid(found.transactionHash, 'the same outcome as in the logs', 'the other one')
}
