import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { verifyEntries } from '../../../src/audit/verify.ts'
import { appendEntries, readHead, readRows } from '../../../src/store/log.ts'
import { openSqlite, type SqliteStore } from '../../../src/store/sqlite/database.ts'
import { openLog, otherProcess, startOther, temporaryFolder } from '../run-other.ts'

interface Tables {
  numbers: { n: number; text: string | null }
}

async function openNumbers(file: string, busyTimeoutMs = 5000): Promise<SqliteStore<Tables>> {
  const store = openSqlite<Tables>(file, { busyTimeoutMs })
  onTestFinished(() => store.close())
  await sql`create table if not exists numbers (n integer primary key, text text) strict`.execute(store.db)
  return store
}

const numbersIn = async (store: SqliteStore<Tables>): Promise<number[]> =>
  (await store.db.selectFrom('numbers').select('n').orderBy('n').execute()).map(({ n }) => n)
const input = { type: 'test.appended', actor: 'local:alice', data: {} }

describe('a database opened', () => {
  it('is durable at each commit, checks foreign keys, and trusts no schema', async () => {
    const { db } = await openNumbers(join(temporaryFolder(), 'a.sqlite'))
    const pragma = async (name: string): Promise<unknown> =>
      Object.values((await sql.raw(`pragma ${name}`).execute(db)).rows[0] ?? {})[0]
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('synchronous')).toBe(2)
    expect(await pragma('foreign_keys')).toBe(1)
    expect(await pragma('trusted_schema')).toBe(0)
    expect(await pragma('busy_timeout')).toBe(5000)
  })

  it('can be read by its user only, with its log files', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    await openNumbers(file)
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o077).toBe(0)
  })

  it('closes when it was never used, and keeps what was written when it was', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    await openSqlite<Tables>(file).close()
    const store = openSqlite<Tables>(file)
    await sql`create table numbers (n integer, text text)`.execute(store.db)
    // Under way when the store is closed, so that closing has to wait for it.
    const pending = store.immediate((tx) => tx.insertInto('numbers').values({ n: 1, text: null }).execute())
    await store.close()
    await pending
    const raw = new DatabaseSync(file)
    expect(raw.prepare('select n from numbers').all()).toMatchObject([{ n: 1 }])
    raw.close()
  })

  it.each([
    ['is no database', 'STORE_CORRUPT', (file: string) => writeFileSync(file, 'This is not a database. '.repeat(100))],
    ['lies in no folder', 'STORE_FAULT', () => {}],
  ] as const)('is refused when the file %s', (what, code, prepare) => {
    const folder = temporaryFolder()
    const file = join(folder, ...(what === 'lies in no folder' ? ['none'] : []), 'a.sqlite')
    prepare(file)
    expect(() => openSqlite(file)).toThrowWithCode(code)
  })

  it('is refused when its pages were overwritten or cut, at the latest when they are read', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.sqlite')
    const store = await openNumbers(file)
    await store.immediate(async (tx) => {
      for (let n = 0; n < 500; n++)
        await tx
          .insertInto('numbers')
          .values({ n, text: 'x'.repeat(100) })
          .execute()
    })
    await store.close()
    const whole = readFileSync(file)
    for (const damage of [
      () => writeFileSync(file, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0xee)])),
      () => truncateSync(file, 8192),
    ]) {
      damage()
      const read = async (): Promise<unknown> => {
        const again = openSqlite<Tables>(file)
        return again.db
          .selectFrom('numbers')
          .selectAll()
          .execute()
          .finally(() => again.close())
      }
      await expect(read()).rejects.toThrowWithCode('STORE_CORRUPT')
    }
  })
})

describe('a transaction', () => {
  it('keeps all when its work returns, and nothing when it throws, and passes on what was thrown', async () => {
    const store = await openNumbers(join(temporaryFolder(), 'a.sqlite'))
    expect(
      await store.immediate(
        async (tx) =>
          (await tx.insertInto('numbers').values({ n: 1, text: null }).executeTakeFirst()).numInsertedOrUpdatedRows,
      ),
    ).toBe(1n)
    const reason = new Error('because')
    await expect(
      store.immediate(async (tx) => {
        await tx.insertInto('numbers').values({ n: 2, text: null }).execute()
        throw reason
      }),
    ).rejects.toBe(reason)
    expect(await numbersIn(store)).toEqual([1])
  })

  it('waits for the one before it, so that none reads what another is about to change', async () => {
    const store = await openNumbers(join(temporaryFolder(), 'a.sqlite'))
    await Promise.all(
      Array.from({ length: 40 }, () =>
        store.immediate(async (tx) => {
          const { n } = await tx
            .selectFrom('numbers')
            .select((e) => e.fn.coalesce(e.fn.max('n'), sql<number>`0`).as('n'))
            .executeTakeFirstOrThrow()
          await new Promise((resolve) => setImmediate(resolve))
          await tx
            .insertInto('numbers')
            .values({ n: n + 1, text: null })
            .execute()
        }),
      ),
    )
    expect(await numbersIn(store)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
  })

  it('inside which another is opened, or the database is used around it, is refused and not waited for', async () => {
    const store = await openNumbers(join(temporaryFolder(), 'a.sqlite'))
    await expect(store.immediate(() => store.immediate(async () => {}))).rejects.toThrowWithCode('INTERNAL')
    await expect(store.immediate(() => numbersIn(store))).rejects.toThrowWithCode('INTERNAL')
    expect(await numbersIn(store)).toEqual([])
  })

  it('of two stores of one process on one file waits without blocking the process', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const [one, two] = [await openNumbers(file), await openNumbers(file)]
    const insert = (store: SqliteStore<Tables>, n: number): Promise<unknown> =>
      store.immediate(async (tx) => {
        await tx.insertInto('numbers').values({ n, text: null }).execute()
        await new Promise((resolve) => setTimeout(resolve, 30))
      })
    await Promise.all([insert(one, 1), insert(two, 2), insert(one, 3)])
    expect(await numbersIn(two)).toEqual([1, 2, 3])
  })

  it('that breaks a constraint is a fault that names the column and not the value', async () => {
    const store = await openNumbers(join(temporaryFolder(), 'a.sqlite'))
    const twice = store.immediate(async (tx) => {
      await tx
        .insertInto('numbers')
        .values([
          { n: 1, text: 'a secret' },
          { n: 1, text: 'a secret' },
        ])
        .execute()
    })
    await expect(twice).rejects.toThrowWithCode('STORE_FAULT')
    await expect(twice).rejects.toThrow('numbers.n')
    await expect(twice).rejects.not.toThrow('secret')
  })
})

