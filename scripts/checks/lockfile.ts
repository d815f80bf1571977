/**
 * Holds the lockfiles to what `npm ci` elsewhere needs: an integrity hash for every package, no address of a
 * registry, an entry for every optional platform package, and install scripts only where they are allowed.
 */
import { readFile } from 'node:fs/promises'

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly inBundle?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const root = new URL('../../', import.meta.url)
const problems: string[] = []

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(new URL(path, root), 'utf8')) as T
}

/** Whether `name`, required from the package at `path`, has an entry where Node would look for it. */
function reachable(packages: Readonly<Record<string, Locked>>, path: string, name: string): boolean {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    if (packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`] !== undefined) return true
    if (from === '') return false
  }
}

const { allowScripts } = await json<{ allowScripts: Record<string, boolean> }>('package.json')

for (const [file, allowed] of [
  ['package-lock.json', Object.keys(allowScripts).sort()],
  ['scripts/runtime/package-lock.json', []],
] as const) {
  const { packages } = await json<{ packages: Readonly<Record<string, Locked>> }>(file)
  const scripts = new Set<string>()
  for (const [path, locked] of Object.entries(packages)) {
    if (locked.resolved !== undefined) problems.push(`${file}: ${path} names where it was fetched from`)
    if (path !== '' && locked.integrity === undefined && locked.inBundle !== true)
      problems.push(`${file}: ${path} has no integrity hash`)
    if (locked.hasInstallScript === true)
      scripts.add(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    for (const name of Object.keys(locked.optionalDependencies ?? {})) {
      if (!reachable(packages, path, name))
        problems.push(`${file}: ${name}, optional for ${path || 'the project'}, has no entry`)
    }
  }
  const found = [...scripts].sort()
  if (found.join() !== allowed.join()) {
    problems.push(
      `${file}: packages with install scripts are [${found.join(', ')}], allowed are [${allowed.join(', ')}]`,
    )
  }
}

for (const problem of problems) process.stdout.write(`${problem}\n`)
if (problems.length === 0) process.stdout.write('lockfiles are complete\n')
process.exitCode = problems.length === 0 ? 0 : 1
