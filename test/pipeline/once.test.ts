import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXECUTION_SUCCESS_TOPIC } from '../../src/safe/exec.ts'
import type { Address } from '../../src/primitives/address.ts'
import { startCrashChild } from '../support/crash.ts'
import type { Errand } from '../support/crash-child.ts'
import { SECRET, startWorld, type TestHome, USDC, type World } from '../support/stage.ts'
import { codeOf } from '../support/stage-outside.ts'

let world: World
let home: TestHome
beforeAll(async () => {
  world = await startWorld()
  home = await world.home()
})
afterAll(() => world.close())

const executionsOf = async (safe: Address): Promise<unknown[]> =>
  (await world.rpc.result('eth_getLogs', [
    { address: safe, fromBlock: '0x0', toBlock: 'latest', topics: [EXECUTION_SUCCESS_TOPIC] },
  ])) as unknown[]

const inProcesses = async (home: TestHome, errands: readonly Errand[]): Promise<readonly (string | null)[]> =>
  (
    await Promise.all(
      errands.map((errand) =>
        startCrashChild().run({ directory: home.directory, secret: SECRET, errands: [errand], killAt: 0 }),
      ),
    )
  ).flatMap((ending) => (ending.killed ? ['killed'] : ending.codes))

describe('when the same thing is asked for twice at the same moment', () => {
  it('G4 one idempotency key makes one proposal', async () => {
    const treasury = await home.treasury()
    const both = await Promise.all([1, 2, 3].map(() => home.pay(treasury, '10.00', { idempotencyKey: 'invoice-1' })))
    expect(new Set(both.map(({ request }) => request.id)).size).toBe(1)
    expect(both.filter(({ created }) => created)).toHaveLength(1)
    expect(await home.pipeline.list({ treasury: treasury.name })).toHaveLength(1)
    const again = await home.pay(treasury, '10.00', { idempotencyKey: 'invoice-1' })
    expect(again).toMatchObject({ created: false, request: { id: both[0]?.request.id } })
    await expect(home.pay(treasury, '11.00', { idempotencyKey: 'invoice-1' })).rejects.toThrowWithCode(
      'IDEMPOTENCY_CONFLICT',
    )
  })

  it('G4 proposals without a nonce of their own get different ones', async () => {
    const treasury = await home.treasury()
    const made = await Promise.all(['1.00', '2.00', '3.00'].map((amount) => home.pay(treasury, amount)))
    expect(made.map(({ request }) => request.nonce).toSorted()).toEqual([0n, 1n, 2n])
    await expect(home.pay(treasury, '4.00', { nonce: '1' })).rejects.toThrowWithCode('NONCE_TAKEN')
  })

  it('G4 two processes that execute one request make one execution and pay one fee', async () => {
    await home.addPayer('racer')
    const treasury = await home.treasury({ payer: 'racer' })
    for (let round = 0; round < 3; round++) {
      const proposed = await home.pay(treasury, '10.00')
      for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
      const errand: Errand = { kind: 'execute', id: proposed.request.id }
      expect(await inProcesses(home, [errand, errand])).toEqual([null, null])
      expect(await executionsOf(treasury.safe)).toHaveLength(round + 1)
      expect(await world.rpc.result('eth_getTransactionCount', [home.person('racer').address, 'latest'])).toBe(
        `0x${round + 1}`,
      )
    }
    expect(await world.usdcOf(treasury.safe)).toBe((100_000n - 30n) * USDC)
  })

  it('G4 many executions of one request in one process have one outcome', async () => {
    const treasury = await home.treasury()
    const proposed = await home.pay(treasury, '10.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    const outcomes = await Promise.all([1, 2, 3].map(() => home.execute(proposed)))
    expect(new Set(outcomes.map(({ transactionHash }) => transactionHash)).size).toBe(1)
    expect(await executionsOf(treasury.safe)).toHaveLength(1)
  })

  it('G4 one owner who approves twice at once signs once', async () => {
    const proposed = await home.pay(await home.treasury(), '10.00')
    const codes = await Promise.all([1, 2].map(() => codeOf(home.approve(proposed, 'alice'))))
    expect(codes).toContain('done')
    expect(codes.every((code) => code === 'done' || code === 'APPROVAL_DUPLICATE')).toBe(true)
    const { id } = proposed.request
    expect(
      await home.coffer.ledger.db.selectFrom('signatures').selectAll().where('request_id', '=', id).execute(),
    ).toHaveLength(1)
    expect(
      await home.coffer.ledger.db.selectFrom('approvals').selectAll().where('request_id', '=', id).execute(),
    ).toHaveLength(1)
  })
})

describe('when the transaction sticks in the pool', () => {
  it('G4 a cancellation takes the payer nonce, the request stays live, and executing it again makes one execution', async () => {
    await home.addPayer('canceller')
    const treasury = await home.treasury({ payer: 'canceller' })
    const proposed = await home.pay(treasury, '10.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    const { id } = proposed.request
    await world.rpc.result('evm_setAutomine', [false])
    try {
      const impatient = home.through({ sleep: async () => home.clock.skip(2) })
      await expect(impatient.execute({ id, secret: SECRET, waitSeconds: 1 })).rejects.toThrowWithCode(
        'EXECUTION_PENDING',
      )
      home.clock.skip(5)
      const cancelled = await home.pipeline.cancel({ id, secret: SECRET })
      expect(cancelled.payerNonce).toBe(0)
      await world.mine(1)
      await expect(impatient.execute({ id, secret: SECRET, waitSeconds: 1 })).rejects.toThrowWithCode(
        'EXECUTION_PENDING',
      )
    } finally {
      await world.rpc.result('evm_setAutomine', [true])
      await world.mine(1)
    }
    expect(await home.execute(proposed)).toMatchObject({ success: true })
    expect(await executionsOf(treasury.safe)).toHaveLength(1)
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
    await expect(home.pipeline.cancel({ id, secret: SECRET })).rejects.toThrowWithCode('REQUEST_CLOSED')
    const spent = [...(await home.coffer.ledger.registers()).spending.values()].filter(
      ({ payer }) => payer === home.person('canceller').address,
    )
    const cost = spent.reduce((sum, each) => sum + BigInt(each.cost), 0n)
    expect(spent.map(({ nonce, open }) => `${nonce} ${open}`)).toEqual(['0 false', '1 false'])
    expect(cost).toBe(10n ** 18n - (await world.ethOf(home.person('canceller').address)))
  })

  it('G4 is replaced under the same payer nonce, and one of the two lands', async () => {
    await home.addPayer('patient')
    const treasury = await home.treasury({ payer: 'patient' })
    const proposed = await home.pay(treasury, '10.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    await world.rpc.result('evm_setAutomine', [false])
    try {
      let looks = 0
      const executed = await home
        .through({
          sleep: async () => {
            home.clock.skip(20)
            if (++looks === 6) await world.mine(1)
          },
        })
        .execute({ id: proposed.request.id, secret: SECRET, waitSeconds: 600, stuckAfterSeconds: 60 })
      const rows = await home.coffer.ledger.db
        .selectFrom('executions')
        .selectAll()
        .where('request_id', '=', proposed.request.id)
        .orderBy('at')
        .execute()
      expect(rows.map(({ nonce, state }) => `${nonce} ${state}`)).toEqual(['0 dropped', '0 mined'])
      expect(executed.transactionHash).toBe(rows[1]?.hash)
      expect(await executionsOf(treasury.safe)).toHaveLength(1)
      const spent = [...(await home.coffer.ledger.registers()).spending.values()].filter(
        ({ payer }) => payer === home.person('patient').address,
      )
      expect(spent).toMatchObject([{ open: false, cost: String(executed.fee) }])
    } finally {
      await world.rpc.result('evm_setAutomine', [true])
    }
  })
})
