import { CustodyError } from '../../errors.ts'
import type { Hex } from '../../primitives/hex.ts'
import type { Block, Receipt } from '../chain.ts'
import { agree, commonBlock, disagreement, inRounds, numberTag } from './agreement.ts'
import type { RpcNode } from './node.ts'
import { readReceipt } from './receipt.ts'
import { block, bytes32, invalidAnswer, record } from './shapes.ts'

const SETTLE_MS = 250

/** The block at a height, or the newest that all nodes have. null when the height is not reached. */
export async function readBlock(nodes: readonly RpcNode[], tag: 'latest' | bigint): Promise<Block | null> {
  return inRounds(async () => {
    const head = await commonBlock(nodes)
    if (tag === 'latest') return head.block
    if (tag > head.block.number) return null
    return agree(nodes, `block ${tag}`, (node) => blockAt(node, tag))
  })
}

async function blockAt(node: RpcNode, number: bigint): Promise<Block | null> {
  return block(await node.result('eth_getBlockByNumber', [numberTag(number), false]), number)
}

/**
 * The receipt of a transaction that lies in the present chain of every node; null while one of them is
 * still behind it.
 * @throws CHAIN_ANSWER_INVALID when its block is not the block at that height
 */
export async function readMinedReceipt(nodes: readonly RpcNode[], hash: Hex): Promise<Receipt | null> {
  return inRounds(async () => {
    const receipts = await Promise.all(
      nodes.map(async (node) => readReceipt(await node.result('eth_getTransactionReceipt', [hash]), hash)),
    )
    const mined = receipts.find((receipt) => receipt !== null)
    if (mined === undefined) return null
    const head = (await commonBlock(nodes)).block
    if (mined.blockNumber > head.number) return null
    const silent = receipts.indexOf(null)
    if (silent >= 0) {
      throw disagreement(
        `transaction ${hash}`,
        (nodes[receipts.indexOf(mined)] as RpcNode).shown,
        `mined in block ${mined.blockNumber}`,
        (nodes[silent] as RpcNode).shown,
        'not mined',
      )
    }
    const receipt = await agree(nodes, `the receipt of ${hash}`, (node) =>
      Promise.resolve(receipts[nodes.indexOf(node)] as Receipt),
    )
    for (const node of nodes) {
      if (!(await liesInChain(node, receipt))) return stillMined(node, receipt)
    }
    return receipt
  })
}

async function liesInChain(node: RpcNode, receipt: Receipt): Promise<boolean> {
  return (await blockAt(node, receipt.blockNumber))?.hash === receipt.blockHash
}

// A reorganisation between two reads is honest: then the node has dropped or moved the receipt by now.
async function stillMined(node: RpcNode, receipt: Receipt): Promise<null> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const again = readReceipt(
    await node.result('eth_getTransactionReceipt', [receipt.transactionHash]),
    receipt.transactionHash,
  )
  if (again !== null && again.blockHash === receipt.blockHash && !(await liesInChain(node, again))) {
    throw invalidAnswer(
      `the receipt of ${receipt.transactionHash}`,
      `one from block ${receipt.blockNumber} of the chain of ${node.shown}`,
      receipt.blockHash,
    )
  }
  return null
}

/** Whether any node knows the transaction, mined or pooled. */
export async function isKnown(nodes: readonly RpcNode[], hash: Hex): Promise<boolean> {
  const answers = await Promise.allSettled(
    nodes.map(async (node) => {
      const transaction = await node.result('eth_getTransactionByHash', [hash])
      if (transaction === null) return false
      const named = bytes32(record(transaction, 'transaction')['hash'], 'transaction hash')
      if (named !== hash.toLowerCase()) throw invalidAnswer('transaction hash', hash, named)
      return true
    }),
  )
  if (answers.some((answer) => answer.status === 'fulfilled' && answer.value)) return true
  // "No" needs every node: the one that is silent may be the one that has it.
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (failed !== undefined) {
    throw failed.reason instanceof CustodyError
      ? failed.reason
      : new CustodyError('CHAIN_ANSWER_INVALID', `Expected a word on ${hash}, got none.`, { cause: failed.reason })
  }
  return false
}
