import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('../../', import.meta.url).pathname

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A copy of what the launcher needs, with a program that prints its arguments in the place of Coffer and an
 * npm that records each call and takes a moment, so that no test here installs anything for real.
 */
export interface Clone {
  readonly folder: string
  /** Lines `<npm arguments> under <node version>`, in order. */
  npmCalls(): Promise<string[]>
  run(
    args?: readonly string[],
    options?: { readonly command?: string; readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
  ): Promise<Ended>
  remove(): Promise<void>
}

export interface Machine {
  /** The version of the `node` on PATH; null for a machine without any. */
  readonly node: '24' | '20' | null
  readonly npm: boolean
}

const NPM = `#!/bin/sh
printf '%s under %s\\n' "$*" "$(node --version 2>/dev/null)" >>"$NPM_CALLS"
echo 'words of npm on stdout'
if [ -f "$NPM_CALLS.fail" ]; then exit 1; fi
sleep 1
if [ -f package-lock.json ] && grep -q coffer-runtime package.json; then
  mkdir -p node_modules/node-test/bin
  ln -s "$REAL_NODE" node_modules/node-test/bin/node
else
  rm -rf node_modules
  mkdir -p node_modules
fi
`

export async function makeClone(machine: Machine): Promise<Clone> {
  const base = await mkdtemp(join(tmpdir(), 'coffer launcher '))
  const folder = join(base, 'clone')
  const bin = join(base, 'bin')
  const calls = join(base, 'npm-calls')
  await mkdir(join(folder, 'src'), { recursive: true })
  await mkdir(bin)
  for (const part of ['coffer', 'package.json', 'package-lock.json', 'scripts']) {
    await cp(join(root, part), join(folder, part), { recursive: true })
  }
  await writeFile(
    join(folder, 'src/main.ts'),
    'console.log(JSON.stringify({ args: process.argv.slice(2), node: process.version }))\n',
  )

  for (const tool of [
    'sh',
    'dirname',
    'readlink',
    'uname',
    'cat',
    'cmp',
    'mkdir',
    'ln',
    'rm',
    'mv',
    'cp',
    'date',
    'sleep',
    'ls',
    'grep',
  ]) {
    const found = [`/bin/${tool}`, `/usr/bin/${tool}`]
    await writeFile(
      join(bin, tool),
      `#!/bin/sh\nif [ -x ${found[0] as string} ]; then exec ${found[0] as string} "$@"; fi\nexec ${found[1] as string} "$@"\n`,
    )
    await chmod(join(bin, tool), 0o755)
  }
  if (machine.node === '24') await symlink(process.execPath, join(bin, 'node'))
  if (machine.node === '20') {
    await writeFile(join(bin, 'node'), '#!/bin/sh\necho v20.20.2\n')
    await chmod(join(bin, 'node'), 0o755)
  }
  if (machine.npm) {
    await writeFile(join(bin, 'npm'), NPM)
    await chmod(join(bin, 'npm'), 0o755)
  }

  return {
    folder,
    async npmCalls() {
      const text = await readFile(calls, 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    run(args = [], { command = join(folder, 'coffer'), cwd = base, env = {} } = {}) {
      return new Promise((resolve, reject) => {
        const child = spawn(command, args, {
          cwd,
          env: { PATH: bin, HOME: base, NPM_CALLS: calls, REAL_NODE: process.execPath, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let stdout = ''
        let stderr = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
        child.on('error', reject)
        child.on('close', (code) => {
          resolve({ code: code ?? -1, stdout, stderr })
        })
      })
    },
    remove: () => rm(base, { recursive: true, force: true }),
  }
}
