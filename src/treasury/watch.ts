import type { Chain, Log } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { EXECUTION_FAILURE_TOPIC, EXECUTION_SUCCESS_TOPIC, parseExecutionLog } from '../safe/exec.ts'

/** An execution that the Safe announced, whoever sent it. */
export interface Execution {
  readonly safeTxHash: Hex
  /** false: the inner call failed and the nonce is used. */
  readonly success: boolean
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly transactionHash: Hex
}

/** Blocks per query; nodes that allow fewer make it halve. */
const CHUNK = 2_000n

/**
 * All executions of a Safe from a block on, in order of the chain.
 * @throws CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID, CHAIN_DISAGREEMENT
 */
export async function findExecutions(chain: Chain, safe: Address, fromBlock: bigint): Promise<readonly Execution[]> {
  const head = await chain.block('latest')
  if (head === null)
    throw new CustodyError('CHAIN_ANSWER_INVALID', `Expected a latest block on ${chain.name}, got none.`)
  const executions: Execution[] = []
  let chunk = CHUNK
  for (let from = fromBlock; from <= head.number;) {
    const to = from + chunk - 1n < head.number ? from + chunk - 1n : head.number
    let logs: readonly Log[]
    try {
      logs = await executionLogs(chain, safe, from, to)
    } catch (error) {
      // Nodes bound the range in words of their own, so an error may only mean "too many blocks".
      if (!(error instanceof CustodyError) || error.code !== 'CHAIN_ANSWER_INVALID' || from === to) throw error
      chunk = (to - from + 1n) / 2n
      continue
    }
    for (const log of logs) executions.push(executionOf(log, safe))
    from = to + 1n
  }
  return executions
}

async function executionLogs(chain: Chain, safe: Address, fromBlock: bigint, toBlock: bigint): Promise<readonly Log[]> {
  const found = await Promise.all(
    [EXECUTION_SUCCESS_TOPIC, EXECUTION_FAILURE_TOPIC].map((topic) =>
      chain.logs({ address: safe, topics: [topic], fromBlock, toBlock }),
    ),
  )
  return found
    .flat()
    .sort((a, b) =>
      a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1,
    )
}

// A log with the right topic that cannot be read must not pass as "nothing was executed".
function executionOf(log: Log, safe: Address): Execution {
  const execution = sameAddress(log.address, safe) ? parseExecutionLog(log) : null
  if (execution === null) {
    throw new CustodyError(
      'CHAIN_ANSWER_INVALID',
      `Expected an execution log of ${safe} in transaction ${log.transactionHash}, got one of another form.`,
    )
  }
  return {
    safeTxHash: execution.safeTxHash,
    success: execution.success,
    blockNumber: log.blockNumber,
    blockHash: log.blockHash,
    transactionHash: log.transactionHash,
  }
}
