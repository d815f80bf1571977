import type { Chain } from '../chain/chain.ts'
import { type Address, sameAddress, toChecksum } from '../primitives/address.ts'
import { addressWord, type Hex } from '../primitives/hex.ts'
import { decodeExecTransaction } from '../safe/exec.ts'
import { decodeMultiSend } from '../safe/multi-send.ts'
import type { SeenExecution } from './parts.ts'

export interface Outflow {
  /** false when the native part cannot be told from what the chain shows. */
  readonly known: boolean
  readonly amounts: readonly { readonly token: Address | null; readonly amount: bigint }[]
}

// keccak256('Transfer(address,address,uint256)')
const TRANSFER: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/**
 * What an execution outside Coffer took from the Safe: ERC-20 Transfer events from the Safe in its receipt, and
 * the native value where the Safe was called directly. Amounts in base units; null while the nodes do not have it.
 */
export async function outflowOf(chain: Chain, safe: Address, execution: SeenExecution): Promise<Outflow | null> {
  const receipt = await chain.receipt(execution.transactionHash)
  if (receipt === null) return null
  const amounts: { token: Address | null; amount: bigint }[] = []
  for (const log of receipt.logs) {
    const fromSafe =
      log.topics.length === 3 &&
      log.topics[0] === TRANSFER &&
      log.topics[1] === addressWord(safe) &&
      log.data.length === 66
    if (fromSafe) amounts.push({ token: toChecksum(log.address), amount: BigInt(log.data) })
  }
  const transaction = await chain.transaction(execution.transactionHash)
  if (transaction === null) return null
  if (transaction.to === null || !sameAddress(transaction.to, safe)) return { known: false, amounts }
  try {
    const { tx } = decodeExecTransaction(transaction.data)
    const calls = tx.operation === 0 ? [tx] : decodeMultiSend(tx.data)
    if (calls.some(({ operation }) => operation === 1)) return { known: false, amounts }
    for (const { value } of calls) if (value > 0n) amounts.push({ token: null, amount: value })
    return { known: true, amounts }
  } catch {
    return { known: false, amounts }
  }
}
