import { rpcRequest } from './request.ts'
import { resultOf } from './node.ts'
import { smallQuantity } from './shapes.ts'
import { parseRpcUrl } from './url.ts'

/** The chain id that a URL serves. @throws CHAIN_URL_INVALID, CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID */
export async function requestChainId(url: string): Promise<number> {
  const endpoint = parseRpcUrl(url)
  const answer = await rpcRequest(endpoint, 'eth_chainId', [], { timeoutMs: 10_000, maxBytes: 65_536 })
  return smallQuantity(resultOf(answer, 'eth_chainId', endpoint.shown), 'chain id')
}
