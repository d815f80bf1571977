import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Proposed } from '../../src/pipeline/propose.ts'
import { sha256 } from '../../src/primitives/hash.ts'
import { canonicalJson, type Json } from '../../src/primitives/json.ts'
import { parseStoredRequest } from '../../src/request/digest.ts'
import { buildPlan } from '../../src/build/safe-tx.ts'
import { planDigests } from '../../src/pipeline/stored.ts'
import { SECRET, startWorld, type TestHome, type TestTreasury, VENDOR_ADDRESS, type World } from '../support/stage.ts'
import { codeOf, editDatabase } from '../support/stage-outside.ts'

type Row = Record<string, string | number | null>

let world: World
let home: TestHome
let treasury: TestTreasury
let invoice: Proposed
let twin: Proposed
beforeAll(async () => {
  world = await startWorld()
  home = await world.home()
  treasury = await home.treasury()
  invoice = await home.pay(treasury, '250.00', { memo: 'invoice 42' })
  twin = await home.pay(await home.treasury(), '250.00', { memo: 'invoice 42' })
  for (const owner of ['alice', 'bob']) await home.approve(invoice, owner)
})
afterAll(() => world.close())

const rowOf = (table: string, where: string, id: string): Row[] => {
  let rows: Row[] = []
  editDatabase(
    home.directory,
    (database) =>
      (rows = database.prepare(`select rowid as at_row, * from ${table} where ${where} = ?`).all(id) as Row[]),
  )
  return rows
}

const write = (table: string, atRow: number, changes: Row): void =>
  editDatabase(home.directory, (database) => {
    for (const [column, value] of Object.entries(changes))
      database.prepare(`update ${table} set ${column} = ? where rowid = ?`).run(value, atRow)
  })

/** What comes of showing and executing with one row edited; the row is put back. */
async function withEdit(table: string, row: Row, changes: Row): Promise<string[]> {
  const { at_row, ...columns } = row
  write(table, Number(at_row), changes)
  try {
    return [await codeOf(home.pipeline.show(invoice.request.id)), await codeOf(home.execute(invoice))]
  } finally {
    write(table, Number(at_row), columns)
  }
}

// After every attack: nothing left the Safe, and nothing was prepared to.
afterEach(async () => {
  expect(await world.nonceOf(treasury.safe)).toBe(0n)
  expect(
    await home.coffer.ledger.db
      .selectFrom('executions')
      .selectAll()
      .where('request_id', '=', invoice.request.id)
      .execute(),
  ).toEqual([])
})

/** Every leaf of a JSON document, as a path. */
function leaves(value: Json, path: readonly string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [[...path]]
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
}

function changed(document: Json, [first, ...rest]: readonly string[]): Json {
  if (first === undefined) {
    if (typeof document === 'number') return document + 1
    if (typeof document !== 'string') return 'x'
    const last = document.at(-1) ?? '0'
    return document.slice(0, -1) + (last === '1' ? '2' : '1')
  }
  return {
    ...(document as Record<string, Json>),
    [first]: changed((document as Record<string, Json>)[first] as Json, rest),
  }
}

