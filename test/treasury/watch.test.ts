import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chain } from '../../src/chain/chain.ts'
import { deployCanonicalSafe, fundLocal } from '../../src/chain/local/deploy-safe.ts'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import type { Address } from '../../src/primitives/address.ts'
import { concatHex, type Hex } from '../../src/primitives/hex.ts'
import { findExecutions } from '../../src/treasury/watch.ts'
import { type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'
import { createLocalSafe, executeLocally } from './local-safe.ts'

let node: LocalChain
let liar: LyingRpc
let chain: Chain
beforeAll(async () => {
  node = await startLocalChain()
  liar = await startLyingRpc(node.url)
  chain = createRpcChain({ name: 'local', chainId: 31337, urls: [liar.url] })
  await deployCanonicalSafe(node.url, '1.5.0')
  await deployCanonicalSafe(node.url, '1.4.1')
})
afterEach(() => liar.honest())
afterAll(async () => {
  await liar.stop()
  await node.stop()
})

interface RawLog {
  readonly topics: Hex[]
  readonly data: Hex
}

describe.each(['1.4.1', '1.5.0'] as const)('when a Safe %s executed', (version) => {
  let safe: Address
  let hashes: Hex[]
  let from: bigint

  beforeAll(async () => {
    safe = await createLocalSafe(node.url, version, 42n)
    from = BigInt((await localRpc(node.url).result('eth_blockNumber', [])) as string)
    await fundLocal(node.url, safe, 5n)
    hashes = [await executeLocally(node.url, safe, version, 0n, { to: safe })]
    await localRpc(node.url).result('hardhat_mine', ['0x1388'])
    // safeTxGas set: the inner failure is swallowed, and the outer transaction succeeds.
    hashes.push(
      await executeLocally(node.url, safe, version, 1n, {
        data: '0xdeadbeef00',
        to: safe,
        value: 99n,
        safeTxGas: 50_000n,
      }),
    )
    hashes.push(await executeLocally(node.url, safe, version, 2n, { to: safe }))
  })

  it('finds each execution in order over many blocks, failures as failures', async () => {
    const found = await findExecutions(chain, safe, from)
    expect(found.map(({ safeTxHash, success }) => [safeTxHash, success])).toEqual([
      [hashes[0], true],
      [hashes[1], false],
      [hashes[2], true],
    ])
    for (const { blockNumber, blockHash, transactionHash } of found) {
      expect(await chain.receipt(transactionHash)).toMatchObject({ blockNumber, blockHash, success: true })
    }
  })

  it('starts where it is told to, and finds nothing beyond the head', async () => {
    const all = await findExecutions(chain, safe, from)
    const second = all[1]?.blockNumber as bigint
    expect(await findExecutions(chain, safe, second)).toEqual(all.slice(1))
    expect(await findExecutions(chain, safe, 1_000_000n)).toEqual([])
    expect(await findExecutions(chain, '0x00000000000000000000000000000000000000f1', from)).toEqual([])
  })

  it('reads the form of 1.3.0, whose hash is not indexed', async () => {
    const all = await findExecutions(chain, safe, from)
    liar.lie('eth_getLogs', {
      result: (truth) =>
        (truth as RawLog[]).map((log) => ({
          ...log,
          topics: log.topics.slice(0, 1),
          data: concatHex(...log.topics.slice(1), log.data),
        })),
    })
    expect(await findExecutions(chain, safe, from)).toEqual(all)
  })

  it('G7 refuses an execution log that cannot be read, rather than passing over it', async () => {
    liar.lie('eth_getLogs', { result: (truth) => (truth as RawLog[]).map((log) => ({ ...log, data: '0x' })) })
    await expect(findExecutions(chain, safe, from)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('asks for fewer blocks where the node allows fewer, and gives up where it allows none', async () => {
    const all = await findExecutions(chain, safe, from)
    liar.lie('eth_getLogs', { error: { code: -32602, message: 'block range too large' } }, 4)
    expect(await findExecutions(chain, safe, from)).toEqual(all)
    liar.lie('eth_getLogs', { error: { code: -32602, message: 'no logs here' } })
    await expect(findExecutions(chain, safe, from)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })
})
