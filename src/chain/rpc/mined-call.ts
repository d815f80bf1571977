import type { Hex } from '../../primitives/hex.ts'
import type { MinedCall } from '../chain.ts'
import { agree, inRounds } from './agreement.ts'
import type { RpcNode } from './node.ts'
import { address, bytes, invalidAnswer, quantity, record } from './shapes.ts'

/** The outermost call of a mined transaction, the same from every node. @throws CHAIN_ANSWER_INVALID, CHAIN_DISAGREEMENT */
export async function readMinedCall(nodes: readonly RpcNode[], hash: Hex): Promise<MinedCall | null> {
  return inRounds(() =>
    agree(nodes, `transaction ${hash}`, async (node) => {
      const answer = await node.result('eth_getTransactionByHash', [hash])
      if (answer === null) return null
      const fields = record(answer, 'transaction')
      if (fields['blockHash'] === null || fields['blockHash'] === undefined) return null
      if (String(fields['hash']).toLowerCase() !== hash.toLowerCase())
        throw invalidAnswer('the transaction', hash, String(fields['hash']))
      return {
        from: address(fields['from'], 'sender'),
        to: fields['to'] === null ? null : address(fields['to'], 'target'),
        value: quantity(fields['value'], 'value'),
        data: bytes(fields['input'], 'calldata'),
      }
    }),
  )
}
