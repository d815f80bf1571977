import { CustodyError } from '../../errors.ts'
import type { Address } from '../../primitives/address.ts'
import type { Hex } from '../../primitives/hex.ts'
import { createRpcNode } from '../rpc/node.ts'
import { address, bytes32, quantity, record } from '../rpc/shapes.ts'
import { parseRpcUrl } from '../rpc/url.ts'
import { LOCAL_ACCOUNTS, LOCAL_CHAIN_ID } from './accounts.ts'

/** What the set-up of a local chain needs: transactions of the node's own unlocked development account. */
export interface LocalRpc {
  result(method: string, params: readonly unknown[]): Promise<unknown>
  /** Sends and waits; gives the address of the contract that was created, if any. `value` in wei. */
  transact(transaction: {
    readonly to?: Address
    readonly value?: bigint
    readonly data?: Hex
  }): Promise<Address | null>
  sendRaw(raw: Hex): Promise<Address | null>
}

const TIMEOUT_MS = 30_000
const POLL_MS = 20
/** wei per gas. The node would otherwise offer the tip it saw last, which is the 100 gwei of the factory's creation. */
const FEES = { maxPriorityFeePerGas: '0x3b9aca00', maxFeePerGas: '0x2540be4000' } as const

/** @throws CHAIN_ID_MISMATCH on the first request, when the URL serves any other chain than the local one */
export function localRpc(url: string): LocalRpc {
  const node = createRpcNode(parseRpcUrl(url), LOCAL_CHAIN_ID, { timeoutMs: TIMEOUT_MS, maxBytes: 16 * 1024 * 1024 })

  async function mined(hash: Hex): Promise<Address | null> {
    const end = Date.now() + TIMEOUT_MS
    for (;;) {
      const answer = await node.result('eth_getTransactionReceipt', [hash])
      if (answer !== null) {
        const receipt = record(answer, 'receipt')
        if (quantity(receipt['status'], 'receipt status') !== 1n) {
          throw new CustodyError(
            'BROADCAST_REFUSED',
            `Expected transaction ${hash} of the local set-up to succeed, it reverted.`,
          )
        }
        const created = receipt['contractAddress']
        return created === null || created === undefined ? null : address(created, 'contract address')
      }
      if (Date.now() > end)
        throw new CustodyError(
          'CHAIN_UNREACHABLE',
          `Expected the local chain to mine ${hash} in ${TIMEOUT_MS / 1000} s.`,
        )
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  return {
    result: (method, params) => node.result(method, params),
    async transact({ to, value, data }) {
      const from = (LOCAL_ACCOUNTS[0] as { address: Address }).address
      const hash = await node.result('eth_sendTransaction', [
        {
          from,
          ...FEES,
          ...(to !== undefined && { to }),
          ...(value !== undefined && { value: `0x${value.toString(16)}` }),
          ...(data !== undefined && { data }),
        },
      ])
      return mined(bytes32(hash, 'transaction hash'))
    },
    async sendRaw(raw) {
      return mined(bytes32(await node.result('eth_sendRawTransaction', [raw]), 'transaction hash'))
    },
  }
}
