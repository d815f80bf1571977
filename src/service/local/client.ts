import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CustodyError } from '../../errors.ts'
import type { OperationName, Params, Result } from '../operations.ts'
import { toCustodyError } from './fault.ts'
import type { Reply } from './message.ts'

/** A door's connection to the signer process. */
export interface SignerClient {
  readonly call: <N extends OperationName>(operation: N, params: Params<N>) => Promise<Result<N>>
  readonly close: () => Promise<void>
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: CustodyError) => void
}

/**
 * Starts the signer of a home as a child and talks to it over the process channel.
 * @throws SIGNER_UNAVAILABLE when it ends before it answered
 */
export function startSigner(directory: string, onProgress: (text: string) => void = () => {}): SignerClient {
  const entry = fileURLToPath(new URL(`./entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
  const child: ChildProcess = fork(entry, [directory], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, Waiting>()
  let next = 1
  let ended = false
  const fail = (message: string): void => {
    ended = true
    for (const { reject } of waiting.values()) reject(new CustodyError('SIGNER_UNAVAILABLE', message))
    waiting.clear()
  }
  child.on('message', (message: unknown) => {
    const reply = message as Reply
    if (reply.kind === 'progress') {
      onProgress(reply.text)
      return
    }
    const open = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.kind === 'result') open?.resolve(reply.result)
    else open?.reject(toCustodyError(reply.error))
  })
  child.on('error', () => fail('The signer process could not be started.'))
  child.on('exit', (code, signal) =>
    fail(`The signer process ended (${signal ?? `status ${code}`}) before it answered.`),
  )
  return {
    call: (operation, params) =>
      new Promise((resolve, reject) => {
        if (ended) {
          reject(new CustodyError('SIGNER_UNAVAILABLE', 'The signer process has ended.'))
          return
        }
        const id = next++
        waiting.set(id, { resolve: (value) => resolve(value as Result<typeof operation>), reject })
        child.send({ id, operation, params })
      }),
    async close() {
      if (ended) return
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.disconnect()
      await exited
    },
  }
}
