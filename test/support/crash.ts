import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { Answer, Order } from './crash-child.ts'

const program = fileURLToPath(new URL('crash-child.ts', import.meta.url))
const cache = mkdtempSync(join(tmpdir(), 'coffer-compiled-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

export type Ending = { readonly killed: true } | ({ readonly killed: false } & Answer)

export interface WaitingChild {
  /** Hands it its errands and waits for its end. */
  run(order: Order): Promise<Ending>
  end(): void
}

/** Starts a child that loads everything and then waits, so that the loading runs beside other work. */
export function startCrashChild(): WaitingChild {
  const child: ChildProcess = fork(program, [], {
    execArgv: [],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()))
  // What goes wrong with its channel shows in how it ends.
  child.on('error', () => {})
  const exit = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`)),
  )
  return {
    async run(order) {
      const early = await Promise.race([ready, exit])
      if (early !== undefined) throw new Error(`the child ended (${early}) before it was ready`)
      let answer: Answer | null = null
      child.once('message', (message: Answer) => (answer = message))
      child.send(order)
      const how = await exit
      if (answer !== null) return { killed: false, ...(answer as Answer) }
      if (how !== 'SIGKILL' || order.killAt === 0)
        throw new Error(`the child ended by itself (${how}) without an answer`)
      return { killed: true }
    },
    end: () => void child.kill('SIGKILL'),
  }
}
