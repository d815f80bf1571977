import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { onTestFinished } from 'vitest'
import { type LogTables, logSchema } from '../../src/store/log.ts'
import { openSqlite, type SqliteOptions, type SqliteStore } from '../../src/store/sqlite/database.ts'

export const otherProcess = fileURLToPath(new URL('other-process.ts', import.meta.url))

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A store with the tables of the log, closed when the test ends. */
export async function openLog(file: string, options?: SqliteOptions): Promise<SqliteStore<LogTables>> {
  const store = openSqlite<LogTables>(file, options)
  onTestFinished(() => store.close())
  for (const statement of logSchema) await sql.raw(statement).execute(store.db)
  return store
}

export interface Other {
  /** The next line it says; null when it has ended. */
  line(): Promise<string | null>
  /** Lets it go on, then waits for its end. */
  finish(): Promise<void>
  /** SIGKILL, at once. */
  kill(): Promise<void>
}

export function startOther(action: string, file: string): Other {
  const child = spawn(process.execPath, [otherProcess, action, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    async line() {
      const next = await lines.next()
      return next.done === true ? null : next.value
    },
    async finish() {
      child.stdin.end()
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
