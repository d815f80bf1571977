import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Proposed } from '../../src/pipeline/propose.ts'
import { verifyLog } from '../../src/registers/log.ts'
import { EXECUTION_SUCCESS_TOPIC } from '../../src/safe/exec.ts'
import type { Ending, WaitingChild } from '../support/crash.ts'
import { startCrashChild } from '../support/crash.ts'
import type { Errand } from '../support/crash-child.ts'
import {
  OWNERS,
  SECRET,
  startWorld,
  type TestHome,
  type TestTreasury,
  USDC,
  VENDOR_ADDRESS,
  type World,
} from '../support/stage.ts'

// Some sixty children are started and killed one after the other.
const PATIENCE = { timeout: 600_000 }

let world: World
const lanes: TestHome[] = []

beforeAll(async () => {
  world = await startWorld()
  lanes.push(await world.home({ maxPer24h: '100000000' }), await world.home({ maxPer24h: '100000000' }))
})
afterAll(() => world.close())

interface Trial {
  readonly home: TestHome
  readonly treasury: TestTreasury
  readonly payer: string
  readonly proposed: Proposed
  readonly killAt: number
  readonly ending: Ending
}

// A price of its own for each trial shows in the vendor's balance whether it was paid once.
const wholeUsdc = (killAt: number): bigint => 1000n + BigInt(killAt)

async function prepare(home: TestHome, lane: number, killAt: number, approvals: readonly string[]) {
  const payer = `payer-${lane}-${killAt}`
  await home.addPayer(payer)
  const treasury = await home.treasury({ payer })
  const proposed = await home.pay(treasury, `${wholeUsdc(killAt)}.00`)
  for (const owner of approvals) await home.approve(proposed, owner)
  return { home, treasury, payer, proposed, killAt }
}

/** Runs the errand again and again, each time killed one port call later, until it is through; two homes at once. */
async function killAtEveryStep(
  approvals: readonly string[],
  errand: (proposed: Proposed) => Errand,
): Promise<{ trials: Trial[]; steps: readonly string[] }> {
  const trials: Trial[] = []
  let steps: readonly string[] = []
  let next = 1
  await Promise.all(
    lanes.map(async (home, lane) => {
      let child: WaitingChild = startCrashChild()
      while (steps.length === 0) {
        const trial = await prepare(home, lane, next++, approvals)
        const now = child
        const ending = await now.run({
          directory: home.directory,
          secret: SECRET,
          errands: [errand(trial.proposed)],
          killAt: trial.killAt,
        })
        child = startCrashChild()
        trials.push({ ...trial, ending })
        if (!ending.killed) {
          expect(ending.codes).toEqual([null])
          steps = ending.steps
        }
      }
      child.end()
    }),
  )
  return { trials: trials.sort((a, b) => a.killAt - b.killAt), steps }
}

/** Each home's errands once more, in one new process that lives. */
async function again(
  trials: readonly Trial[],
  errand: (proposed: Proposed) => Errand,
  allowed: readonly (string | null)[] = [null],
): Promise<void> {
  await Promise.all(
    lanes.map(async (home) => {
      const errands = trials.filter((trial) => trial.home === home).map(({ proposed }) => errand(proposed))
      const ending = await startCrashChild().run({ directory: home.directory, secret: SECRET, errands, killAt: 0 })
      expect(ending).toMatchObject({ killed: false, codes: errands.map(() => expect.toBeOneOf([...allowed])) })
    }),
  )
}

async function assertExecutedOnce({ home, treasury, payer, proposed, killAt }: Trial): Promise<void> {
  const where = `killed at ${killAt}`
  const logs = (await world.rpc.result('eth_getLogs', [
    { address: treasury.safe, fromBlock: '0x0', toBlock: 'latest', topics: [EXECUTION_SUCCESS_TOPIC] },
  ])) as { topics: string[] }[]
  expect(
    logs.map(({ topics }) => topics[1]),
    where,
  ).toEqual([proposed.review.digests.digest])
  expect(await world.nonceOf(treasury.safe), where).toBe(1n)
  expect(await world.usdcOf(treasury.safe), where).toBe((100_000n - wholeUsdc(killAt)) * USDC)
  const { address } = home.person(payer)
  expect(BigInt(String(await world.rpc.result('eth_getTransactionCount', [address, 'latest']))), where).toBe(1n)
  const registers = await home.coffer.ledger.registers()
  const spent = [...registers.spending.values()].filter((spending) => spending.payer === address)
  expect(spent, where).toMatchObject([
    { nonce: 0, open: false, cost: (10n ** 18n - (await world.ethOf(address))).toString() },
  ])
  const held = [...registers.reservations.values()].filter(({ request }) => request === proposed.request.id)
  expect(held, where).toMatchObject([{ state: 'settled', amount: (wholeUsdc(killAt) * USDC).toString() }])
  expect(await home.pipeline.show(proposed.request.id), where).toMatchObject({
    state: 'executed',
    liveOnChain: false,
    outcome: { success: true, final: true, outside: false },
  })
}

