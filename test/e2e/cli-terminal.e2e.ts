import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HomeState, stateOf } from '../cli/home-state.ts'
import { copyHome, PIN, type Prepared, prepareHome } from '../cli/prepared-home.ts'
import { mainFile, wideLines } from '../cli/run-coffer.ts'

// A person at a terminal: a real pseudo-terminal, a real program, keys pressed one prompt after another.

const typist = fileURLToPath(new URL('../cli/at-terminal.py', import.meta.url))
const ENTER = '\r'
const CONTROL_C = '\u0003'

let prepared: Prepared
let folder: string
let homes = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-terminal-'))
  prepared = await prepareHome()
})
afterAll(async () => {
  await prepared.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Session {
  readonly status: number
  /** What stood on the screen, line by line. */
  readonly screen: string
  readonly before: HomeState
  readonly after: HomeState
}

/** Runs a command over a fresh copy of the home; each pair is what to wait for and what to type then. */
async function atTerminal(args: readonly string[], plan: readonly (readonly [string, string])[]): Promise<Session> {
  const home = join(folder, `home-${homes++}`)
  copyHome(prepared.home, home)
  const before = await stateOf(home, prepared)
  const shown = await new Promise<string>((resolve, reject) => {
    execFile(
      'python3',
      [typist, JSON.stringify(plan), process.execPath, mainFile, ...args],
      { encoding: 'utf8', env: { ...process.env, COFFER_HOME: home, TERM: 'xterm' }, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout) =>
        error === null
          ? resolve(stdout)
          : reject(new Error(`the terminal session failed: ${error.message}\n${stdout}`)),
    )
  })
  const lines = shown.trimEnd().split(/\r*\n/)
  return {
    status: Number(lines.at(-1)),
    screen: lines.slice(0, -1).join('\n'),
    before,
    after: await stateOf(home, prepared),
  }
}

const approve = (): readonly string[] => ['approve', prepared.ids.open, '--key', 'carol']
const lastSix = (): string => prepared.digests.open.slice(-6)
const ASKED_DIGEST = 'last 6 characters to approve: '
const ASKED_PIN = 'PIN of key carol: '

describe('when a person approves at a terminal', () => {
  it('G3 shows the review, takes the last characters of the digest and the PIN, and echoes no PIN', async () => {
    const { status, screen, before, after } = await atTerminal(approve(), [
      [ASKED_DIGEST, lastSix() + ENTER],
      [ASKED_PIN, PIN + ENTER],
    ])
    expect(status).toBe(0)
    const review = screen.slice(0, screen.indexOf(ASKED_DIGEST))
    for (const words of [
      `REVIEW OF ${prepared.ids.open}`,
      '300.00 USDC',
      'acme-supplies',
      prepared.digests.open,
      'ENFORCED BY COFFER ONLY',
    ])
      expect(review).toContain(words)
    expect(screen.indexOf(ASKED_PIN)).toBeGreaterThan(screen.indexOf(ASKED_DIGEST))
    expect(screen).toMatch(/Signatures +1 of 2/)
    expect(screen).not.toContain(PIN)
    expect(wideLines(review)).toEqual([])
    const signed = (state: HomeState) =>
      (state.tables['signatures'] as { owner: string; signature: string | null }[]).filter(
        ({ owner }) => owner === prepared.keys.carol.address,
      )
    expect(signed(before)).toEqual([])
    expect(signed(after)).toEqual([expect.objectContaining({ signature: expect.stringMatching(/^0x[0-9a-f]{130}$/) })])
    expect(after.log.slice(before.log.length)).toEqual([
      'approval.intended',
      'approval.given',
      'signature.intended',
      'signature.made',
    ])
  })

  it('accepts the characters in capitals', async () => {
    const { status } = await atTerminal(approve(), [
      [ASKED_DIGEST, lastSix().toUpperCase() + ENTER],
      [ASKED_PIN, PIN + ENTER],
    ])
    expect(status).toBe(0)
  })
})

describe('when a person does not approve', () => {
  it.each([
    ['types other characters', () => '000000' + ENTER],
    ['just presses enter', () => ENTER],
    ['types the first characters instead', () => prepared.digests.open.slice(2, 8) + ENTER],
    ['types y', () => 'y' + ENTER],
  ])('and %s: nothing is approved and no PIN is asked for', async (_, typed) => {
    const { status, screen, before, after } = await atTerminal(approve(), [[ASKED_DIGEST, typed()]])
    expect(status).toBe(3)
    expect(screen).toContain('APPROVAL_DIGEST')
    expect(screen).not.toContain(ASKED_PIN)
    expect(after).toEqual(before)
  })

  it('and interrupts at the PIN: nothing is approved and the terminal is given back', async () => {
    const { status, screen, before, after } = await atTerminal(approve(), [
      [ASKED_DIGEST, lastSix() + ENTER],
      [ASKED_PIN, CONTROL_C],
    ])
    expect(status).toBe(2)
    expect(screen).toContain('INPUT_REQUIRED')
    expect(after).toEqual(before)
  })

  it('and types a wrong PIN: nothing is approved and the PIN is not echoed', async () => {
    const { status, screen, before, after } = await atTerminal(approve(), [
      [ASKED_DIGEST, lastSix() + ENTER],
      [ASKED_PIN, 'another-pin-9' + ENTER],
    ])
    expect(status).toBe(2)
    expect(screen).toContain('TOKEN_PIN')
    expect(screen).not.toContain('another-pin-9')
    expect(after).toEqual(before)
  })
})

describe('when a person makes a key at a terminal', () => {
  it('refuses two entries that differ, and shows neither', async () => {
    const { status, screen, before, after } = await atTerminal(
      ['key', 'generate', 'dave'],
      [
        ['Passphrase of key dave: ', `a long passphrase to begin with${ENTER}`],
        ['Again: ', `a long passphrase to end with${ENTER}`],
      ],
    )
    expect(status).toBe(2)
    expect(screen).toContain('PASSPHRASE_WRONG')
    expect(screen).not.toContain('a long passphrase')
    expect(after).toEqual(before)
  })
})
