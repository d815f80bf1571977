import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clone, type Machine, makeClone } from './clone.ts'

const NODE_24: Machine = { node: '24', npm: true }
const NODE_20: Machine = { node: '20', npm: true }

let clone: Clone | undefined
async function machine(kind: Machine): Promise<Clone> {
  clone = await makeClone(kind)
  return clone
}
afterEach(async () => {
  await clone?.remove()
  clone = undefined
})

const installs = async (of: Clone): Promise<number> =>
  (await of.npmCalls()).filter((call) => call.startsWith('ci ')).length

describe('when a fresh clone runs on a machine with Node 24', () => {
  it('installs once, and the second run starts without npm', async () => {
    const coffer = await machine(NODE_24)
    const first = await coffer.run(['demo', '--json'])
    expect(first).toMatchObject({ code: 0 })
    expect(await coffer.npmCalls()).toHaveLength(1)
    const second = await coffer.run(['demo', '--json'])
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(await coffer.npmCalls()).toHaveLength(1)
  })

  it('keeps stdout for the command alone, whatever npm prints', async () => {
    const coffer = await machine(NODE_24)
    const { stdout, stderr } = await coffer.run(['demo', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ args: ['demo', '--json'] })
    expect(stderr).toContain('words of npm on stdout')
    expect(stderr).toContain('installing the dependencies')
  })

  it('passes arguments on byte for byte', async () => {
    const coffer = await machine(NODE_24)
    const args = ['a b', '', '$HOME', "it's", '*', '--memo=ü\n2']
    const { stdout } = await coffer.run(args)
    expect((JSON.parse(stdout) as { args: string[] }).args).toEqual(args)
  })

  it('installs again when one byte of the lockfile changed', async () => {
    const coffer = await machine(NODE_24)
    await coffer.run()
    await appendFile(join(coffer.folder, 'package-lock.json'), '\n')
    await coffer.run()
    expect(await coffer.npmCalls()).toHaveLength(2)
    await coffer.run()
    expect(await coffer.npmCalls()).toHaveLength(2)
  })

  it('installs again when somebody removed node_modules', async () => {
    const coffer = await machine(NODE_24)
    await coffer.run()
    await rm(join(coffer.folder, 'node_modules'), { recursive: true })
    expect(await coffer.run()).toMatchObject({ code: 0 })
    expect(await coffer.npmCalls()).toHaveLength(2)
  })

  it('works through two symbolic links, one of them relative, from another folder', async () => {
    const coffer = await machine(NODE_24)
    const links = join(coffer.folder, '..', 'links')
    await mkdir(links)
    await symlink('../clone/coffer', join(links, 'relative'))
    await symlink(join(links, 'relative'), join(links, 'absolute'))
    const { code, stdout } = await coffer.run(['list'], { command: join(links, 'absolute'), cwd: '/' })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ args: ['list'] })
  })
})

describe('when four first runs start at the same time', () => {
  it('installs once and all four succeed', async () => {
    const coffer = await machine(NODE_24)
    const ended = await Promise.all([1, 2, 3, 4].map((n) => coffer.run([String(n)])))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(await installs(coffer)).toBe(1)
  })

  it('replaces a holder of the lock that was killed, exactly once', async () => {
    const coffer = await machine(NODE_24)
    await mkdir(join(coffer.folder, '.tools'))
    // No process has this number: it is above the largest that Linux gives out.
    await symlink('99999999-1', join(coffer.folder, '.tools/install.lock'))
    const ended = await Promise.all([1, 2, 3].map((n) => coffer.run([String(n)])))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await installs(coffer)).toBe(1)
  })
})

describe('when the installation fails', () => {
  it('ends with status 1 and one JSON document, and the next run tries again', async () => {
    const coffer = await machine(NODE_24)
    const failing = join(coffer.folder, '..', 'npm-calls.fail')
    await writeFile(failing, '')
    const failed = await coffer.run(['demo', '--json'])
    expect(failed.code).toBe(1)
    const document = JSON.parse(failed.stdout) as { error: { code: string; message: string; next: string } }
    expect(document.error.code).toBe('DEPENDENCY_MISSING')
    expect(failed.stderr).toContain(document.error.message)
    await rm(failing)
    expect(await coffer.run(['demo'])).toMatchObject({ code: 0 })
    expect(await coffer.npmCalls()).toHaveLength(2)
  })

  it('prints nothing on stdout without --json', async () => {
    const coffer = await machine(NODE_24)
    await writeFile(join(coffer.folder, '..', 'npm-calls.fail'), '')
    expect(await coffer.run(['demo'])).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('when the machine has Node 20 only', () => {
  it('fetches the pinned Node without install scripts, then installs and runs under it', async () => {
    const coffer = await machine(NODE_20)
    const { code, stdout } = await coffer.run(['demo'])
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as { node: string }).node).toBe(process.version)
    const [fetched, installed, ...more] = await coffer.npmCalls()
    expect(fetched).toMatch(/^ci --ignore-scripts .*under v20\.20\.2$/)
    expect(installed).toMatch(new RegExp(`^ci .*under ${process.version}$`))
    expect(more).toEqual([])
  })

  it('does not fetch it twice', async () => {
    const coffer = await machine(NODE_20)
    await coffer.run()
    await appendFile(join(coffer.folder, 'package-lock.json'), '\n')
    await coffer.run()
    const calls = await coffer.npmCalls()
    expect(calls.filter((call) => call.includes('--ignore-scripts'))).toHaveLength(1)
    expect(calls).toHaveLength(3)
  })

  it('says so when the registry does not give it one', async () => {
    const coffer = await machine(NODE_20)
    await writeFile(join(coffer.folder, '..', 'npm-calls.fail'), '')
    const { code, stdout, stderr } = await coffer.run(['demo'])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('Node 24 could not be fetched')
  })
})

describe('when something is absent', () => {
  it('without Node and npm names Node.js 24', async () => {
    const coffer = await machine({ node: null, npm: false })
    const { code, stderr } = await coffer.run(['demo'])
    expect(code).toBe(1)
    expect(stderr).toContain('Install Node.js 24')
  })

  it('with Node 24 but without npm names npm', async () => {
    const coffer = await machine({ node: '24', npm: false })
    const { code, stderr } = await coffer.run(['demo'])
    expect(code).toBe(1)
    expect(stderr).toContain('There is no npm')
  })

  it('leaves no lock behind after a failure', async () => {
    const coffer = await machine({ node: '24', npm: false })
    await coffer.run()
    await expect(readFile(join(coffer.folder, '.tools/install.lock'))).rejects.toThrow('ENOENT')
  })
})
