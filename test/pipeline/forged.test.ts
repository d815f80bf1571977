import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeEntry } from '../../src/audit/log.ts'
import { appendLeaf, type Frontier } from '../../src/audit/merkle.ts'
import { openCoffer } from '../../src/compose.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { activatePolicy } from '../../src/registers/activate-policy.ts'
import { adoptTreasury } from '../../src/registers/adopt-treasury.ts'
import { testSigner } from '../broadcast/test-signer.ts'
import { SECRET, startWorld, type TestHome, USDC, type World } from '../support/stage.ts'
import { codeOf, editDatabase, executeOutside } from '../support/stage-outside.ts'

// Each of these once worked: they were found by reading the pipeline as an attacker.

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/** Appends an entry as somebody can who writes to the database but does not have the log's key. */
function forge(home: TestHome, type: string, data: Record<string, string>): void {
  editDatabase(home.directory, (database) => {
    const last = database.prepare('select seq, text, leaf from log order by seq desc limit 1').get() as {
      seq: number
      text: string
      leaf: Hex
    }
    const state = database.prepare('select size, frontier from log_state').get() as { size: number; frontier: string }
    const { time } = JSON.parse(last.text) as { time: number }
    const made = makeEntry({ type, actor: 'coffer', data }, { seq: last.seq + 1, time, previous: last.leaf })
    const before: Frontier = { size: state.size, hashes: JSON.parse(state.frontier) as Hex[] }
    const frontier = appendLeaf(before, made.leaf)
    database.prepare('insert into log values (?, ?, ?)').run(last.seq + 1, made.text, made.leaf)
    database.prepare('update log_state set size = ?, frontier = ?').run(frontier.size, JSON.stringify(frontier.hashes))
  })
}

const used = async (home: TestHome): Promise<bigint> =>
  [...(await home.coffer.ledger.registers()).reservations.values()]
    .filter(({ state }) => state !== 'released')
    .reduce((sum, { amount }) => sum + BigInt(amount), 0n)

describe('when rows are appended to the log in the database, with right hashes', () => {
  it('G6 G8 a forged thaw is not believed, by an open home or a new process', async () => {
    const home = await world.home()
    const frozen = await home.pipeline.freeze('a test')
    forge(home, 'freeze.thawed', { freeze: frozen.entry })
    expect(await codeOf(home.coffer.ledger.registers())).toBe('LOG_INCONSISTENT')
    expect(await codeOf(openCoffer(home.directory))).toBe('LOG_INCONSISTENT')
  })
})

describe('when a Safe is adopted under a second name', () => {
  it('G1 the rules that name it cannot be shed', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    expect(await codeOf(adoptTreasury(home.coffer, { name: 'petty', address: treasury.safe }))).toBe('NAME_TAKEN')
  })
})

describe('when columns of a signed request are edited', () => {
  it('G5 a false nonce releases nothing, and the request shows as altered and live', async () => {
    const home = await world.home()
    const invoice = await home.pay(await home.treasury(), '250.00')
    for (const owner of ['alice', 'bob']) await home.approve(invoice, owner)
    editDatabase(home.directory, (database) => database.exec("update requests set nonce = '-1'"))
    await home.pipeline.list({})
    await world.mine(3)
    expect(await home.pipeline.list({ state: 'live' })).toMatchObject([{ id: invoice.request.id, state: 'altered' }])
    expect(await used(home)).toBe(250n * USDC)
  })

  it('G6 marking it as withdrawn does not hide it, and its nonce is not given away', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const invoice = await home.pay(treasury, '250.00')
    for (const owner of ['alice', 'bob']) await home.approve(invoice, owner)
    editDatabase(home.directory, (database) => database.exec("update requests set state = 'withdrawn'"))
    expect(await home.pipeline.list({ state: 'live' })).toMatchObject([{ id: invoice.request.id, state: 'altered' }])
    expect((await home.pay(treasury, '1.00')).request.nonce).toBe((invoice.request.nonce ?? 0n) + 1n)
  })
})

describe('when somebody wants to keep a request from being rejected', () => {
  it('cannot take the key of its rejection, and two people get the same rejection', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const invoice = await home.pay(treasury, '250.00')
    await home.approve(invoice, 'alice')
    expect(await codeOf(home.pay(treasury, '1.00', { idempotencyKey: `reject:${invoice.request.id}:0` }))).toBe(
      'FIELD_INVALID',
    )
    const first = await home.pipeline.reject({ id: invoice.request.id, memo: 'wrong vendor' })
    const second = await home.pipeline.reject({ id: invoice.request.id, memo: 'another reason' })
    expect(second.id).toBe(first.id)
  })
})

describe('when a freeze comes after an execution has begun', () => {
  it('G8 nothing is signed or sent any more', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const invoice = await home.pay(treasury, '250.00')
    for (const owner of ['alice', 'bob']) await home.approve(invoice, owner)
    const late = home.through({
      withPayerLock: async (_chainId, _payer, work) => {
        await home.pipeline.freeze('stop')
        return work()
      },
    })
    expect(await codeOf(late.execute({ id: invoice.request.id, secret: SECRET }))).toBe('FROZEN')
    expect(await world.nonceOf(treasury.safe)).toBe(0n)
    expect(await home.entryTypes()).not.toContain('execution.stored')
  })
})

describe('when the policy changes while something depends on the old one', () => {
  const second = (home: TestHome, change: (document: string) => string) =>
    activatePolicy(
      home.coffer,
      change(home.document.replace('version: 1', 'version: 2')),
      [testSigner(home.admin.privateKey)],
      [],
    )

  it('G8 a shorter thaw delay does not shorten the thaw of an older freeze', async () => {
    const home = await world.home()
    await home.pipeline.freeze('a test')
    await second(home, (document) => document.replace('thawDelay: 24h', 'thawDelay: 1m'))
    expect(await codeOf(home.pipeline.unfreeze([testSigner(home.admin.privateKey)], []))).toBe('THAW_WAITS')
    home.clock.skip(3600)
    expect(await codeOf(home.pipeline.unfreeze([], []))).toBe('THAW_WAITS')
    home.clock.skip(86_400)
    expect(await codeOf(home.pipeline.unfreeze([], []))).toBe('done')
  })

  it('G5 renaming a rule does not empty its window', async () => {
    const home = await world.home({
      maxPer24h: '300',
      policy: (document) => document.replace('maxPerTransaction: "20000"', 'maxPerTransaction: "300"'),
    })
    const treasury = await home.treasury()
    const invoice = await home.pay(treasury, '250.00')
    for (const owner of ['alice', 'bob']) await home.approve(invoice, owner)
    await second(home, (document) => document.replace('id: pay-usdc', 'id: pay-usdc-again'))
    expect(await codeOf(home.pay(treasury, '100.00'))).toBe('LIMIT_WINDOW')
    expect(await codeOf(home.pay(treasury, '50.00'))).toBe('done')
  })
})

describe('when owners sign and send a proposal around Coffer', () => {
  it('G5 what it moved counts against the window', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    await home.pay(treasury, '250.00')
    const { plan } = await home.pipeline.show((await home.pipeline.list({}))[0]?.id ?? '')
    if (plan.kind !== 'safe-tx') throw new Error('expected a transaction')
    await executeOutside(world, treasury, [home.person('alice'), home.person('bob')], plan.safeTx)
    expect(await home.pipeline.list({})).toMatchObject([{ state: 'executed' }])
    expect(await used(home)).toBe(250n * USDC)
  })
})
