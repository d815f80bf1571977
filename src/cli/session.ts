import { homeDirectory } from '../config/home-directory.ts'
import { type SignerClient, startSigner } from '../service/local/client.ts'
import type { OperationName, Params, Result } from '../service/operations.ts'
import type { Io } from './io.ts'

/** One run of one command over one home. The signer starts at the first call and is stopped at the end. */
export interface Session {
  readonly io: Io
  readonly home: string
  readonly json: boolean
  readonly call: <N extends OperationName>(operation: N, params: Params<N>) => Promise<Result<N>>
  /** A line on stderr, for work that takes long. */
  readonly progress: (text: string) => void
  readonly close: () => Promise<void>
}

export function openSession(
  io: Io,
  flags: { readonly home?: string; readonly json?: boolean; readonly quiet?: boolean },
): Session {
  const home = homeDirectory(flags.home, io.env)
  const progress = (text: string): void => {
    if (flags.quiet !== true) io.err(`  … ${text}\n`)
  }
  let client: SignerClient | null = null
  return {
    io,
    home,
    json: flags.json === true,
    call(operation, params) {
      client ??= startSigner(home, progress)
      return client.call(operation, params)
    },
    progress,
    async close() {
      await client?.close()
    },
  }
}