describe('when execute is killed with SIGKILL at every call of a port', PATIENCE, () => {
  it('G4 ends with exactly one execution, one nonce, one fee and a verifying log once it is run again', async () => {
    const before = await world.usdcOf(VENDOR_ADDRESS)
    const errand = ({ request }: Proposed): Errand => ({ kind: 'execute', id: request.id })
    const { trials, steps } = await killAtEveryStep(['alice', 'bob'], errand)
    // The steps that decide are among those that were cut off.
    for (const entry of [
      'execution.intended',
      'execution.stored',
      'execution.sent',
      'execution.mined execution.final execution.paid limits.changed',
    ]) {
      expect(
        steps.some((name) => entry.split(' ').every((type) => name.includes(type))),
        entry,
      ).toBe(true)
    }
    expect(steps).toEqual(expect.arrayContaining(['before signature', 'after signature', 'before send', 'after send']))
    expect(trials.filter(({ ending }) => ending.killed).length).toBeGreaterThanOrEqual(steps.length)
    await again(trials, errand)
    for (const trial of trials) await assertExecutedOnce(trial)
    const paid = trials.reduce((sum, { killAt }) => sum + wholeUsdc(killAt), 0n)
    expect((await world.usdcOf(VENDOR_ADDRESS)) - before).toBe(paid * USDC)
    for (const home of lanes) expect((await verifyLog(home.coffer, undefined)).verified).toBe(true)
  })
})

describe('when approve is killed with SIGKILL at every call of a port', PATIENCE, () => {
  it('G1 G4 leaves one approval, one signature and one reservation once it is run again', async () => {
    const errand = ({ request, review }: Proposed): Errand => ({
      kind: 'approve',
      id: request.id,
      digest: review.digests.digest,
      key: 'bob',
    })
    const { trials, steps } = await killAtEveryStep(['alice'], errand)
    expect(steps.some((name) => name.includes('signature.intended'))).toBe(true)
    // Where the signature was recorded before the kill, the second run says so.
    await again(trials, errand, [null, 'APPROVAL_DUPLICATE'])
    for (const { home, proposed, killAt } of trials) {
      const where = `killed at ${killAt}`
      const { id } = proposed.request
      const rows = await home.coffer.ledger.db
        .selectFrom('signatures')
        .selectAll()
        .where('request_id', '=', id)
        .execute()
      expect(
        rows.map(({ signature }) => signature !== null),
        where,
      ).toEqual([true, true])
      expect(
        await home.coffer.ledger.db.selectFrom('approvals').selectAll().where('request_id', '=', id).execute(),
        where,
      ).toHaveLength(2)
      const held = [...(await home.coffer.ledger.registers()).reservations.values()].filter(
        ({ request }) => request === id,
      )
      expect(held, where).toMatchObject([{ state: 'reserved', amount: (wholeUsdc(killAt) * USDC).toString() }])
      // Nothing is signed that the log does not know: the intent stands before the signature.
      const entries = (await home.coffer.ledger.entries())
        .map(({ entry }) => entry)
        .filter(({ data }) => data['id'] === id)
      const types = entries.map(({ type }) => type)
      expect(
        types.filter((type) => type === 'signature.made'),
        where,
      ).toHaveLength(2)
      expect(types.lastIndexOf('signature.intended'), where).toBeLessThan(types.lastIndexOf('signature.made'))
      expect((await home.execute(proposed)).success, where).toBe(true)
    }
    for (const home of lanes) expect((await verifyLog(home.coffer, undefined)).verified).toBe(true)
  })
})

describe('when treasury create is killed with SIGKILL at every call of a port', PATIENCE, () => {
  it('G4 makes one Safe, pays for it once and leaves no budget set aside once it is run again', async () => {
    let steps: readonly string[] = []
    let next = 1
    await Promise.all(
      lanes.map(async (home) => {
        const owners = OWNERS.map((owner) => home.person(owner).address)
        const errands: (Errand & { kind: 'create' })[] = []
        let child = startCrashChild()
        while (steps.length === 0) {
          const killAt = next++
          const errand = { kind: 'create' as const, name: `made-${killAt}`, owners, payer: `maker-${killAt}` }
          await home.addPayer(errand.payer)
          errands.push(errand)
          const now = child
          child = startCrashChild()
          const ending = await now.run({ directory: home.directory, secret: SECRET, errands: [errand], killAt })
          if (!ending.killed) ({ steps } = ending)
        }
        const ending = await child.run({ directory: home.directory, secret: SECRET, errands, killAt: 0 })
        expect(ending).toMatchObject({
          killed: false,
          codes: errands.map(() => expect.toBeOneOf([null, 'NAME_TAKEN'])),
        })
        await assertMadeOnce(home, errands)
      }),
    )
    expect(steps).toEqual(expect.arrayContaining(['before send', 'after send']))
  })

  async function assertMadeOnce(home: TestHome, errands: readonly (Errand & { kind: 'create' })[]): Promise<void> {
    const registers = await home.coffer.ledger.registers()
    for (const { name, payer } of errands) {
      const treasury = registers.treasuries.get(name)
      expect(treasury, name).toMatchObject({ threshold: 2 })
      expect(await world.nonceOf(treasury?.safe ?? VENDOR_ADDRESS), name).toBe(0n)
      const { address } = home.person(payer)
      expect(BigInt(String(await world.rpc.result('eth_getTransactionCount', [address, 'latest']))), name).toBe(1n)
      const spent = [...registers.spending.values()].filter((spending) => spending.payer === address)
      expect(spent, name).toMatchObject([
        { nonce: 0, open: false, cost: (10n ** 18n - (await world.ethOf(address))).toString() },
      ])
    }
    expect((await verifyLog(home.coffer, undefined)).verified).toBe(true)
  }
})
