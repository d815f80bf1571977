import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { EMPTY_ROOT } from '../../src/audit/merkle.ts'
import { verifyEntries } from '../../src/audit/verify.ts'
import { appendEntries, readEntries, readHead, readLeaves, readRows } from '../../src/store/log.ts'
import { inputsOf } from '../audit/sample-log.ts'
import { openLog, temporaryFolder } from './run-other.ts'

const [input] = inputsOf(1) as [ReturnType<typeof inputsOf>[number]]

describe('an append', () => {
  it('gives the entries their places, and the head that a whole verification finds', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    let size = 0
    for (const count of [1, 2, 1, 5, 13, 2500]) {
      const appended = await store.immediate((tx) => appendEntries(tx, inputsOf(count), 1000 + size))
      expect(appended.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, i) => size + i))
      size += count
      expect(appended.size).toBe(size)
      const verified = verifyEntries(await readRows(store.db))
      expect(verified.head).toEqual({ size, root: appended.root })
      expect(await readHead(store.db)).toEqual(verified.head)
    }
    const entries = await readEntries(store.db, 3, 6)
    expect(entries.map(({ seq }) => seq)).toEqual([3, 4, 5])
    expect((await readLeaves(store.db)).length).toBe(size)
  })

  it('of nothing changes nothing', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    expect(await store.immediate((tx) => appendEntries(tx, [], 1000))).toEqual({
      size: 0,
      root: EMPTY_ROOT,
      entries: [],
    })
    expect(await readRows(store.db)).toEqual([])
  })

  it('is kept or dropped together with the rest of its transaction', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    await store.immediate((tx) => appendEntries(tx, [input], 1000))
    const head = await readHead(store.db)
    await expect(
      store.immediate(async (tx) => {
        await appendEntries(tx, inputsOf(5), 1001)
        throw new Error('later step failed')
      }),
    ).rejects.toThrow('later step failed')
    expect(await readHead(store.db)).toEqual(head)
    expect((await readRows(store.db)).length).toBe(1)
  })

  it('of an entry that is refused keeps none of the others', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    await expect(
      store.immediate((tx) => appendEntries(tx, [input, { ...input, type: 'BAD' }], 1000)),
    ).rejects.toThrowWithCode('FIELD_INVALID')
    expect((await readHead(store.db)).size).toBe(0)
  })
})

describe('when the clock', () => {
  it.each([
    [1000, 1000],
    [995, 1000],
    [1001, 1001],
  ])('says %i after an entry of 1000, the next has %i', async (now, time) => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    await store.immediate((tx) => appendEntries(tx, [input], 1000))
    const { entries } = await store.immediate((tx) => appendEntries(tx, [input], now))
    expect(entries[0]?.time).toBe(time)
  })

  it('lies more than 5 s behind the last entry, the append is refused and nothing is changed', async () => {
    const store = await openLog(join(temporaryFolder(), 'a.sqlite'))
    await store.immediate((tx) => appendEntries(tx, [input], 1000))
    await expect(store.immediate((tx) => appendEntries(tx, [input], 994))).rejects.toThrowWithCode('CLOCK_JUMPED')
    expect((await readHead(store.db)).size).toBe(1)
  })
})

describe('G6 the table of the log', () => {
  it.each([
    ["update log set text = '{}'", 'append-only'],
    ['delete from log', 'append-only'],
    ["insert or replace into log values (1, '{}', '0x')", 'no gaps'],
    ["insert into log values (9, '{}', '0x')", 'no gaps'],
  ])('refuses "%s"', async (statement, reason) => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file)
    await store.immediate((tx) => appendEntries(tx, inputsOf(3), 1000))
    const before = await readRows(store.db)
    const raw = new DatabaseSync(file)
    expect(() => raw.exec(statement)).toThrow(reason)
    raw.close()
    expect(await readRows(store.db)).toEqual(before)
  })

  it.each([
    ['cut at its end', 'delete from log where seq = 4', 'LOG_INCONSISTENT'],
    ['emptied', 'delete from log', 'LOG_INCONSISTENT'],
    [
      'changed in its last entry',
      "update log set text = replace(text, 'alice', 'mallory') where seq = 4",
      'LOG_ENTRY_INVALID',
    ],
    [
      'given another last leaf',
      "update log set leaf = '0x' || substr(leaf, 3, 62) || '00' where seq = 4",
      'LOG_ENTRY_INVALID',
    ],
    ['renumbered at its end', 'update log set seq = 5 where seq = 4', 'LOG_INCONSISTENT'],
    ['without its stored head', 'delete from log_state', 'LOG_INCONSISTENT'],
    ['with a stored head of another size', 'update log_state set size = 6', 'LOG_INCONSISTENT'],
    [
      'with a stored head of another end',
      "update log_state set frontier = json_set(frontier, '$[1]', json_extract(frontier, '$[0]'))",
      'LOG_INCONSISTENT',
    ],
    ['with a stored head that is no JSON', "update log_state set frontier = 'x'", 'LOG_INCONSISTENT'],
    [
      'with a stored head of too many hashes',
      "update log_state set frontier = json_insert(frontier, '$[#]', json_extract(frontier, '$[0]'))",
      'LOG_INCONSISTENT',
    ],
  ] as const)('%s by somebody who drops the triggers takes no further entry', async (_what, statement, code) => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file)
    await store.immediate((tx) => appendEntries(tx, inputsOf(5), 1000))
    const raw = new DatabaseSync(file)
    raw.exec('drop trigger log_no_update; drop trigger log_no_delete; drop trigger log_no_gap')
    raw.exec(statement)
    raw.close()
    await expect(store.immediate((tx) => appendEntries(tx, [input], 2000))).rejects.toThrowWithCode(code)
    await expect(readHead(store.db)).rejects.toThrowWithCode(code)
  })

  it('changed in the middle is found by the verification, also after more was appended', async () => {
    const file = join(temporaryFolder(), 'a.sqlite')
    const store = await openLog(file)
    await store.immediate((tx) => appendEntries(tx, inputsOf(5), 1000))
    const raw = new DatabaseSync(file)
    raw.exec("drop trigger log_no_update; update log set text = replace(text, 'alice', 'mallory') where seq = 2")
    raw.close()
    await store.immediate((tx) => appendEntries(tx, inputsOf(2), 1000))
    const rows = await readRows(store.db)
    expect(() => verifyEntries(rows)).toThrow('Entry 2 was changed')
    await expect(readEntries(store.db)).rejects.toThrowWithCode('LOG_ENTRY_INVALID')
  })
})
