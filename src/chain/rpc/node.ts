import { CustodyError, excerpt } from '../../errors.ts'
import { type RpcAnswer, type RpcLimits, rpcRequest } from './request.ts'
import { smallQuantity } from './shapes.ts'
import type { Endpoint } from './url.ts'

/** One RPC node. Everything it says is attacker-controlled. */
export interface RpcNode {
  readonly shown: string
  /** The answer as it came, errors included. @throws CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID */
  ask(method: string, params: readonly unknown[]): Promise<RpcAnswer>
  /** The result; an error answer is CHAIN_ANSWER_INVALID. */
  result(method: string, params: readonly unknown[]): Promise<unknown>
  /** @throws CHAIN_ID_MISMATCH */
  assertChainId(): Promise<void>
}

/**
 * A node that is asked for its chain id before its first other answer is used, so that a URL which points
 * elsewhere is noticed even where nobody called `assertChainId`.
 */
export function createRpcNode(endpoint: Endpoint, chainId: number, limits: RpcLimits): RpcNode {
  let checked: Promise<void> | null = null

  async function result(method: string, params: readonly unknown[]): Promise<unknown> {
    return resultOf(await ask(method, params), method, endpoint.shown)
  }

  async function assertChainId(): Promise<void> {
    const answer = await rpcRequest(endpoint, 'eth_chainId', [], limits)
    const served = smallQuantity(resultOf(answer, 'eth_chainId', endpoint.shown), 'chain id')
    if (served !== chainId) {
      throw new CustodyError('CHAIN_ID_MISMATCH', `Expected chain id ${chainId} at ${endpoint.shown}, got ${served}.`)
    }
  }

  async function ask(method: string, params: readonly unknown[]): Promise<RpcAnswer> {
    checked ??= assertChainId()
    try {
      await checked
    } catch (error) {
      // Not remembered: a node that was down may come back.
      checked = null
      throw error
    }
    return rpcRequest(endpoint, method, params, limits)
  }

  return { shown: endpoint.shown, ask, result, assertChainId }
}

export function resultOf(answer: RpcAnswer, method: string, shown: string): unknown {
  if (answer.ok) return answer.result
  throw new CustodyError(
    'CHAIN_ANSWER_INVALID',
    `Expected a result of ${method} from ${shown}, got error ${answer.code} "${excerpt(answer.message, 120)}".`,
  )
}
