import { sameAddress } from '../../primitives/address.ts'
import type { Chain, Log } from '../chain.ts'
import { agree, commonBlock, inRounds, numberTag } from './agreement.ts'
import type { RpcNode } from './node.ts'
import { readLog } from './receipt.ts'
import { invalidAnswer, list } from './shapes.ts'

type Filter = Parameters<Chain['logs']>[0]

/** The logs of a filter, in order of the chain, each checked against the filter that was asked. */
export async function readLogs(nodes: readonly RpcNode[], filter: Filter): Promise<readonly Log[]> {
  return inRounds(async () => {
    const head = (await commonBlock(nodes)).block.number
    const toBlock = filter.toBlock === 'latest' || filter.toBlock > head ? head : filter.toBlock
    if (filter.fromBlock > toBlock) return []
    return agree(nodes, `logs of ${filter.address}`, (node) => logsOf(node, filter, toBlock))
  })
}

async function logsOf(node: RpcNode, filter: Filter, toBlock: bigint): Promise<readonly Log[]> {
  const query = {
    address: filter.address,
    fromBlock: numberTag(filter.fromBlock),
    toBlock: numberTag(toBlock),
    ...(filter.topics !== undefined && { topics: filter.topics }),
  }
  const logs = list(await node.result('eth_getLogs', [query]), 'logs').map((log) => readLog(log))
  logs.sort((a, b) =>
    a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1,
  )
  for (const [index, log] of logs.entries()) {
    const previous = logs[index - 1]
    const repeated =
      previous !== undefined && previous.blockNumber === log.blockNumber && previous.logIndex === log.logIndex
    const matches =
      sameAddress(log.address, filter.address) &&
      log.blockNumber >= filter.fromBlock &&
      log.blockNumber <= toBlock &&
      (filter.topics ?? []).every((topic, at) => topic === null || log.topics[at] === topic.toLowerCase())
    if (!matches || repeated)
      throw invalidAnswer('logs', 'entries that fit the filter, each once', `one of block ${log.blockNumber}`)
  }
  return logs
}
