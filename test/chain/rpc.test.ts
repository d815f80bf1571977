import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chain } from '../../src/chain/chain.ts'
import { LOCAL_ACCOUNTS } from '../../src/chain/local/accounts.ts'
import { deployLocalContract, fundLocal, mintTestToken } from '../../src/chain/local/deploy-safe.ts'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import { GAS_PRICE_ORACLE } from '../../src/chain/rpc/l1-data-fee.ts'
import type { CustodyError } from '../../src/errors.ts'
import type { Address } from '../../src/primitives/address.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { addressWord, concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'

const DEV = (LOCAL_ACCOUNTS[0] as { address: Address }).address
const PAYER = privateKeyToAccount((LOCAL_ACCOUNTS[4] as { privateKey: Hex }).privateKey)
const FRIEND: Address = '0x00000000000000000000000000000000000000f1'
const NO_HASH: Hex = `0x${'11'.repeat(32)}`

let node: LocalChain
let liar: LyingRpc
let chain: Chain
let both: Chain
let token: Address
let minted: Hex

const open = (...urls: string[]): Chain =>
  createRpcChain({ name: 'local', chainId: 31337, urls, timeoutMs: 400, maxBytes: 100_000 })

async function signed(nonce: number, to: Address = FRIEND): Promise<Hex> {
  return PAYER.signTransaction({
    type: 'eip1559',
    chainId: 31337,
    nonce,
    to,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 10n ** 11n,
    maxPriorityFeePerGas: 10n ** 9n,
  })
}

beforeAll(async () => {
  node = await startLocalChain()
  liar = await startLyingRpc(node.url)
  chain = open(liar.url)
  both = open(node.url, liar.url)
  token = await deployLocalContract(node.url, 'TestToken', [])
  await mintTestToken(node.url, token, DEV, 1_000n)
  minted = ((await localRpc(node.url).result('eth_getBlockByNumber', ['latest', false])) as { transactions: Hex[] })
    .transactions[0] as Hex
})
afterEach(() => liar.honest())
afterAll(async () => {
  await liar.stop()
  await node.stop()
})

const transfer = (to: Address, amount: bigint): Hex => concatHex('0xa9059cbb', addressWord(to), uintWord(amount))

describe('when the node is honest', () => {
  it('reads balance, code, storage, counts, calls, logs and receipts as they are', async () => {
    await chain.assertChainId()
    await fundLocal(node.url, FRIEND, 7n)
    for (const view of [chain, both]) {
      expect(await view.balance(FRIEND)).toBe(7n)
      expect((await view.code(token)).length).toBeGreaterThan(100)
      expect(await view.code(FRIEND)).toBe('0x')
      expect(await view.storageAt(FRIEND, uintWord(9n))).toBe(uintWord(0n))
      expect(await view.transactionCount(PAYER.address, 'latest')).toBe(0)
      expect(await view.transactionCount(DEV, 'pending')).toBeGreaterThan(1)
      expect(await view.call({ to: token, data: concatHex('0x70a08231', addressWord(DEV)) })).toEqual({
        ok: true,
        data: uintWord(1_000n),
      })
      const receipt = await view.receipt(minted)
      expect(receipt).toMatchObject({ success: true, transactionHash: minted, to: token, l1Fee: null })
      const logs = await view.logs({
        address: token,
        topics: [receipt?.logs[0]?.topics[0] ?? null],
        fromBlock: 0n,
        toBlock: 'latest',
      })
      expect(logs).toEqual(receipt?.logs)
      expect(await view.receipt(NO_HASH)).toBeNull()
      expect(await view.knows(minted)).toBe(true)
      expect(await view.knows(NO_HASH)).toBe(false)
      expect(await view.block(99_999n)).toBeNull()
      expect((await view.block(0n))?.number).toBe(0n)
      expect((await view.block('latest'))?.hash).toMatch(/^0x[0-9a-f]{64}$/)
    }
  })

  it('gives the data of a revert, and the diff of a call', async () => {
    for (const view of [chain, both]) {
      const refused = await view.call({ from: FRIEND, to: token, data: transfer(DEV, 5n) })
      expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining('custom error 0x') as string })
      expect(await view.estimateGas({ from: FRIEND, to: token, data: transfer(DEV, 5n) })).toMatchObject({ ok: false })
      expect(await view.estimateGas({ from: DEV, to: token, data: transfer(FRIEND, 5n) })).toMatchObject({ ok: true })
      const diff = await view.stateDiff({ from: DEV, to: token, data: transfer(FRIEND, 1_000n) })
      expect(diff?.balances).toEqual([])
      expect(
        diff?.storage.map(({ address, before, after }) => [address, BigInt(before), BigInt(after)]).sort(),
      ).toEqual(
        [
          [token, 0n, 1_000n],
          [token, 1_000n, 0n],
        ].sort(),
      )
      const paid = await view.stateDiff({ from: DEV, to: FRIEND, value: 3n })
      expect(paid?.balances.map(({ before, after }) => after - before).sort()).toEqual([-3n, 3n])
    }
  })

  it('sends once, and takes "already known" and a low nonce for what they are', async () => {
    const raw = await signed(0)
    expect(await chain.send(raw)).toEqual({ accepted: true })
    expect(await chain.receipt(keccak256(raw))).toMatchObject({ success: true, from: PAYER.address, gasUsed: 21_000n })
    expect(await chain.send(await signed(0, DEV))).toMatchObject({ accepted: false, nonceTooLow: true })
    expect(await chain.send('0x02c0')).toMatchObject({ accepted: false, nonceTooLow: false })
    for (const message of [
      'already known',
      'AlreadyKnown',
      'Known transaction: 0x12',
      'Transaction with the same hash was already imported.',
    ]) {
      liar.lie('eth_sendRawTransaction', { error: { code: -32000, message } })
      expect(await chain.send(raw)).toEqual({ accepted: true })
    }
  })

  it('sends to the private URL alone when one is given', async () => {
    liar.calls.length = 0
    expect(await open(node.url).send(await signed(1), liar.url)).toEqual({ accepted: true })
    expect(liar.calls.map((call) => call.method)).toContain('eth_sendRawTransaction')
    await expect(chain.send('0x00', 'ftp://example.org')).rejects.toThrowWithCode('CHAIN_URL_INVALID')
  })
})

