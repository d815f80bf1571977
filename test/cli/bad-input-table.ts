import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { catalogue, type ErrorCode } from '../../src/errors.ts'
import { createOperations, type Operations } from '../../src/service/operations.ts'
import { capturedIo } from './captured-io.ts'
import { stateOf } from './home-state.ts'
import { copyHome, PASSPHRASE, PIN, type Prepared, prepareHome, VENDOR } from './prepared-home.ts'
import { type Ran, runCoffer, wideLines } from './run-coffer.ts'

/** Where one row plays: a home of its own, on the chain that all rows share. */
export interface Place {
  readonly prepared: Prepared
  readonly home: string
  /** A file with the PIN of every token key. */
  readonly pin: string
  file(name: string, content: string | Uint8Array, mode?: number): string
  /** Does something to the home by right, before the row begins. */
  use<T>(work: (operations: Operations) => Promise<T>): Promise<T>
}

/** One bad input: what is done, and what must come of it. */
export interface Row {
  readonly name: string
  readonly code: ErrorCode
  readonly exit: 1 | 2 | 3
  readonly args: (place: Place) => readonly string[]
  /** Runs before the state is looked at; what it gives back runs after the row. */
  readonly given?: (place: Place) => unknown
  /** Seconds that the clock is wrong by. */
  readonly clock?: number
  /** Words that the message must have, where the code alone would not tell this row from others. */
  readonly says?: RegExp
  /** A process of its own, with this put before it in the shell or into its environment. */
  readonly real?: { readonly shell?: string; readonly env?: NodeJS.ProcessEnv }
  /** Types of entries that the row adds to the log; none unless said. */
  readonly records?: readonly string[]
  /** Slow rows are run with `--json` only. */
  readonly once?: true
}

export const transfer =
  (...changes: readonly string[]): Row['args'] =>
  () => {
    const flags = new Map([
      ['--treasury', 'ops'],
      ['--asset', 'USDC'],
      ['--to', VENDOR],
      ['--amount', '1.00'],
    ])
    for (let i = 0; i < changes.length; i += 2) flags.set(changes[i] as string, changes[i + 1] as string)
    // With = so that a value may begin with a dash.
    return ['propose', 'transfer', ...[...flags].map(([flag, value]) => `${flag}=${value}`)]
  }

let prepared: Prepared
let folder: string
let rowNumber = 0

/** One prepared home for all tables of a file; call it before the first. */
export function sharePreparedHome(): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coffer-bad-input-'))
    prepared = await prepareHome()
  })
  afterAll(async () => {
    await prepared.close()
    rmSync(folder, { recursive: true, force: true })
  })
}

/** Registers the rows as tests; each gets a copy of the prepared home. */
export function badInputTable(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows.map((row) => ({ ...row, index: rowNumber++ })))(
      '$name: $code, exit $exit, nothing changed',
      async (row) => {
        const place = placeAt(join(folder, String(row.index)), prepared)
        const undo = await row.given?.(place)
        try {
          const before = await stateOf(place.home, prepared)
          const json = await run(row, place, ['--json'])
          assertDocument(json, row)
          if (row.once !== true) assertText(await run(row, place, []), row)
          const after = await stateOf(place.home, prepared)
          const { log, ...rest } = after
          const { log: logBefore, ...restBefore } = before
          expect(rest).toEqual(restBefore)
          expect(log.slice(0, logBefore.length)).toEqual(logBefore)
          expect(log.slice(logBefore.length)).toEqual([
            ...(row.records ?? []),
            ...(row.once === true ? [] : (row.records ?? [])),
          ])
        } finally {
          prepared.rpc.honest()
          if (typeof undo === 'function') await (undo as () => unknown)()
        }
      },
    )
  })
}

function placeAt(folder: string, prepared: Prepared): Place {
  const home = join(folder, 'home')
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  copyHome(prepared.home, home)
  const file: Place['file'] = (name, content, mode = 0o600) => {
    const path = join(files, name)
    writeFileSync(path, content, { mode })
    return path
  }
  return {
    prepared,
    home,
    file,
    pin: file('pin', `${PIN}\n`),
    async use(work) {
      const operations = createOperations(home, () => {})
      try {
        return await work(operations)
      } finally {
        await operations.close()
      }
    },
  }
}

async function run(row: Row, place: Place, more: readonly string[]): Promise<Ran> {
  const given = row.args(place)
  const end = given.includes('--') ? given.indexOf('--') : given.length
  const args = [...given.slice(0, end), ...more, ...given.slice(end)]
  if (row.real !== undefined) return runCoffer(args, { home: place.home, ...row.real })
  const io = capturedIo({ COFFER_HOME: place.home })
  const shift = row.clock ?? 0
  const now = Date.now
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + shift * 1000)
  try {
    const status = await runProgram(args, io)
    return { status, stdout: io.stdout(), stderr: io.stderr() }
  } finally {
    clock.mockRestore()
  }
}

function assertDocument({ status, stdout, stderr }: Ran, row: Row): void {
  const { error, ...others } = JSON.parse(stdout) as { error: { code: string; message: string; next: string } }
  expect({ code: error.code, message: error.message }).toEqual({ code: row.code, message: expect.any(String) })
  expect(status).toBe(row.exit)
  expect(catalogue[row.code].exit).toBe(row.exit)
  expect(others).toEqual({})
  expect(error.next.length).toBeGreaterThan(5)
  expect(error.message.length).toBeLessThan(700)
  if (row.says !== undefined) expect(error.message).toMatch(row.says)
  assertQuiet(stdout + stderr)
}

function assertText({ status, stdout, stderr }: Ran, row: Row): void {
  expect(stderr.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^${row.code}: `)))
  expect(stderr).toMatch(/^What to do: /m)
  expect({ status, stdout }).toEqual({ status: row.exit, stdout: '' })
  expect(wideLines(stderr)).toEqual([])
  assertQuiet(stderr)
}

/** Neither a stack trace nor a secret, whatever went wrong. */
function assertQuiet(text: string): void {
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+/m)
  for (const secret of [PIN, PASSPHRASE]) expect(text).not.toContain(secret)
}

/** The bytes of a file of the home, changed and put back. */
export function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}
