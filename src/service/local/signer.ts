import { CustodyError } from '../../errors.ts'
import { createOperations, type OperationName } from '../operations.ts'
import { describeError } from './fault.ts'
import { callSchema, type Reply } from './message.ts'

/**
 * The signer process: owns keys, database and log, answers calls of the door that started it, and ends with it.
 * The home directory is its only argument; secrets come in messages, never in argv or the environment.
 */
export function runSigner(directory: string): void {
  const send = (reply: Reply): void => {
    // The door may be gone between the two; its end is noticed by itself.
    if (process.connected) process.send?.(reply, undefined, undefined, () => {})
  }
  let current = 0
  const ending = new AbortController()
  const operations = createOperations(directory, (text) => send({ id: current, kind: 'progress', text }), ending.signal)
  let running = 0
  let leaving = false
  const leave = async (): Promise<void> => {
    leaving = true
    ending.abort()
    if (running > 0) return
    await operations.close()
    process.exit(0)
  }
  const end = (): Promise<void> => leave().catch(() => process.exit(1))
  process.on('message', (message: unknown) => {
    void (async () => {
      const call = callSchema.safeParse(message)
      if (!call.success) return
      const { id, operation, params } = call.data
      running += 1
      current = id
      try {
        if (!Object.hasOwn(operations.table, operation))
          throw new CustodyError('MESSAGE_INVALID', `There is no operation "${operation}".`)
        send({ id, kind: 'result', result: await operations.run(operation as OperationName, params) })
      } catch (error) {
        if (process.env['COFFER_DEBUG'] !== undefined && !(error instanceof CustodyError))
          process.stderr.write(`${String((error as Error).stack)}\n`)
        send({ id, kind: 'error', error: describeError(error) })
      } finally {
        running -= 1
        if (leaving) await end()
      }
    })()
  })
  // A step under way is finished first; only waiting is cut short when a terminal was closed.
  process.on('error', () => {})
  process.on('disconnect', () => void end())
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => void end())
}