describe('when a node serves another chain', () => {
  it('refuses with CHAIN_ID_MISMATCH, also where nobody asked for the id', async () => {
    liar.lie('eth_chainId', { result: (): unknown => '0x1' })
    await expect(chain.assertChainId()).rejects.toThrowWithCode('CHAIN_ID_MISMATCH')
    await expect(both.assertChainId()).rejects.toThrowWithCode('CHAIN_ID_MISMATCH')
    await expect(open(liar.url).balance(DEV)).rejects.toThrowWithCode('CHAIN_ID_MISMATCH')
    await expect(open(node.url).send('0x00', liar.url)).rejects.toThrowWithCode('CHAIN_ID_MISMATCH')
  })

  it('refuses to set up anything on a chain that is not the local one', async () => {
    liar.lie('eth_chainId', { result: (): unknown => '0x1' })
    liar.calls.length = 0
    await expect(fundLocal(liar.url, FRIEND, 1n)).rejects.toThrowWithCode('CHAIN_ID_MISMATCH')
    expect(liar.calls.map((call) => call.method)).toEqual(['eth_chainId'])
  })
})

describe('when an answer cannot be read', () => {
  it.each([
    ['no JSON', { text: '<html>oops' }],
    ['half of a JSON', { text: '{"jsonrpc":"2.0","id":1,"result":"0x' }],
    ['another version', { text: '{"jsonrpc":"1.0","id":1,"result":"0x1"}' }],
    ['another id', { text: '{"jsonrpc":"2.0","id":2,"result":"0x1"}' }],
    ['neither result nor error', { text: '{"jsonrpc":"2.0","id":1}' }],
    ['both result and error', { text: '{"jsonrpc":"2.0","id":1,"result":"0x1","error":{"code":1,"message":"x"}}' }],
    ['a list', { text: '[{"jsonrpc":"2.0","id":1,"result":"0x1"}]' }],
    ['an error that is text', { text: '{"jsonrpc":"2.0","id":1,"error":"no"}' }],
    ['leading zeros', { result: (): unknown => '0x01' }],
    ['a decimal number', { result: (): unknown => '12' }],
    ['a JSON number', { result: (): unknown => 12 }],
    ['nothing after 0x', { result: (): unknown => '0x' }],
    ['a negative quantity', { result: (): unknown => '-0x1' }],
    ['upper case', { result: (): unknown => '0xA' }],
    ['more than 256 bits', { result: (): unknown => `0x1${'0'.repeat(64)}` }],
    ['null', { result: (): unknown => null }],
    ['an error of the node', { error: { code: -32601, message: 'no such method' } }],
  ] as const)('refuses a balance that is %s', async (_what, lie) => {
    liar.lie('eth_getBalance', lie)
    await expect(chain.balance(DEV)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('refuses an endless body without reading it whole', async () => {
    liar.lie('eth_getCode', { text: `{"jsonrpc":"2.0","id":1,"result":"0x${'00'.repeat(200_000)}"}` })
    await expect(chain.code(DEV)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('refuses odd code, short words, another block, a count beyond 2^53 and a call that is no bytes', async () => {
    liar.lie('eth_getCode', { result: (): unknown => '0x123' })
    liar.lie('eth_getStorageAt', { result: (): unknown => '0x0' })
    liar.lie('eth_getTransactionCount', { result: (): unknown => '0x20000000000001' })
    liar.lie('eth_call', { result: (): unknown => ['0x'] })
    await expect(chain.code(DEV)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    await expect(chain.storageAt(DEV, uintWord(0n))).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    await expect(chain.transactionCount(DEV, 'latest')).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    await expect(chain.call({ to: token })).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_getBlockByNumber', { result: (truth) => ({ ...(truth as object), number: '0x1' }) })
    await expect(chain.block(0n)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_getBlockByNumber', { result: (): unknown => null })
    await expect(chain.block('latest')).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('G7 does not take a failure of the node for a revert, nor for an effect of nothing', async () => {
    liar.lie('eth_call', { error: { code: -32603, message: 'internal error' } })
    await expect(chain.call({ to: token })).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_estimateGas', { error: { code: -32601, message: 'method not found' } })
    await expect(chain.estimateGas({ to: token })).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('debug_traceCall', { error: { code: -32601, message: 'method not found' } })
    expect(await chain.stateDiff({ to: token })).toBeNull()
    liar.lie('debug_traceCall', { result: (): unknown => ({ structLogs: [] }) })
    await expect(chain.stateDiff({ to: token })).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('takes a revert in each of the shapes that nodes give it', async () => {
    const data = `0x08c379a0${'20'.padStart(64, '0')}${'05'.padStart(64, '0')}${Buffer.from('GS026').toString('hex').padEnd(64, '0')}`
    for (const error of [
      { code: 3, message: 'execution reverted', data },
      { code: -32000, message: 'x', data: { data } },
      { code: -32015, message: 'VM', data: `Reverted ${data}` },
      { code: -32603, message: 'x', data: { originalError: 1, data: { data } } },
    ]) {
      liar.lie('eth_call', { error })
      expect(await chain.call({ to: token })).toMatchObject({
        ok: false,
        data,
        reason: expect.stringContaining('GS026: ') as string,
      })
    }
    liar.lie('eth_call', { error: { code: -32000, message: 'execution reverted' } })
    expect(await chain.call({ to: token })).toEqual({ ok: false, data: '0x', reason: 'execution reverted' })
  })
})

describe('when a receipt is a lie', () => {
  type Fields = Record<string, unknown> & { logs: Record<string, unknown>[] }
  const first = (truth: Fields): Record<string, unknown> => truth.logs[0] as Record<string, unknown>
  it.each<[string, (truth: Fields) => unknown]>([
    ['of another transaction', (truth) => ({ ...truth, transactionHash: NO_HASH })],
    ['without its logs', (truth) => ({ ...truth, logs: [] })],
    [
      'with a log slipped in',
      (truth) => ({ ...truth, logs: [first(truth), { ...first(truth), logIndex: '0x1', topics: [NO_HASH] }] }),
    ],
    [
      'with a log of another transaction',
      (truth) => ({ ...truth, logs: [{ ...first(truth), transactionHash: NO_HASH }] }),
    ],
    ['with a log of another block', (truth) => ({ ...truth, logs: [{ ...first(truth), blockHash: NO_HASH }] })],
    ['with a log twice', (truth) => ({ ...truth, logs: [first(truth), first(truth)] })],
    ['with a removed log', (truth) => ({ ...truth, logs: [{ ...first(truth), removed: true }] })],
    ['with another emitter', (truth) => ({ ...truth, logs: [{ ...first(truth), address: FRIEND }] })],
    ['failed, with logs', (truth) => ({ ...truth, status: '0x0' })],
    ['with a status of its own', (truth) => ({ ...truth, status: '0x2' })],
    ['without a status', (truth) => ({ ...truth, status: undefined })],
    [
      'from a block that the chain does not have',
      (truth) => ({ ...truth, blockHash: NO_HASH, logs: truth.logs.map((log) => ({ ...log, blockHash: NO_HASH })) }),
    ],
    ['without a price', (truth) => ({ ...truth, effectiveGasPrice: undefined })],
    ['that is a number', () => 7],
  ])('G7 refuses one %s', async (_what, forge) => {
    liar.lie('eth_getTransactionReceipt', { result: (truth) => forge(truth as Fields) })
    await expect(chain.receipt(minted)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('G7 refuses one that only one of two nodes has', async () => {
    liar.lie('eth_getTransactionReceipt', { result: (): unknown => null })
    await expect(both.receipt(minted)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })

  it('G7 refuses a receipt made from whole cloth when a second node is there', async () => {
    const real = (await localRpc(node.url).result('eth_getTransactionReceipt', [minted])) as object
    liar.lie('eth_getTransactionReceipt', {
      result: (): unknown => ({ ...real, transactionHash: NO_HASH, logs: [], logsBloom: `0x${'00'.repeat(256)}` }),
    })
    await expect(both.receipt(NO_HASH)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })

  it('gives null when the block was reorganised away between two reads', async () => {
    let asked = 0
    liar.lie('eth_getTransactionReceipt', {
      result: (truth) =>
        asked++ === 0 ? { ...(truth as object), blockHash: NO_HASH, logs: [], logsBloom: undefined } : null,
    })
    expect(await chain.receipt(minted)).toBeNull()
  })

  it('refuses logs that do not fit the filter', async () => {
    const filter = { address: token, fromBlock: 1n, toBlock: 'latest' } as const
    liar.lie('eth_getLogs', { result: (truth) => (truth as object[]).map((log) => ({ ...log, address: FRIEND })) })
    await expect(chain.logs(filter)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_getLogs', { result: (truth) => [...(truth as object[]), ...(truth as object[])] })
    await expect(chain.logs(filter)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_getLogs', {
      result: (truth) => (truth as object[]).map((log) => ({ ...log, blockNumber: '0xffff' })),
    })
    await expect(chain.logs(filter)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
    liar.lie('eth_getLogs', { result: (): unknown => [] })
    await expect(both.logs(filter)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })
})

describe('when two nodes differ', () => {
  it.each<[string, string, () => unknown, (view: Chain) => Promise<unknown>]>([
    ['a lower nonce', 'eth_getTransactionCount', () => '0x0', (view) => view.transactionCount(DEV, 'latest')],
    ['a balance', 'eth_getBalance', () => '0x1', (view) => view.balance(DEV)],
    ['code', 'eth_getCode', () => '0xfe', (view) => view.code(token)],
    ['storage', 'eth_getStorageAt', () => uintWord(5n), (view) => view.storageAt(token, uintWord(0n))],
    [
      'a call',
      'eth_call',
      () => uintWord(5n),
      (view) => view.call({ to: token, data: concatHex('0x70a08231', addressWord(DEV)) }),
    ],
    [
      'an effect',
      'debug_traceCall',
      () => ({ pre: {}, post: {} }),
      (view) => view.stateDiff({ from: DEV, to: FRIEND, value: 1n }),
    ],
  ])('G7 refuses %s', async (_what, method, result, ask) => {
    liar.lie(method, { result })
    await expect(ask(both)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })

  it('G7 refuses a node that takes the head back to an old state', async () => {
    const rpc = localRpc(node.url)
    await rpc.result('evm_increaseTime', [600])
    await rpc.result('evm_mine', [])
    const old = await rpc.result('eth_getBlockByNumber', ['0x1', false])
    liar.lie('eth_getBlockByNumber', { result: (truth, call) => (call.params[0] === 'latest' ? old : truth) })
    await expect(both.balance(DEV)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
    liar.lie('eth_getBlockByNumber', {
      result: (truth, call) => (call.params[0] === 'latest' ? { ...(old as object), timestamp: '0x7fffffff' } : truth),
    })
    await expect(both.balance(DEV)).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })

  it('waits out a node that is one block behind', async () => {
    const rpc = localRpc(node.url)
    const before = await rpc.result('eth_getBlockByNumber', ['latest', false])
    await fundLocal(node.url, FRIEND, 1n)
    const balance = BigInt((await rpc.result('eth_getBalance', [FRIEND, 'latest'])) as string)
    liar.lie('eth_getBlockByNumber', { result: (truth, call) => (call.params[0] === 'latest' ? before : truth) })
    expect(await both.balance(FRIEND)).toBe(balance - 1n)
    expect((await both.block('latest'))?.hash).toBe((before as { hash: Hex }).hash)
  })

  it('gets over a disagreement that passes', async () => {
    liar.lie('eth_getBalance', { result: (): unknown => '0x1' }, 1)
    expect(await both.balance(DEV)).toBeGreaterThan(1n)
  })

  it('counts the pool of whichever node holds more', async () => {
    liar.lie('eth_getTransactionCount', { result: (): unknown => '0x40' })
    expect(await both.transactionCount(DEV, 'pending')).toBe(64)
  })

  it('does not call a transaction unknown while one node is silent', async () => {
    liar.lie('eth_getTransactionByHash', { cut: true })
    expect(await both.knows(minted)).toBe(true)
    await expect(both.knows(NO_HASH)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
  })

  it('does not take one refusal for an answer while the other node is silent', async () => {
    liar.lie('eth_sendRawTransaction', { cut: true })
    await expect(both.send(await signed(0, DEV))).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
  })
})

describe('when a node is slow, busy or down', () => {
  it('gives up with CHAIN_UNREACHABLE after two attempts that timed out', async () => {
    liar.lie('eth_getBalance', { delayMs: 700 })
    liar.calls.length = 0
    await expect(chain.balance(DEV)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
    expect(liar.calls.filter((call) => call.method === 'eth_getBalance')).toHaveLength(2)
  })

  it('tries three times when the line is cut or the node is busy, and no more', async () => {
    for (const lie of [
      { cut: true },
      { text: 'busy', status: 503 },
      { text: 'slow down', status: 429 },
      { error: { code: -32005, message: 'limit exceeded' } },
    ] as const) {
      liar.lie('eth_getBalance', lie)
      liar.calls.length = 0
      await expect(chain.balance(DEV)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
      expect(liar.calls.filter((call) => call.method === 'eth_getBalance')).toHaveLength(3)
      liar.lie('eth_getBalance', lie, 2)
      expect(await chain.balance(DEV)).toBeGreaterThan(0n)
    }
  })

  it('reads an error answer that comes with an HTTP error status', async () => {
    liar.lie('eth_call', {
      text: '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x"}}',
      status: 400,
    })
    expect(await chain.call({ to: token })).toMatchObject({ ok: false })
  })

  it('says so when nothing listens, and recovers when the node is back', async () => {
    await expect(open('http://127.0.0.1:9').balance(DEV)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
    liar.lie('*', { cut: true })
    const fresh = open(liar.url)
    await expect(fresh.balance(DEV)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
    liar.honest()
    expect(await fresh.balance(DEV)).toBeGreaterThan(0n)
  })
})

describe('when a URL is given', () => {
  it.each([
    '',
    'localhost:8545',
    'ftp://example.org',
    'file:///etc/passwd',
    'ws://127.0.0.1:1',
    'http://',
    'javascript:alert(1)',
  ])('refuses "%s"', (url) => {
    expect(() => open(url)).toThrowWithCode('CHAIN_URL_INVALID')
  })

  it('refuses none at all', () => {
    expect(() => createRpcChain({ name: 'x', chainId: 1, urls: [] })).toThrowWithCode('CHAIN_URL_INVALID')
  })

  it('sends credentials as a header, and prints neither them nor the path', async () => {
    const url = `${liar.url.replace('http://', 'http://user:pa%40ss@')}/v2/api-key-123?token=abc`
    expect(await open(url).balance(FRIEND)).toBeGreaterThan(0n)
    expect(liar.seen.headers['authorization']).toBe(`Basic ${Buffer.from('user:pa@ss').toString('base64')}`)
    liar.lie('eth_getBalance', { cut: true })
    const error = await open(url)
      .balance(DEV)
      .catch((caught: unknown) => caught as CustodyError)
    const text = JSON.stringify(error) + String((error as Error).stack) + (error as Error).message
    expect(text).toContain(liar.url)
    expect(text).not.toMatch(/user|pa@ss|pa%40ss|api-key|token=abc/)
    expect(() => open('gopher://secret-key@example.org')).not.toThrow(/secret/)
    expect(() => open('gopher://secret-key@example.org')).toThrowWithCode('CHAIN_URL_INVALID')
  })
})

describe('when fees are asked for', () => {
  it('quotes the next base fee and the tip that others pay', async () => {
    for (const view of [chain, both]) {
      const quote = await view.fees()
      const history = (await localRpc(node.url).result('eth_feeHistory', ['0x1', 'latest', []])) as {
        baseFeePerGas: Hex[]
      }
      expect(quote.baseFeePerGas).toBe(BigInt(history.baseFeePerGas.at(-1) as Hex))
      expect(quote.priorityFeePerGas).toBe(10n ** 9n)
      expect(quote.gasPrice).toBe((quote.baseFeePerGas as bigint) + quote.priorityFeePerGas)
    }
  })

  it('takes the middle of the tips, empty blocks left out', async () => {
    liar.lie('eth_feeHistory', {
      result: (truth) => ({ ...(truth as object), reward: [['0x0'], ['0x9'], ['0x1'], ['0x5'], ['0x0']] }),
    })
    expect((await chain.fees()).priorityFeePerGas).toBe(5n)
  })

  it('takes the lower tip of two nodes, and refuses two base fees', async () => {
    liar.lie('eth_feeHistory', { result: (truth) => ({ ...(truth as object), reward: [['0x7']] }) })
    expect((await both.fees()).priorityFeePerGas).toBe(7n)
    liar.lie('eth_feeHistory', {
      result: (truth) => ({
        ...(truth as object),
        baseFeePerGas: (truth as { baseFeePerGas: Hex[] }).baseFeePerGas.map(() => '0x77'),
      }),
    })
    await expect(both.fees()).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
  })

  it('quotes a gas price where blocks have no base fee', async () => {
    liar.lie('eth_getBlockByNumber', { result: (truth) => ({ ...(truth as object), baseFeePerGas: undefined }) })
    liar.lie('eth_gasPrice', { result: (): unknown => '0x4a817c800' })
    expect(await chain.fees()).toEqual({ baseFeePerGas: null, priorityFeePerGas: 0n, gasPrice: 20_000_000_000n })
  })

  it.each<[string, (truth: Record<string, unknown>) => unknown]>([
    ['too few base fees', (truth) => ({ ...truth, baseFeePerGas: ['0x1'] })],
    ['another span', (truth) => ({ ...truth, oldestBlock: '0xffff' })],
    ['no object', () => null],
    ['rewards that are no lists', (truth) => ({ ...truth, reward: ['0x1'] })],
  ])('refuses a fee history with %s', async (_what, forge) => {
    liar.lie('eth_feeHistory', { result: (truth) => forge(truth as Record<string, unknown>) })
    await expect(chain.fees()).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })
})

describe('when the chain may post data to layer 1', () => {
  const unsigned: Hex = `0x${'ab'.repeat(45)}`
  // PUSH1 value, MSTORE, RETURN one word.
  const returns = (value: string): Hex => `0x60${value}60005260206000f3`

  it('has no such fee where there is no oracle', async () => {
    expect(await chain.l1DataFee(unsigned)).toBeNull()
  })

  it('reads the oracle, and fails closed when it does not answer', async () => {
    const rpc = localRpc(node.url)
    try {
      await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, returns('2a')])
      expect(await chain.l1DataFee(unsigned)).toBe(42n)
      await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, '0xfe'])
      await expect(chain.l1DataFee(unsigned)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
      // Echoes CALLDATASIZE: selector + offset + length + 45 bytes padded to 64 = 132; the bound call is 36.
      await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, '0x3660005260206000f3'])
      expect(await chain.l1DataFee(unsigned)).toBe(132n)
    } finally {
      await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, '0x'])
    }
  })
})
