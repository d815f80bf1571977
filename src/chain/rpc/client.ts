import { CustodyError } from '../../errors.ts'
import { compareAddress } from '../../primitives/address.ts'
import type { CallResult, Chain, ChainCall, StateDiff } from '../chain.ts'
import { agree, agreeAtHead, commonBlock, disagreement, inRounds } from './agreement.ts'
import { callObject, callResult, executionFailure } from './execution.ts'
import { readFees } from './fees.ts'
import { readL1DataFee } from './l1-data-fee.ts'
import { readLogs } from './logs.ts'
import { isKnown, readBlock, readMinedReceipt } from './mined.ts'
import { createRpcNode, resultOf, type RpcNode } from './node.ts'
import { sendRaw } from './send.ts'
import { bytes, bytes32, quantity, smallQuantity } from './shapes.ts'
import { readMinedCall } from './mined-call.ts'
import { traceStateDiff } from './state-diff.ts'
import { parseRpcUrl } from './url.ts'

export interface RpcChainOptions {
  readonly name: string
  readonly chainId: number
  /** Every one must give the same answer wherever an answer decides something. */
  readonly urls: readonly string[]
  /** Milliseconds for one attempt of one request; 10,000 when left out. */
  readonly timeoutMs?: number
  /** Bytes of one answer; 16 MiB when left out. */
  readonly maxBytes?: number
}

type Gas = Awaited<ReturnType<Chain['estimateGas']>>

const TIMEOUT_MS = 10_000
const MAX_BYTES = 16 * 1024 * 1024

/**
 * A chain over plain JSON-RPC. Nodes are asked for their chain id before their first answer is used.
 * @throws CHAIN_URL_INVALID when a URL is not http or https, or there is none
 */
export function createRpcChain(options: RpcChainOptions): Chain {
  const limits = { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, maxBytes: options.maxBytes ?? MAX_BYTES }
  const connect = (url: string): RpcNode => createRpcNode(parseRpcUrl(url), options.chainId, limits)
  const nodes = [...new Set(options.urls)].map(connect)
  if (nodes.length === 0)
    throw new CustodyError('CHAIN_URL_INVALID', `Expected at least one RPC URL for chain ${options.name}, got none.`)

  const call = (request: ChainCall): Promise<CallResult> =>
    agreeAtHead(
      nodes,
      `a call of ${request.to}`,
      async (node, tag) => callResult(await node.ask('eth_call', [callObject(request), tag]), 'eth_call', node.shown),
      outcome,
    )
  const code: Chain['code'] = (address) =>
    agreeAtHead(nodes, `the code of ${address}`, async (node, tag) =>
      bytes(await node.result('eth_getCode', [address, tag]), 'code'),
    )

  return {
    name: options.name,
    chainId: options.chainId,
    async assertChainId() {
      await Promise.all(nodes.map((node) => node.assertChainId()))
    },
    block: (tag) => readBlock(nodes, tag),
    balance: (address) =>
      agreeAtHead(nodes, `the balance of ${address}`, async (node, tag) =>
        quantity(await node.result('eth_getBalance', [address, tag]), 'balance'),
      ),
    code,
    storageAt: (address, slot) =>
      agreeAtHead(nodes, `storage of ${address}`, async (node, tag) =>
        bytes32(await node.result('eth_getStorageAt', [address, slot, tag]), 'storage word'),
      ),
    async transactionCount(address, tag) {
      const count = async (node: RpcNode, at: string): Promise<number> =>
        smallQuantity(await node.result('eth_getTransactionCount', [address, at]), 'transaction count')
      if (tag === 'latest') return agreeAtHead(nodes, `the transaction count of ${address}`, count)
      // Pools differ honestly; the highest count keeps a nonce that one of them holds from being used twice.
      return Math.max(...(await Promise.all(nodes.map((node) => count(node, 'pending')))))
    },
    call,
    estimateGas: (request) => estimateGas(nodes, request),
    fees: () => readFees(nodes),
    l1DataFee: (unsigned) => readL1DataFee({ code, call }, unsigned),
    stateDiff: (request) => stateDiff(nodes, request),
    logs: (filter) => readLogs(nodes, filter),
    receipt: (hash) => readMinedReceipt(nodes, hash),
    transaction: (hash) => readMinedCall(nodes, hash),
    knows: (hash) => isKnown(nodes, hash),
    send: async (raw, url) => sendRaw(url === undefined ? nodes : [connect(url)], raw),
  }
}

// Reasons are made of the data, or are the node's own prose, which differs between clients.
function outcome(result: CallResult): unknown {
  return { ok: result.ok, data: result.data }
}

// Clients estimate differently, so only success must be agreed on; the highest estimate is the safe one.
async function estimateGas(nodes: readonly RpcNode[], request: ChainCall): Promise<Gas> {
  const estimates = await Promise.all(
    nodes.map(async (node): Promise<Gas> => {
      const answer = await node.ask('eth_estimateGas', [callObject(request)])
      if (answer.ok) return { ok: true, gas: quantity(answer.result, 'gas estimate') }
      const failure = executionFailure(answer)
      if (failure === null) {
        resultOf(answer, 'eth_estimateGas', node.shown)
        throw new CustodyError('INTERNAL', 'An error answer was read as a result.')
      }
      return { ok: false, ...failure }
    }),
  )
  const refusal = estimates.findIndex((estimate) => !estimate.ok)
  const success = estimates.findIndex((estimate) => estimate.ok)
  if (refusal >= 0 && success >= 0) {
    throw disagreement(
      `the gas of a call of ${request.to}`,
      (nodes[success] as RpcNode).shown,
      'it succeeds',
      (nodes[refusal] as RpcNode).shown,
      'it fails',
    )
  }
  return estimates.reduce((high, next) => (high.ok && next.ok && next.gas > high.gas ? next : high))
}

// Few nodes trace. One that does not leaves the others' word; where several do, they must agree.
async function stateDiff(nodes: readonly RpcNode[], request: ChainCall): Promise<StateDiff | null> {
  return inRounds(async () => {
    const tag = nodes.length === 1 ? 'latest' : (await commonBlock(nodes)).tag
    const diffs = await Promise.all(nodes.map((node) => traceStateDiff(node, request, tag)))
    const traced = nodes.filter((_, index) => diffs[index] !== null)
    if (traced.length === 0) return null
    return agree(
      traced,
      `the effect of a call of ${request.to}`,
      (node) => Promise.resolve(diffs[nodes.indexOf(node)] as StateDiff),
      sorted,
    )
  })
}

function sorted(diff: StateDiff): unknown {
  return {
    balances: [...diff.balances].sort((a, b) => compareAddress(a.address, b.address)),
    storage: [...diff.storage].sort((a, b) => compareAddress(a.address, b.address) || (a.slot < b.slot ? -1 : 1)),
  }
}
