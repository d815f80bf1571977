import { spawn } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url).pathname

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program under the Node of this test, with a home of its own and nothing of this repository; what the
 * machine says about its network (registry, proxy, certificates) stays.
 */
function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(npm_(?!config_)|NODE_(ENV|OPTIONS|PATH)$|VITEST|COFFER_)/.test(name),
    )
    const env = {
      ...Object.fromEntries(inherited),
      PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      COFFER_HOME: join(cwd, 'home'),
    }
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr })
    })
  })
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await run(command, args, cwd)
  expect(ended.code, `${command} ${args.join(' ')}\n${ended.stderr.slice(-4000)}`).toBe(0)
  return ended
}

describe('the packed package, installed in an empty folder elsewhere', () => {
  let elsewhere = ''
  let files: string[] = []
  const installed = (path: string): string => join(elsewhere, 'node_modules/coffer-custody', path)
  const coffer = (): string => join(elsewhere, 'node_modules/.bin/coffer')

  beforeAll(async () => {
    elsewhere = await mkdtemp(join(tmpdir(), 'coffer-packed-'))
    const { stdout } = await succeed('npm', ['pack', '--json', '--pack-destination', elsewhere], root)
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
    files = packed.files.map(({ path }) => path)
    await writeFile(
      join(elsewhere, 'package.json'),
      '{"private":true,"allowScripts":{"pkcs11js":true,"esbuild":true}}\n',
    )
    await succeed('npm', ['install', '--no-audit', '--no-fund', join(elsewhere, packed.filename)], elsewhere)
  }, 600_000)

  afterAll(() => rm(elsewhere, { recursive: true, force: true }))

  it('holds compiled code, licence and readme, and neither sources nor tests', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'package.json',
        'dist/main.js',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/chain/local/contracts.json',
      ]),
    )
    expect(
      files.filter((path) => !/^(dist\/|LICENSE$|package\.json$|README\.md$|CHANGELOG\.md$|SECURITY\.md$)/.test(path)),
    ).toEqual([])
    expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([])
  })

  it('brings no development dependency along', async () => {
    for (const name of ['vitest', 'typescript', 'solc', 'fast-check', 'eslint', 'node']) {
      await expect(access(join(elsewhere, 'node_modules', name)), name).rejects.toThrow('ENOENT')
    }
  })

  it('prints its own version', async () => {
    const { version } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as { version: string }
    const { stdout } = await succeed(coffer(), ['--version'], elsewhere)
    expect(stdout.trim()).toBe(version)
  })

  it('can be imported as a library', async () => {
    const script = "import('coffer-custody').then((library) => console.log(Object.keys(library).length))"
    const { stdout } = await succeed('node', ['-e', script], elsewhere)
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  it('runs the demo: a payment made, the attacks refused, the log verified', async () => {
    const { stdout } = await succeed(coffer(), ['demo', '--json'], elsewhere)
    const document = JSON.parse(stdout) as {
      safe: unknown
      steps: unknown[]
      refused: { attack: string; code: string }[]
      log: { size: number; root: string; verified: boolean }
    }
    expect(document.safe).toBeTruthy()
    expect(document.steps.length).toBeGreaterThan(0)
    expect(document.refused.length).toBeGreaterThanOrEqual(5)
    expect(document.refused.map(({ code }) => code)).toContain('DELEGATECALL_DENIED')
    for (const { attack, code } of document.refused) {
      expect(attack).not.toBe('')
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/)
    }
    expect(document.log.verified).toBe(true)
    expect(document.log.size).toBeGreaterThan(0)
  }, 180_000)
})
