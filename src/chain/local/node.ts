import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CustodyError, excerpt } from '../../errors.ts'
import { LOCAL_CHAIN_ID } from './accounts.ts'

export { LOCAL_ACCOUNTS, LOCAL_CHAIN_ID } from './accounts.ts'

export interface LocalChain {
  readonly url: string
  readonly chainId: typeof LOCAL_CHAIN_ID
  readonly pid: number
  /** Ends the node and waits until it is gone. May be called twice. */
  stop(): Promise<void>
}

export interface LocalChainOptions {
  /** Loopback TCP port; a free one when left out. */
  readonly port?: number
  /** The chain outlives this process; without it the chain dies with this process, however that ends. */
  readonly detached?: boolean
  /** A file that takes the node's output, appended. */
  readonly log?: string
}

const START_MS = 60_000
const STOP_MS = 5_000
const STDERR_BOUND = 4_096

/**
 * Starts a private in-memory Hardhat chain (id 31337) on 127.0.0.1 and waits until it answers.
 * @throws CHAIN_UNREACHABLE when the node ends or does not answer in time, the port being taken included
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const detached = options.detached ?? false
  // The sibling has the suffix of this file: .ts in the repository, .js in the built package.
  const script = fileURLToPath(new URL(`./serve${extname(import.meta.url)}`, import.meta.url))
  const log = options.log === undefined ? null : openSync(options.log, 'a', 0o600)
  let child: ChildProcess
  try {
    child = fork(script, [String(options.port ?? 0), detached ? 'detached' : 'attached'], {
      detached,
      // A loader or inspector of the parent is none of the node's business.
      execArgv: [],
      // A detached child must not hold a pipe of a parent that will be gone.
      stdio: ['ignore', log ?? 'ignore', log ?? (detached ? 'ignore' : 'pipe'), 'ipc'],
    })
  } finally {
    if (log !== null) closeSync(log)
  }
  const complaint = collectStderr(child)
  let port: number
  try {
    port = await untilListening(child, complaint)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const url = `http://127.0.0.1:${port}`
  // Neither the process nor its channel may keep the parent alive; the parent stays in charge of its end.
  child.unref()
  child.channel?.unref()
  ;(child.stderr as { unref?: () => void } | null)?.unref?.()
  return { url, chainId: LOCAL_CHAIN_ID, pid: child.pid as number, stop: () => stop(child) }
}

function collectStderr(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    // Read on even when full, or the child would block on a full pipe.
    if (text.length < STDERR_BOUND) text += chunk.toString('utf8').slice(0, STDERR_BOUND)
  })
  return () => text
}

function untilListening(child: ChildProcess, complaint: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(
        new CustodyError('CHAIN_UNREACHABLE', `Expected the local chain to start, ${why}.`, {
          next: 'Check that Hardhat is installed under this Node and that the port is free.',
        }),
      )
    }
    const timer = setTimeout(() => fail(`no answer in ${START_MS / 1000} s`), START_MS)
    child.once('error', (error) => fail(`got "${excerpt(error.message, 200)}"`))
    // 'close' rather than 'exit': by then the last words have been read.
    child.once('close', (code, signal) => {
      const words =
        complaint()
          .split('\n')
          .find((line) => /\bError\b.*: /.test(line)) ?? complaint()
      fail(
        `it ended with ${signal ?? `status ${String(code)}`}${words.trim() === '' ? '' : `: "${excerpt(words.trim(), 200)}"`}`,
      )
    })
    child.once('message', (message: { port?: unknown }) => {
      if (!Number.isInteger(message.port)) {
        fail('got a message of another form')
        return
      }
      clearTimeout(timer)
      resolve(message.port as number)
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.ref()
    child.once('exit', () => {
      clearTimeout(force)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** Ends a detached local chain by the process id it was started with. @throws NOT_FOUND when nothing runs there */
export async function stopLocalChain(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    throw new CustodyError('NOT_FOUND', `Expected a local chain as process ${pid}, found none.`)
  }
  const end = Date.now() + STOP_MS
  while (isRunning(pid)) {
    if (Date.now() > end) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        return
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