describe('when the stored request is edited in the database after its approval', () => {
  it('G2 is refused whichever field of its text was changed', async () => {
    const [row] = rowOf('requests', 'id', invoice.request.id) as [Row]
    const body = JSON.parse(String(row['body'])) as Json
    const paths = leaves(body)
    expect(paths.map((path) => path.join('.'))).toEqual(
      expect.arrayContaining([
        'action.amount',
        'action.recipient',
        'action.token',
        'nonce',
        'safe',
        'chainId',
        'expiresAt',
        'creator.principal',
        'memo',
      ]),
    )
    for (const path of paths) {
      const edited = canonicalJson(changed(body, path))
      expect(edited, path.join('.')).not.toBe(row['body'])
      expect(await withEdit('requests', row, { body: edited }), path.join('.')).toEqual([
        'REQUEST_ALTERED',
        'REQUEST_ALTERED',
      ])
    }
  })

  it('G2 is refused when text, digest and safeTxHash are forged together, so that they agree', async () => {
    const [row] = rowOf('requests', 'id', invoice.request.id) as [Row]
    const body = String(row['body']).replace('"amount":"250000000"', '"amount":"950000000"')
    const request = parseStoredRequest(body)
    const effect = planDigests(buildPlan(request, { version: treasury.version })).digest
    expect(await withEdit('requests', row, { body, digest: sha256(body), effect_digest: effect })).toEqual([
      'REQUEST_ALTERED',
      'REQUEST_ALTERED',
    ])
  })

  it('G2 is refused whichever of its columns was changed', async () => {
    const [row] = rowOf('requests', 'id', invoice.request.id) as [Row]
    // `state`, `exported` and `outcome` say what became of it; they have tests of their own below.
    const columns = Object.keys(row).filter((column) => !['at_row', 'state', 'exported', 'outcome'].includes(column))
    expect(columns).toHaveLength(13)
    for (const column of columns) {
      const value = row[column]
      const other = typeof value === 'number' ? value + 1 : changed(String(value), [])
      expect(await withEdit('requests', row, { [column]: other as string | number }), column).toEqual([
        'REQUEST_ALTERED',
        'REQUEST_ALTERED',
      ])
    }
  })

  it('G2 G7 an outcome that the chain does not know is not believed', async () => {
    const [row] = rowOf('requests', 'id', invoice.request.id) as [Row]
    const outcome = JSON.stringify({
      success: true,
      transactionHash: `0x${'11'.repeat(32)}`,
      blockNumber: '1',
      blockHash: `0x${'22'.repeat(32)}`,
      outside: false,
      final: true,
    })
    write('requests', Number(row['at_row']), { state: 'executed', outcome })
    expect(await home.pipeline.show(invoice.request.id)).toMatchObject({
      state: 'signed',
      outcome: null,
      liveOnChain: true,
    })
  })

  it('G2 a request that is marked as withdrawn is not executed', async () => {
    const [row] = rowOf('requests', 'id', invoice.request.id) as [Row]
    expect((await withEdit('requests', row, { state: 'withdrawn' }))[1]).toBe('REQUEST_ALTERED')
  })
})

describe('when stored signatures and approvals are edited', () => {
  it('G2 no changed column of a signature lets it count', async () => {
    const rows = rowOf('signatures', 'request_id', invoice.request.id)
    expect(rows).toHaveLength(2)
    const carol = home.person('carol').address
    for (const row of rows) {
      const signature = String(row['signature'])
      const edits: Row[] = [
        { signature: `${signature.slice(0, 20)}${signature[20] === 'a' ? 'b' : 'a'}${signature.slice(21)}` },
        { signature: `${signature.slice(0, -2)}${signature.endsWith('1b') ? '1c' : '1b'}` },
        { signature: '0x' },
        { signature: null },
        { owner: carol },
        { owner: VENDOR_ADDRESS },
        { via: carol },
        { via: VENDOR_ADDRESS },
        { request_id: twin.request.id },
      ]
      for (const edit of edits) {
        const [, executed] = await withEdit('signatures', row, edit)
        expect(executed, JSON.stringify(edit)).toBeOneOf([
          'REQUEST_ALTERED',
          'SIGNATURE_INVALID',
          'APPROVAL_MISSING',
          'SAFE_NOT_FOUND',
          'HEX_INVALID',
        ])
      }
    }
  })

  it('G2 no changed column of an approval lets it count', async () => {
    for (const row of rowOf('approvals', 'request_id', invoice.request.id)) {
      const signature = String(row['signature'])
      const edits: Row[] = [
        { signature: `${signature.slice(0, 20)}${signature[20] === 'a' ? 'b' : 'a'}${signature.slice(21)}` },
        { address: VENDOR_ADDRESS },
        { log_size: Number(row['log_size']) + 1 },
        { log_root: `0x${'33'.repeat(32)}` },
      ]
      for (const edit of edits) {
        const codes = await withEdit('approvals', row, edit)
        for (const code of codes) expect(code, JSON.stringify(edit)).toBeOneOf(['REQUEST_ALTERED', 'SIGNATURE_INVALID'])
      }
    }
  })

  it('G2 who approved is read from the signature, not from the name beside it', async () => {
    const rows = rowOf('approvals', 'request_id', invoice.request.id)
    for (const row of rows) write('approvals', Number(row['at_row']), { principal: 'carol', at: 1 })
    expect((await home.pipeline.show(invoice.request.id)).approvedBy.toSorted()).toEqual(['alice', 'bob'])
  })
})

