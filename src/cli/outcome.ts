import { CustodyError } from '../errors.ts'
import { toJsonText } from '../primitives/json.ts'
import { describeError } from '../service/local/fault.ts'
import type { Io } from './io.ts'
import { wrap } from './text/wrap.ts'

/** What a command gives back: a document for `--json`, and the same for people. */
export interface Outcome {
  readonly json: unknown
  readonly text: string
}

/** 0 done · 1 fault · 2 bad input or usage · 3 refused. */
export type Exit = 0 | 1 | 2 | 3

/** Exactly one JSON document on stdout with `--json`, also on failure; else text, and errors on stderr. */
export async function report(io: Io, json: boolean, work: () => Promise<Outcome>): Promise<Exit> {
  try {
    const outcome = await work()
    io.out(json ? `${toJsonText(outcome.json, 2)}\n` : outcome.text === '' ? '' : `${outcome.text}\n`)
    return 0
  } catch (error) {
    const described = describeError(error)
    if (json) io.out(`${toJsonText({ error: described }, 2)}\n`)
    else io.err(`${renderError(described, io.width)}\n`)
    return error instanceof CustodyError ? error.exit : 1
  }
}

export function renderError(
  error: { readonly code: string; readonly message: string; readonly next: string },
  width: number,
): string {
  return [wrap(`${error.code}: ${error.message}`, width), wrap(`What to do: ${error.next}`, width)].join('\n')
}
