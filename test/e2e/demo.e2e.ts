import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopLocalChain } from '../../src/chain/local/node.ts'
import { documentOf, runCoffer, wideLines } from '../cli/run-coffer.ts'

// What a newcomer runs first.

// Loaded before the program: a machine on which no SoftHSM library lies in any of its usual places.
const WITHOUT_SOFTHSM = `--import data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  const { existsSync } = fs
  fs.existsSync = (path) => !/softhsm/i.test(String(path)) && existsSync(path)
  syncBuiltinESMExports()
`)}`

const ATTACKS = ['DELEGATECALL_DENIED', 'LIMIT_PER_TRANSACTION', 'REQUEST_ALTERED', 'FEE_CAP', 'SIGNER_NOT_OWNER']

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-demo-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every run of the demo gets a temporary folder and a mark in its environment by which its processes are known. */
function demo(name: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const temporary = join(folder, name)
  mkdirSync(temporary)
  return runCoffer(['demo', ...flags], { home: join(folder, 'no-home'), env: { TMPDIR: temporary, ...env } })
}

/** Processes that still run with the temporary folder of a demo in their environment. */
function processesOf(name: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .includes(`TMPDIR=${join(folder, name)}`)
      )
    } catch {
      return false
    }
  })
}

describe('when the demo runs with --json', () => {
  it('prints one document with the payment, the refused attacks and the log, and leaves nothing behind', async () => {
    const ran = await demo('json', ['--json'])
    const result = documentOf(ran)
    expect(ran.status).toBe(0)
    expect(result.safe).toMatchObject({
      version: '1.5.0',
      threshold: 2,
      chainId: 31337,
      address: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/),
    })
    expect(result.safe.owners).toHaveLength(3)
    expect(result.steps.map(({ step }: { step: string }) => step)).toEqual(['propose', 'approve', 'approve', 'execute'])
    const { executed, before, after } = result.steps[3]
    expect(BigInt(before.treasuryUsdc) - BigInt(after.treasuryUsdc)).toBe(12_500_000_000n)
    expect(BigInt(after.vendorUsdc) - BigInt(before.vendorUsdc)).toBe(12_500_000_000n)
    expect(BigInt(before.payerEth) - BigInt(after.payerEth)).toBe(BigInt(executed.fee))
    expect(after.treasuryEth).toBe(before.treasuryEth)
    expect(BigInt(executed.fee)).toBeLessThanOrEqual(BigInt(executed.worstCaseCost))
    expect(BigInt(executed.worstCaseCost)).toBeLessThanOrEqual(BigInt(executed.caps.maxCostPerTransaction))
    expect(result.refused.map(({ code }: { code: string }) => code)).toEqual(ATTACKS)
    expect(result.log).toMatchObject({ verified: true, root: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
    expect(result.log.size).toBeGreaterThan(20)
    expect(result.kept).toBeNull()
    expect(processesOf('json')).toEqual([])
    expect(readdirSync(join(folder, 'json'))).toEqual([])
    expect(existsSync(join(folder, 'no-home'))).toBe(false)
  })
})

describe('when the demo runs with Safe 1.4.1', () => {
  it('tells the same story as text that fits a terminal', async () => {
    const ran = await demo('text', ['--safe-version', '1.4.1', '--quiet'])
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' })
    expect(ran.stdout).toContain('version 1.4.1')
    expect(ran.stdout).toContain('12,500.00 USDC')
    expect(ran.stdout).toContain('ExecutionSuccess')
    for (const code of ATTACKS) expect(ran.stdout).toContain(`REFUSED ${code}: `)
    expect(ran.stdout).toMatch(/The log verifies: \d+ entries/)
    expect(wideLines(ran.stdout)).toEqual([])
    expect(processesOf('text')).toEqual([])
    expect(readdirSync(join(folder, 'text'))).toEqual([])
  })
})

describe('when the demo runs with --keep', () => {
  it('leaves a chain and a home with which the commands work', async () => {
    const ran = await demo('keep', ['--keep', '--json'])
    const { kept, log } = documentOf(ran)
    try {
      expect(ran.status).toBe(0)
      const home = kept.home as string
      const run = async (...args: readonly string[]) => documentOf(await runCoffer([...args, '--json'], { home }))
      expect((await run('log', 'verify')).size).toBeGreaterThanOrEqual(log.size)
      const done = await run('execute', kept.openRequest, '--passphrase-file', kept.passphraseFile)
      expect(done).toMatchObject({ success: true, outside: false })
      expect((await run('treasury', 'show', 'ops')).account.nonce).toBe('2')
      expect(processesOf('keep')).toEqual([String(kept.pid)])
    } finally {
      await stopLocalChain(kept.pid as number)
      rmSync(kept.home as string, { recursive: true, force: true })
    }
    expect(processesOf('keep')).toEqual([])
    expect(readdirSync(join(folder, 'keep'))).toEqual([])
  })
})

describe('when the demo is asked for what it cannot do', () => {
  it('refuses another Safe version with USAGE before it starts anything', async () => {
    const ran = await demo('version', ['--safe-version', '1.3.0', '--json'])
    expect(ran.status).toBe(2)
    expect(documentOf(ran).error.code).toBe('USAGE')
    expect(readdirSync(join(folder, 'version'))).toEqual([])
  })

  it('names the package that --hsm needs, where it is absent, before it starts anything', async () => {
    const ran = await demo('hsm', ['--hsm', '--json'], { NODE_OPTIONS: WITHOUT_SOFTHSM })
    const { error } = documentOf(ran)
    expect({ status: ran.status, code: error.code }).toEqual({ status: 1, code: 'DEPENDENCY_MISSING' })
    expect(error.next).toContain('softhsm2')
    expect(readdirSync(join(folder, 'hsm'))).toEqual([])
  })
})
