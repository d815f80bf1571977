import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeErc20Transfer } from '../../src/safe/abi.ts'
import { startCrashChild } from '../support/crash.ts'
import { SECRET, startWorld, type TestHome, USDC, VENDOR_ADDRESS, type World } from '../support/stage.ts'
import { executeOutside } from '../support/stage-outside.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const heldFor = async (home: TestHome, request: string): Promise<string[]> =>
  [...(await home.coffer.ledger.registers()).reservations.values()]
    .filter((held) => held.request === request)
    .map(({ state, amount }) => `${state} ${amount}`)

/** An execution that sees a new block with every look, as on a chain that goes on. */
const executeWithBlocks = (home: TestHome, id: string) =>
  home
    .through({
      sleep: async () => {
        await world.mine(1)
      },
    })
    .execute({ id, secret: SECRET })

describe('when several requests compete for one window', () => {
  it('G5 completing signatures made in three processes at once never pass the limit together', async () => {
    const home = await world.home()
    const requests = []
    for (let i = 0; i < 3; i++) {
      const proposed = await home.pay(await home.treasury(), '20000.00')
      await home.approve(proposed, 'alice')
      requests.push(proposed)
    }
    const endings = await Promise.all(
      requests.map(({ request, review }) =>
        startCrashChild().run({
          directory: home.directory,
          secret: SECRET,
          killAt: 0,
          errands: [{ kind: 'approve', id: request.id, digest: review.digests.digest, key: 'bob' }],
        }),
      ),
    )
    const codes = endings.flatMap((ending) => (ending.killed ? ['killed'] : ending.codes))
    expect(codes.filter((code) => code === null)).toHaveLength(2)
    expect(codes.filter((code) => code === 'LIMIT_WINDOW')).toHaveLength(1)
    const held = await Promise.all(requests.map(({ request }) => heldFor(home, request.id)))
    expect(held.flat()).toEqual(['reserved 20000000000', 'reserved 20000000000'])
  })

  it('G5 what was paid counts for 24 hours and not longer, what is only signed counts however old it is', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    for (const amount of ['20000.00', '20000.00']) {
      const proposed = await home.pay(treasury, amount)
      for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
      await home.execute(proposed)
    }
    const signed = await home.pay(treasury, '10000.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    await expect(home.pay(treasury, '0.01')).rejects.toThrowWithCode('LIMIT_WINDOW')
    home.clock.skip(86_401)
    const later = await home.pay(treasury, '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(later, owner)
    await home.pay(treasury, '20000.00').then(async (next) => {
      for (const owner of ['alice', 'bob']) await home.approve(next, owner)
    })
    home.clock.skip(30 * 86_400)
    await expect(home.pay(treasury, '0.01')).rejects.toThrowWithCode('LIMIT_WINDOW')
  })

  it('G5 an expired request that is signed keeps its reservation', async () => {
    const home = await world.home()
    const signed = await home.pay(await home.treasury(), '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    home.clock.skip(8 * 86_400)
    await expect(home.execute(signed)).rejects.toThrowWithCode('REQUEST_EXPIRED')
    expect(await home.pipeline.show(signed.request.id)).toMatchObject({ state: 'signed', liveOnChain: true })
    expect(await heldFor(home, signed.request.id)).toEqual(['reserved 20000000000'])
  })
})

describe('when owners go around Coffer', () => {
  it('G5 what left the Safe counts against every window, and requests for its nonce are closed', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const competing = await home.pay(treasury, '10000.00')
    await home.approve(competing, 'alice')
    const owners = [home.person('bob'), home.person('carol')]
    await executeOutside(world, treasury, owners, {
      to: world.token,
      data: encodeErc20Transfer(VENDOR_ADDRESS, 45_000n * USDC),
    })
    await expect(home.approve(competing, 'bob')).rejects.toThrowWithCode('REQUEST_CLOSED')
    expect(await home.pipeline.show(competing.request.id)).toMatchObject({ state: 'superseded' })
    await expect(home.pay(treasury, '5000.01')).rejects.toThrowWithCode('LIMIT_WINDOW')
    expect((await home.pay(treasury, '5000.00')).created).toBe(true)
    expect(await home.entryTypes()).toContain('execution.outside')
  })

  it('G4 G5 the same SafeTx sent by somebody else counts once, as the request that it is', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const proposed = await home.pay(treasury, '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    const owners = [home.person('alice'), home.person('bob')]
    const digest = await executeOutside(world, treasury, owners, {
      to: world.token,
      data: encodeErc20Transfer(VENDOR_ADDRESS, 20_000n * USDC),
    })
    expect(digest).toBe(proposed.review.digests.digest)
    expect(await home.execute(proposed)).toMatchObject({ outside: true, success: true, fee: null })
    expect(await heldFor(home, proposed.request.id)).toEqual(['settled 20000000000'])
    const all = [...(await home.coffer.ledger.registers()).reservations.values()]
    expect(all).toHaveLength(1)
  })
})

describe('when a signed request loses its nonce to another transaction', () => {
  it('G5 is closed at once and gives its reservation back only when that is final', async () => {
    const home = await world.home({ confirmations: 4 })
    const treasury = await home.treasury()
    const signed = await home.pay(treasury, '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    await executeOutside(world, treasury, [home.person('bob'), home.person('carol')], { to: VENDOR_ADDRESS, value: 1n })
    const look = async (): Promise<string> => (await home.pipeline.list({ treasury: treasury.name }))[0]?.state ?? ''
    expect(await look()).toBe('superseded')
    expect(await heldFor(home, signed.request.id)).toEqual(['reserved 20000000000'])
    await world.mine(2)
    expect(await look()).toBe('superseded')
    expect(await heldFor(home, signed.request.id)).toEqual(['reserved 20000000000'])
    await world.mine(1)
    expect(await look()).toBe('superseded')
    expect(await heldFor(home, signed.request.id)).toEqual(['released 20000000000'])
    expect((await home.pay(treasury, '20000.00')).decision.verdict).toBe('approved')
  })
})

describe('when a reorganisation of 3 blocks takes an execution back', () => {
  it.each([
    ['before it was final', 4, 3],
    ['after it counted as final', 1, 3],
  ])('G4 G5 %s: it is reserved again, and the stored bytes land once', async (_when, confirmations, depth) => {
    const home = await world.home({ confirmations })
    const treasury = await home.treasury()
    const proposed = await home.pay(treasury, '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    const { id } = proposed.request
    const before = await world.rpc.result('evm_snapshot', [])
    if (confirmations === 1) await home.execute(proposed)
    else
      await expect(home.pipeline.execute({ id, secret: SECRET, waitSeconds: 0 })).rejects.toThrowWithCode(
        'EXECUTION_PENDING',
      )
    await world.mine(depth - 1)
    expect(await home.pipeline.show(id)).toMatchObject({
      state: 'executed',
      outcome: { success: true, final: confirmations === 1 },
    })
    expect(await heldFor(home, id)).toEqual(['settled 20000000000'])

    await world.rpc.result('evm_revert', [before])
    await world.mine(depth + 1)
    expect(await home.pipeline.show(id)).toMatchObject({ state: 'signed', liveOnChain: true, outcome: null })
    expect(await heldFor(home, id)).toEqual(['reserved 20000000000'])
    home.clock.skip(86_401)
    expect(await heldFor(home, id)).toEqual(['reserved 20000000000'])

    const rows = await home.coffer.ledger.db
      .selectFrom('executions')
      .select('hash')
      .where('request_id', '=', id)
      .execute()
    const executed = await executeWithBlocks(home, id)
    expect(rows).toEqual([{ hash: executed.transactionHash }])
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
    expect(await heldFor(home, id)).toEqual(['settled 20000000000'])
  })

  it('G5 what was released because of it is reserved again', async () => {
    const home = await world.home({ confirmations: 1 })
    const treasury = await home.treasury()
    const signed = await home.pay(treasury, '20000.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    const before = await world.rpc.result('evm_snapshot', [])
    await executeOutside(world, treasury, [home.person('bob'), home.person('carol')], { to: VENDOR_ADDRESS, value: 1n })
    await home.pipeline.list({})
    expect(await heldFor(home, signed.request.id)).toEqual(['released 20000000000'])
    await world.rpc.result('evm_revert', [before])
    await world.mine(3)
    expect((await home.pipeline.list({}))[0]).toMatchObject({ state: 'signed', liveOnChain: true })
    expect(await heldFor(home, signed.request.id)).toEqual(['reserved 20000000000'])
  })
})
