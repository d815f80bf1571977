/**
 * A second process for tests of the store: `node other-process.ts ACTION FILE`. It says `ready` on stdout when it
 * stands where the test wants it, and stays there until its stdin closes or it is killed.
 */
import { writeSync } from 'node:fs'
import { sql } from 'kysely'
import { CustodyError } from '../../src/errors.ts'
import { withFileLock } from '../../src/store/lock.ts'
import { appendEntries, type LogTables, logSchema } from '../../src/store/log.ts'
import { openSqlite } from '../../src/store/sqlite/database.ts'

const [action = '', file = ''] = process.argv.slice(2)
const say = (text: string): void => void writeSync(1, `${text}\n`)
const untilTold = (): Promise<void> => new Promise((resolve) => process.stdin.once('close', resolve).resume())
const input = (n: number) => ({ type: 'test.appended', actor: 'other', data: { n } })

async function withLog(work: (store: ReturnType<typeof openSqlite<LogTables>>) => Promise<void>): Promise<void> {
  const store = openSqlite<LogTables>(file, { busyTimeoutMs: 60_000 })
  for (const statement of logSchema) await sql.raw(statement).execute(store.db)
  await work(store)
  await store.close()
}

const actions: Record<string, () => Promise<void>> = {
  /** Holds a write transaction with an entry in it. */
  'hold-transaction': () =>
    withLog((store) =>
      store.immediate(async (tx) => {
        await appendEntries(tx, [input(0)], 1000)
        say('ready')
        await untilTold()
      }),
    ),
  /** Appends for ever, telling each size only after its commit returned. */
  'append-for-ever': () =>
    withLog(async (store) => {
      for (let n = 0; ; n++) {
        const { size } = await store.immediate((tx) => appendEntries(tx, [input(n), input(n)], 1000))
        say(`committed ${size}`)
      }
    }),
  'append-fifty': () =>
    withLog(async (store) => {
      for (let n = 0; n < 50; n++) await store.immediate((tx) => appendEntries(tx, [input(n)], 1000))
    }),
  /** Grows the database until the process may not make the file any larger. */
  fill: () =>
    withLog(async (store) => {
      let size = 0
      try {
        for (;;)
          ({ size } = await store.immediate((tx) =>
            appendEntries(tx, [{ ...input(0), data: { text: 'x'.repeat(20_000) } }], 1000),
          ))
      } catch (error) {
        say(JSON.stringify({ size, code: error instanceof CustodyError ? error.code : String(error) }))
      }
    }),
  'hold-lock': () =>
    withFileLock(file, async () => {
      say('ready')
      await untilTold()
    }),
}

await actions[action]?.()
