import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCoffer } from '../../src/compose.ts'
import type { Proposed } from '../../src/pipeline/propose.ts'
import { verifyLog } from '../../src/registers/log.ts'
import { createOperations, type OperationName } from '../../src/service/operations.ts'
import { SECRET, startWorld, type TestHome, VENDOR, type World } from '../support/stage.ts'
import { codeOf, editDatabase } from '../support/stage-outside.ts'

let world: World
let home: TestHome
let invoice: Proposed
let size = 0
/** The home before, and after, the second approval. */
let older = ''
let newer = ''
let olderCheckpoint = ''
let newerCheckpoint = ''

const copyHome = (from: string): string => {
  const to = mkdtempSync(join(tmpdir(), 'coffer-copy-'))
  cpSync(from, to, { recursive: true })
  return to
}

beforeAll(async () => {
  world = await startWorld()
  home = await world.home()
  invoice = await home.pay(await home.treasury(), '250.00')
  await home.approve(invoice, 'alice')
  olderCheckpoint = await home.coffer.ledger.checkpoint()
  older = copyHome(home.directory)
  await home.approve(invoice, 'bob')
  newerCheckpoint = await home.coffer.ledger.checkpoint()
  newer = copyHome(home.directory)
  size = (await home.coffer.ledger.head()).size
})
afterAll(async () => {
  await world.close()
  for (const directory of [older, newer]) rmSync(directory, { recursive: true, force: true })
})

const DROP = 'drop trigger log_no_update; drop trigger log_no_delete; drop trigger log_no_gap'
const TABLES = ['log', 'log_state', 'requests', 'signatures', 'approvals', 'executions']

/** Every operation that a home with work in it answers, with parameters that would otherwise be good. */
function everyOperation(): [OperationName, object][] {
  const { id } = invoice.request
  const { digest } = invoice.review.digests
  const { treasury } = invoice.request
  return [
    ['home.show', {}],
    ['chain.list', {}],
    ['chain.add', { name: 'other', urls: [world.url] }],
    ['key.list', {}],
    ['key.show', { name: 'alice' }],
    ['treasury.list', {}],
    ['treasury.show', { name: treasury }],
    ['treasury.adopt', { name: 'again', address: invoice.request.safe }],
    ['propose', { treasury, action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount: '1.00' } }],
    ['show', { id }],
    ['list', {}],
    ['approve', { id, digest, key: 'carol', secret: SECRET }],
    ['approve.export', { id }],
    ['approve.signature', { id, signature: `0x${'11'.repeat(65)}` }],
    ['reject', { id }],
    ['execute', { id, secret: SECRET }],
    ['policy.show', {}],
    ['policy.activate', { document: home.document, keys: [], signatures: [] }],
    ['freeze', { reason: 'test' }],
    ['unfreeze', { keys: [], signatures: [] }],
    ['log.list', { from: 0, limit: 1 }],
    ['log.verify', {}],
    ['log.checkpoint', {}],
    ['log.proof', { id: '0' }],
  ]
}

async function codesAfter(attack: (database: DatabaseSync) => void): Promise<Set<string>> {
  const directory = copyHome(newer)
  try {
    editDatabase(directory, (database) => {
      database.exec(DROP)
      attack(database)
    })
    const operations = createOperations(directory, () => {})
    const codes = new Set<string>()
    for (const [name, params] of everyOperation()) codes.add(await codeOf(operations.run(name, params)))
    await operations.close()
    return codes
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe('when somebody edits the log in the database file', () => {
  const attacks: [string, 'LOG_ENTRY_INVALID' | 'LOG_INCONSISTENT', (database: DatabaseSync) => void][] = [
    [
      'one character of an entry is changed',
      'LOG_ENTRY_INVALID',
      (db) =>
        db.exec(
          `update log set text = replace(text, '"250000000"', '"950000000"') where text like '%request.proposed%'`,
        ),
    ],
    [
      'the first entry is changed',
      'LOG_ENTRY_INVALID',
      (db) => db.exec(`update log set text = replace(text, '"threshold":1', '"threshold":0') where seq = 0`),
    ],
    [
      'a leaf hash is changed',
      'LOG_ENTRY_INVALID',
      (db) => db.exec(`update log set leaf = '0x${'00'.repeat(32)}' where seq = 3`),
    ],
    ['an entry is removed', 'LOG_ENTRY_INVALID', (db) => db.exec('delete from log where seq = 5')],
    [
      'an entry is removed and the rest moved up',
      'LOG_ENTRY_INVALID',
      (db) =>
        db.exec(
          'delete from log where seq = 5; update log set seq = -seq where seq > 5; update log set seq = -seq - 1 where seq < 0',
        ),
    ],
    [
      'two entries change places',
      'LOG_ENTRY_INVALID',
      (db) =>
        db.exec(
          'update log set seq = -1 where seq = 5; update log set seq = 5 where seq = 6; update log set seq = 6 where seq = -1',
        ),
    ],
    [
      'the last entry is cut off',
      'LOG_INCONSISTENT',
      (db) => db.exec('delete from log where seq = (select max(seq) from log)'),
    ],
    ['the log is emptied', 'LOG_INCONSISTENT', (db) => db.exec('delete from log; delete from log_state')],
  ]
  it.each(attacks)('G6 every operation refuses when %s', async (_what, code, attack) => {
    expect([...(await codesAfter(attack))]).toEqual([code])
  })

  it('G6 the same operations work on an unedited copy', async () => {
    const directory = copyHome(newer)
    const operations = createOperations(directory, () => {})
    const codes = await Promise.all(
      (['home.show', 'list', 'log.verify', 'treasury.list'] as const).map((name) => codeOf(operations.run(name, {}))),
    )
    expect(codes).toEqual(['done', 'done', 'done', 'done'])
    await operations.close()
    rmSync(directory, { recursive: true, force: true })
  })
})

describe('when the database is replaced by an older backup of itself', () => {
  /** The newer home with the older database in it. */
  async function restored(alsoCheckpoints: boolean): Promise<string> {
    const directory = copyHome(alsoCheckpoints ? older : newer)
    editDatabase(directory, (database) => {
      database.exec(`${DROP}; attach '${join(older, 'coffer.db')}' as backup`)
      for (const table of TABLES)
        database.exec(`delete from main.${table}; insert into main.${table} select * from backup.${table}`)
    })
    return directory
  }

  it('G6 is refused, because the checkpoint outside the database knows more', async () => {
    const directory = await restored(false)
    await expect(openCoffer(directory)).rejects.toThrowWithCode('LOG_INCONSISTENT')
    rmSync(directory, { recursive: true, force: true })
  })

  it('G6 is found by a checkpoint that somebody else kept, when the checkpoint files were replaced too', async () => {
    const directory = await restored(true)
    const coffer = await openCoffer(directory)
    await expect(verifyLog(coffer, newerCheckpoint)).rejects.toThrowWithCode('LOG_INCONSISTENT')
    expect(await verifyLog(coffer, olderCheckpoint)).toMatchObject({ verified: true })
    await coffer.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('G6 the approvals name the log as their signers saw it', async () => {
    const rows = await home.coffer.ledger.db
      .selectFrom('approvals')
      .select(['log_size', 'log_root'])
      .where('request_id', '=', invoice.request.id)
      .orderBy('log_size')
      .execute()
    const sizes = rows.map(({ log_size }) => log_size)
    expect(sizes).toHaveLength(2)
    expect(sizes[1]).toBeGreaterThan(sizes[0] ?? size)
    expect(olderCheckpoint.split('\n')[1]).toBe(String(sizes[1]))
  })
})
