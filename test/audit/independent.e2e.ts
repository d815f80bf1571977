import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts'
import type { EntryInput } from '../../src/audit/entry.ts'
import { exportLines } from '../../src/audit/export.ts'
import { entryLeaf, type LogRow } from '../../src/audit/log.ts'
import { consistencyProof } from '../../src/audit/merkle.ts'
import { vkeyOf } from '../../src/audit/note.ts'
import { tlogProof } from '../../src/audit/proof.ts'
import { verifyAgainst, verifyEntries } from '../../src/audit/verify.ts'
import { CustodyError } from '../../src/errors.ts'
import { attacks, headOf, inputsOf, logOf, rewritten } from './sample-log.ts'

/** The Go checksum database's own code, which shares nothing with Coffer. */
const goModule = fileURLToPath(new URL('go', import.meta.url))
const key = { name: 'log.example/treasury', privateKey: new Uint8Array(32).fill(7) }
const origin = 'log.example/treasury'
const inputs = (count: number): EntryInput[] => {
  const data = fc.dictionary(
    fc.string({ unit: 'grapheme' }),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger()),
  )
  const all = fc.sample(data, { numRuns: count, seed: Number(process.env['FC_SEED'] ?? 20260101) })
  return all.map((one) => ({ type: 'signature.collected', actor: 'local:alice', data: one }))
}

let folder = ''
let logcheck = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-log-'))
  logcheck = join(folder, 'logcheck')
  try {
    execFileSync('go', ['build', '-o', logcheck, '.'], {
      cwd: goModule,
      env: { ...process.env, GOFLAGS: '-mod=mod' },
      stdio: 'pipe',
    })
  } catch (cause) {
    throw new Error(
      'The independent verifier needs Go 1.25 or newer (package golang-go, or https://go.dev/dl) and its module proxy.',
      { cause },
    )
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface GoReport {
  readonly size: number
  readonly proofs: number
  readonly older: boolean
  readonly error?: string
}

function judgeByGo(files: Readonly<Record<string, string>>): { status: number; report: GoReport } {
  const dir = mkdtempSync(join(folder, 'export-'))
  mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  try {
    return { status: 0, report: JSON.parse(execFileSync(logcheck, [dir], { encoding: 'utf8' })) as GoReport }
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string }
    return { status, report: JSON.parse(stdout) as GoReport }
  }
}

function judgeByCoffer(rows: readonly LogRow[], checkpoint: string): string {
  try {
    // From the texts alone, as a reader of the export would: its leaf column does not travel.
    const verified = verifyEntries(rows.map(({ text, seq }) => ({ seq, text, leaf: entryLeaf(text) })))
    verifyAgainst(
      [parseCheckpoint(checkpoint, vkeyOf(key)).head],
      rows.map(({ text }) => entryLeaf(text)),
    )
    return `verified ${verified.count}`
  } catch (error) {
    return error instanceof CustodyError ? error.code : String(error)
  }
}

const filesOf = (rows: readonly LogRow[], checkpoint: string): Record<string, string> => ({
  'entries.jsonl': [...exportLines(rows)].join(''),
  checkpoint,
  vkey: `${vkeyOf(key)}\n`,
})

describe('an exported log, judged by Go', () => {
  it.each([1, 2, 3, 7, 8, 9, 64, 100])('of %i random entries verifies with every proof', (size) => {
    const rows = logOf(inputs(size))
    const leaves = rows.map(({ leaf }) => leaf)
    const checkpoint = signCheckpoint(origin, headOf(rows), key)
    const files = filesOf(rows, checkpoint)
    const proven = [...new Set([0, Math.floor(size / 2), size - 1])]
    for (const seq of proven) files[`${seq}.tlog-proof`] = tlogProof(seq, leaves, checkpoint)
    const oldSize = Math.ceil(size / 3)
    files['older'] = signCheckpoint(origin, headOf(rows.slice(0, oldSize)), key)
    files['consistency'] = consistencyProof(oldSize, leaves)
      .map((hash) => Buffer.from(hash.slice(2), 'hex').toString('base64'))
      .join('\n')
    expect(judgeByGo(files)).toEqual({ status: 0, report: { size, proofs: proven.length, older: true } })
    expect(judgeByCoffer(rows, checkpoint)).toBe(`verified ${size}`)
  })
})

describe('G6 an exported log that was tampered with is refused by Go and by Coffer', () => {
  const rows = logOf(inputsOf(21))
  const checkpoint = signCheckpoint(origin, headOf(rows), key)
  const changes: Record<string, (at: number) => LogRow[]> = {
    ...Object.fromEntries(Object.entries(attacks).map(([name, attack]) => [name, (at: number) => attack(rows, at)])),
    'rewritten to its end': (at) => rewritten(rows, at),
    truncated: (at) => rows.slice(0, at),
  }
  const cases = Object.keys(changes).flatMap((name) => [0, 10, 20].map((at) => ({ name, at })))

  it.each(cases)('when an entry is $name at $at', ({ name, at }) => {
    const changed = (changes[name] as (at: number) => LogRow[])(at)
    const { status, report } = judgeByGo(filesOf(changed, checkpoint))
    expect(status).toBe(1)
    expect(report.error).toBeTruthy()
    expect(judgeByCoffer(changed, checkpoint)).toMatch(/^LOG_(?:ENTRY_INVALID|INCONSISTENT)$/)
  })

  it('when the checkpoint is signed by another key', () => {
    const forged = signCheckpoint(origin, headOf(rows), { ...key, privateKey: new Uint8Array(32).fill(8) })
    expect(judgeByGo(filesOf(rows, forged)).status).toBe(1)
    expect(judgeByCoffer(rows, forged)).toBe('CHECKPOINT_INVALID')
  })

  it('when an older checkpoint is of another past', () => {
    const files = filesOf(rows, checkpoint)
    files['older'] = signCheckpoint(origin, headOf(rewritten(rows, 0).slice(0, 5)), key)
    files['consistency'] = consistencyProof(
      5,
      rows.map(({ leaf }) => leaf),
    )
      .map((hash) => Buffer.from(hash.slice(2), 'hex').toString('base64'))
      .join('\n')
    expect(judgeByGo(files).report.error).toMatch(/^consistency: /)
  })

  it('when a proof is of another entry', () => {
    const files = filesOf(rows, checkpoint)
    files['5.tlog-proof'] = tlogProof(
      5,
      rows.map(({ leaf }) => leaf),
      checkpoint,
    ).replace('index 5', 'index 6')
    expect(judgeByGo(files).report.error).toMatch(/^5\.tlog-proof: /)
  })
})