describe('when another process holds the database', () => {
  it('a write is refused with STORE_LOCKED after the time it may wait, a read is not, and nothing is changed', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file, { busyTimeoutMs: 200 })
    const other = startOther('hold-transaction', file)
    expect(await other.line()).toBe('ready')
    const started = performance.now()
    await expect(store.immediate((tx) => appendEntries(tx, [input], 1000))).rejects.toThrowWithCode('STORE_LOCKED')
    expect(performance.now() - started).toBeGreaterThan(190)
    expect((await readHead(store.db)).size).toBe(0)
    await other.finish()
    expect((await store.immediate((tx) => appendEntries(tx, [input], 1000))).size).toBe(2)
  })

  it('a write waits for it and then goes on', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file)
    const other = startOther('hold-transaction', file)
    expect(await other.line()).toBe('ready')
    const waiting = store.immediate((tx) => appendEntries(tx, [input], 1000))
    await other.finish()
    expect((await waiting).size).toBe(2)
  })

  it('appends of three processes at once make one log without gaps', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file, { busyTimeoutMs: 60_000 })
    const others = [startOther('append-fifty', file), startOther('append-fifty', file)]
    for (let n = 0; n < 50; n++) await store.immediate((tx) => appendEntries(tx, [input], 1000))
    await Promise.all(others.map((other) => other.finish()))
    const verified = verifyEntries(await readRows(store.db))
    expect(verified.count).toBe(150)
    expect(await readHead(store.db)).toEqual(verified.head)
  })
})

describe('when the process is killed', () => {
  it('in the middle of a transaction nothing of it is kept, and the lock is free', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file, { busyTimeoutMs: 2000 })
    await store.immediate((tx) => appendEntries(tx, [input], 900))
    const other = startOther('hold-transaction', file)
    expect(await other.line()).toBe('ready')
    await other.kill()
    const head = await store.immediate((tx) => appendEntries(tx, [input], 1000))
    expect(head.size).toBe(2)
    expect(verifyEntries(await readRows(store.db)).head).toEqual({ size: 2, root: head.root })
  })

  it('at any moment every commit that returned is kept whole, and the log verifies', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    let told = 0
    for (const commits of [1, 3, 10, 25]) {
      const other = startOther('append-for-ever', file)
      for (let n = 0; n < commits; n++) {
        const size = Number((await other.line())?.split(' ')[1])
        expect(size).toBeGreaterThan(told)
        told = size
      }
      await other.kill()
      const store = await openLog(file)
      const verified = verifyEntries(await readRows(store.db))
      expect(verified.count).toBeGreaterThanOrEqual(told)
      expect(verified.count % 2).toBe(0)
      expect(await readHead(store.db)).toEqual(verified.head)
      await store.close()
      told = verified.count
    }
  })
})

describe('when the disk is full', () => {
  it('a write that SQLite has no page for is refused with STORE_FULL, and the log stays as it was', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    const { size } = await store.immediate((tx) => appendEntries(tx, [input], 1000))
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
    await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + 1}`).execute(store.db)
    const large = { ...input, data: { text: 'x'.repeat(100_000) } }
    await expect(store.immediate((tx) => appendEntries(tx, [large], 1000))).rejects.toThrowWithCode('STORE_FULL')
    expect((await readHead(store.db)).size).toBe(size)
    await sql`pragma max_page_count = 1000000`.execute(store.db)
    await store.immediate((tx) => appendEntries(tx, [large], 1000))
    expect(verifyEntries(await readRows(store.db)).count).toBe(size + 1)
  })

  it('a write that the operating system has no room for is refused with STORE_FULL, and every commit before it is kept', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    // The limit is in blocks of 512 bytes or of 1 KiB, by shell: one or two MiB, with the same end.
    const said = execFileSync(
      'sh',
      ['-c', 'ulimit -f 2048; exec "$0" "$1" fill "$2"', process.execPath, otherProcess, file],
      { encoding: 'utf8' },
    )
    const { size, code } = JSON.parse(said) as { size: number; code: string }
    expect(code).toBe('STORE_FULL')
    expect(size).toBeGreaterThan(10)
    const store = await openLog(file)
    expect(verifyEntries(await readRows(store.db)).count).toBe(size)
    expect((await store.immediate((tx) => appendEntries(tx, [input], 2000))).size).toBe(size + 1)
  })
})
