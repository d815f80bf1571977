import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createPipeline, type Pipeline } from '../../src/pipeline.ts'
import type { Proposed } from '../../src/pipeline/propose.ts'
import { type Lie, type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'
import { newPerson, SECRET, startWorld, type TestHome, type TestTreasury, type World } from '../support/stage.ts'
import { codeOf } from '../support/stage-outside.ts'

let world: World
let proxy: LyingRpc
let home: TestHome
let compared: TestHome
beforeAll(async () => {
  world = await startWorld()
  proxy = await startLyingRpc(world.url)
  home = await world.home({ urls: [proxy.url], maxPer24h: '10000000' })
  compared = await world.home({ urls: [world.url, proxy.url] })
})
afterAll(async () => {
  await world.close()
  await proxy.stop()
})
afterEach(() => proxy.honest())

const sent = (): number => proxy.calls.filter(({ method }) => method === 'eth_sendRawTransaction').length

/** A new process's view of the home: nothing of the chain is remembered. */
const fresh = async (of: TestHome = home): Promise<Pipeline> => createPipeline(await of.reopen())

const signaturesOf = async (of: TestHome, { request }: Proposed): Promise<number> =>
  (
    await of.coffer.ledger.db
      .selectFrom('signatures')
      .select('owner')
      .where('request_id', '=', request.id)
      .where('signature', 'is not', null)
      .execute()
  ).length

interface Call {
  readonly to?: string
  readonly data?: string
  readonly from?: string
}

/** Another answer to one function of a contract. */
const answer = (selector: string, result: string): Lie => ({
  result: (truth, { params }) => ((params[0] as Call).data?.startsWith(selector) === true ? result : truth),
})

const word = (value: bigint | number): string => value.toString(16).padStart(64, '0')

const LIES: readonly (readonly [what: string, method: string, lie: () => Lie, code: string])[] = [
  ['cuts every line', '*', () => ({ cut: true }), 'CHAIN_UNREACHABLE'],
  ['answers with a page of text', '*', () => ({ text: '<html>busy</html>' }), 'CHAIN_ANSWER_INVALID'],
  ['serves another chain', 'eth_chainId', () => ({ result: () => '0x1' }), 'CHAIN_ID_MISMATCH'],
  ['computes another safeTxHash', 'eth_call', () => answer('0xd8d11f78', `0x${'ab'.repeat(32)}`), 'HASH_MISMATCH'],
  [
    'names other owners',
    'eth_call',
    () =>
      answer(
        '0xa0e67e2b',
        `0x${word(32)}${word(3)}${[1, 2, 3].map(() => newPerson().address.slice(2).toLowerCase().padStart(64, '0')).join('')}`,
      ),
    'SAFE_CHANGED',
  ],
  ['says that one signature is enough', 'eth_call', () => answer('0xe75235b8', `0x${word(1)}`), 'SAFE_UNGENUINE'],
  ['gives the Safe other code', 'eth_getCode', () => ({ result: () => '0x6001600055' }), 'SAFE_UNGENUINE'],
  ['says that the nonce is used', 'eth_call', () => answer('0xaffed0e0', `0x${word(9)}`), 'REQUEST_CLOSED'],
]

describe('when the only node of a chain is down or lies during approve', () => {
  let treasury: TestTreasury
  let proposed: Proposed
  beforeAll(async () => {
    treasury = await home.treasury()
    proposed = await home.pay(treasury, '100.00')
    await home.approve(proposed, 'alice')
  })

  it.each([
    ...LIES,
    [
      'fails the simulation',
      'eth_call',
      (): Lie => ({
        result: (truth, { params }) =>
          (params[0] as Call).data?.startsWith('0xa9059cbb') === true ? `0x${word(0)}` : truth,
      }),
      'SIMULATION_FAILED',
    ],
  ] as const)('G7 a node that %s: nothing is signed', async (_what, method, lie, code) => {
    proxy.lie(method, lie())
    const pipeline = await fresh()
    const { id } = proposed.request
    expect(
      await codeOf(pipeline.approve({ id, digest: proposed.review.digests.digest, key: 'bob', secret: SECRET })),
    ).toBe(code)
    expect(await codeOf(pipeline.exportRequest(id))).toBe(code)
    proxy.honest()
    expect(await signaturesOf(home, proposed)).toBe(1)
    expect(await home.pipeline.show(id)).toMatchObject({ state: 'open', liveOnChain: false, signatures: { have: 1 } })
  })
})

describe('when the only node of a chain is down or lies during execute', () => {
  let proposed: Proposed
  let treasury: TestTreasury
  beforeAll(async () => {
    treasury = await home.treasury()
    proposed = await home.pay(treasury, '100.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
  })

  it.each([
    ...LIES,
    [
      'asks for more gas than the ceiling',
      'eth_estimateGas',
      (): Lie => ({ result: () => '0x1000000' }),
      'GAS_CEILING',
    ],
    [
      'says that fees are above the cap',
      'eth_feeHistory',
      (): Lie => ({
        result: (truth) => ({
          ...(truth as object),
          baseFeePerGas: Array.from(
            { length: (truth as { baseFeePerGas: unknown[] }).baseFeePerGas.length },
            () => '0x9184e72a000',
          ),
        }),
      }),
      'FEE_CAP',
    ],
    ['says that the payer is poor', 'eth_getBalance', (): Lie => ({ result: () => '0x1' }), 'PAYER_FUNDS'],
  ] as const)('G7 a node that %s: nothing is sent', async (_what, method, lie, code) => {
    proxy.lie(method, lie())
    const before = sent()
    expect(await codeOf((await fresh()).execute({ id: proposed.request.id, secret: SECRET }))).toBe(code)
    proxy.honest()
    expect(sent()).toBe(before)
    expect(await world.nonceOf(treasury.safe)).toBe(0n)
    expect(await home.pipeline.show(proposed.request.id)).toMatchObject({ state: 'signed', liveOnChain: true })
    expect(
      [...(await home.coffer.ledger.registers()).reservations.values()].filter(
        ({ request }) => request === proposed.request.id,
      ),
    ).toMatchObject([{ state: 'reserved' }])
  })

  it('G4 G7 a line cut while the bytes are sent ends in one execution', async () => {
    proxy.lie('eth_sendRawTransaction', { cut: true })
    const pipeline = home.through({ sleep: async () => home.clock.skip(1) })
    expect(await codeOf(pipeline.execute({ id: proposed.request.id, secret: SECRET, waitSeconds: 3 }))).toBeOneOf([
      'CHAIN_UNREACHABLE',
      'EXECUTION_PENDING',
    ])
    proxy.honest()
    expect(await home.execute(proposed)).toMatchObject({ success: true })
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
    expect(
      await home.coffer.ledger.db
        .selectFrom('executions')
        .select('hash')
        .where('request_id', '=', proposed.request.id)
        .execute(),
    ).toHaveLength(1)
  })

  it('G4 G7 a node that hides the execution afterwards gets no second one', async () => {
    const before = sent()
    proxy.lie('eth_getLogs', { result: () => [] })
    expect(await codeOf((await fresh()).execute({ id: proposed.request.id, secret: SECRET }))).toBe('REQUEST_CLOSED')
    proxy.honest()
    expect(sent()).toBe(before)
    expect(await home.execute(proposed)).toMatchObject({ success: true })
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
  })
})

describe('when a receipt does not prove what it says', () => {
  it('G7 a success without the Safe’s own word is not taken for an execution', async () => {
    const treasury = await home.treasury()
    const proposed = await home.pay(treasury, '100.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    const bare = (more: object): Lie => ({
      result: (truth) => (truth === null ? null : { ...(truth as object), logs: [], ...more }),
    })
    proxy.lie('eth_getTransactionReceipt', bare({ logsBloom: `0x${'00'.repeat(256)}` }))
    expect(await codeOf((await fresh()).execute({ id: proposed.request.id, secret: SECRET }))).toBe('RECEIPT_INVALID')
    proxy.honest()
    expect(await home.execute(proposed)).toMatchObject({ success: true, outside: false })
  })
})

describe('when one of two nodes lies', () => {
  it.each([
    ['the safeTxHash', 'eth_call', answer('0xd8d11f78', `0x${'ab'.repeat(32)}`)],
    ['the owners', 'eth_call', answer('0xa0e67e2b', `0x${word(32)}${word(1)}${word(7)}`)],
    ['the code of the Safe', 'eth_getCode', { result: () => '0x6001' }],
  ] as const)('G7 about %s, nothing is signed', async (_what, method, lie) => {
    const proposed = await compared.pay(await compared.treasury(), '1.00')
    await compared.approve(proposed, 'alice')
    proxy.lie(method, lie)
    const pipeline = await fresh(compared)
    await expect(
      pipeline.approve({ id: proposed.request.id, digest: proposed.review.digests.digest, key: 'bob', secret: SECRET }),
    ).rejects.toThrowWithCode('CHAIN_DISAGREEMENT')
    expect(await signaturesOf(compared, proposed)).toBe(1)
  })
})
