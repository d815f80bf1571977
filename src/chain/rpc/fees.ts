import { CustodyError } from '../../errors.ts'
import type { FeeQuote } from '../chain.ts'
import { agree, commonBlock, inRounds } from './agreement.ts'
import type { RpcNode } from './node.ts'
import { invalidAnswer, list, quantity, record } from './shapes.ts'

/** Blocks whose tips are looked at, and the percentile of the gas in each. */
const HISTORY_BLOCKS = 10
const REWARD_PERCENTILE = 50

/**
 * wei per gas as the chain asks now. The base fee of the next block is a fact that all nodes must share;
 * tips are opinions, and the lowest one is taken: too little waits and is replaced, too much is gone.
 */
export async function readFees(nodes: readonly RpcNode[]): Promise<FeeQuote> {
  return inRounds(async () => {
    const pin = await commonBlock(nodes)
    if (pin.block.baseFeePerGas === null) {
      const prices = await Promise.all(
        nodes.map(async (node) => quantity(await node.result('eth_gasPrice', []), 'gas price')),
      )
      return { baseFeePerGas: null, priorityFeePerGas: 0n, gasPrice: lowest(prices) }
    }
    const histories = new Map<RpcNode, History>()
    const baseFeePerGas = await agree(nodes, 'the next base fee', async (node) => {
      const history = await readHistory(node, pin.tag, pin.block.number)
      histories.set(node, history)
      return history.nextBaseFee
    })
    const tips = await Promise.all(nodes.map((node) => tipOf(node, (histories.get(node) as History).rewards)))
    const priorityFeePerGas = lowest(tips)
    return { baseFeePerGas, priorityFeePerGas, gasPrice: baseFeePerGas + priorityFeePerGas }
  })
}

interface History {
  readonly nextBaseFee: bigint
  readonly rewards: readonly bigint[]
}

async function readHistory(node: RpcNode, tag: string, newest: bigint): Promise<History> {
  const history = record(
    await node.result('eth_feeHistory', [`0x${HISTORY_BLOCKS.toString(16)}`, tag, [REWARD_PERCENTILE]]),
    'fee history',
  )
  const oldest = quantity(history['oldestBlock'], 'fee history oldestBlock')
  const bases = list(history['baseFeePerGas'], 'fee history baseFeePerGas').map((base) =>
    quantity(base, 'fee history baseFeePerGas'),
  )
  const blocks = Number(newest - oldest) + 1
  if (blocks < 1 || blocks > HISTORY_BLOCKS || bases.length !== blocks + 1) {
    throw invalidAnswer(
      'fee history',
      `${HISTORY_BLOCKS} blocks up to ${newest} and the next base fee`,
      `${bases.length} base fees from block ${oldest}`,
    )
  }
  const rewards = list(history['reward'] ?? [], 'fee history reward').map((row) =>
    quantity(list(row, 'fee history reward')[0], 'fee history reward'),
  )
  return { nextBaseFee: bases.at(-1) as bigint, rewards }
}

// Empty blocks report a reward of zero, which says nothing about what others pay.
async function tipOf(node: RpcNode, rewards: readonly bigint[]): Promise<bigint> {
  const paid = rewards.filter((reward) => reward > 0n).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  if (paid.length > 0) return paid[(paid.length - 1) >> 1] as bigint
  const answer = await node.ask('eth_maxPriorityFeePerGas', [])
  return answer.ok ? quantity(answer.result, 'priority fee') : 0n
}

function lowest(values: readonly bigint[]): bigint {
  const first = values[0]
  if (first === undefined) throw new CustodyError('INTERNAL', 'A chain without nodes was asked.')
  return values.reduce((low, value) => (value < low ? value : low), first)
}