describe('when two invoices are the same in every word', () => {
  it('G2 they have two safeTxHashes, and the signatures of one do not count for the other', async () => {
    expect(twin.review.digests.digest).not.toBe(invoice.review.digests.digest)
    expect(twin.digest).not.toBe(invoice.digest)
    const copied = rowOf('signatures', 'request_id', invoice.request.id)
    editDatabase(home.directory, (database) => {
      for (const { owner, via, signature, at } of copied) {
        database
          .prepare('insert into signatures (request_id, owner, via, signature, at) values (?, ?, ?, ?, ?)')
          .run(twin.request.id, owner as string, via as string, signature as string, at as number)
      }
    })
    await expect(home.execute(twin)).rejects.toThrowWithCode('REQUEST_ALTERED')
    editDatabase(
      home.directory,
      (database) => void database.prepare('delete from signatures where request_id = ?').run(twin.request.id),
    )
    await expect(home.execute(twin)).rejects.toThrowWithCode('APPROVAL_MISSING')
  })

  it('G2 the same idempotency key does not bring back a request whose row was edited', async () => {
    const first = await home.pay(await home.treasury(), '10.00', { idempotencyKey: 'invoice-77' })
    const [row] = rowOf('requests', 'id', first.request.id) as [Row]
    write('requests', Number(row['at_row']), {
      body: String(row['body']).replace('"amount":"10000000"', '"amount":"90000000"'),
    })
    await expect(
      home.pipeline.propose({
        treasury: first.request.treasury,
        action: { kind: 'transfer', asset: 'USDC', to: 'acme-supplies', amount: '10.00' },
        idempotencyKey: 'invoice-77',
      }),
    ).rejects.toThrowWithCode('REQUEST_ALTERED')
  })
})

describe('when the stored transaction of the payer is edited while it waits in the pool', () => {
  it('G2 no replacement is signed from it, and altered bytes are not sent', async () => {
    const proposed = await home.pay(await home.treasury(), '40.00')
    for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
    await world.rpc.result('evm_setAutomine', [false])
    try {
      const impatient = (waitSeconds: number, stuckAfterSeconds: number) =>
        home
          .through({ sleep: async () => home.clock.skip(2) })
          .execute({ id: proposed.request.id, secret: SECRET, waitSeconds, stuckAfterSeconds })
      await expect(impatient(1, 60)).rejects.toThrowWithCode('EXECUTION_PENDING')
      const [row] = rowOf('executions', 'request_id', proposed.request.id) as [Row]
      const envelope = String(row['envelope'])
      const edits = [
        envelope.replace('"value":"0"', '"value":"500000000000000000"'),
        envelope.replace(/"to":"0x[0-9a-fA-F]{40}"/, `"to":"${VENDOR_ADDRESS}"`),
        envelope.replace(/"data":"0x[0-9a-f]{8}/, '"data":"0xa9059cbb'),
      ]
      for (const edit of edits) {
        expect(edit).not.toBe(envelope)
        write('executions', Number(row['at_row']), { envelope: edit })
        expect(await codeOf(impatient(10, 1))).toBeOneOf(['REQUEST_ALTERED', 'ABI_INVALID'])
      }
      write('executions', Number(row['at_row']), { envelope })
      const raw = String(row['raw'])
      write('executions', Number(row['at_row']), { raw: `${raw.slice(0, -2)}${raw.endsWith('00') ? '01' : '00'}` })
      await expect(impatient(1, 60)).rejects.toThrowWithCode('REQUEST_ALTERED')
      expect(rowOf('executions', 'request_id', proposed.request.id)).toHaveLength(1)
    } finally {
      await world.mine(1)
      await world.rpc.result('evm_setAutomine', [true])
    }
  })
})
