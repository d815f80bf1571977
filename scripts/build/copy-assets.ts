/**
 * Copies what the compiler leaves behind (JSON, and later the pages of the console) from src to dist, and
 * checks that the command of the package can be started by its first line.
 */
import { chmod, copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const root = new URL('../../', import.meta.url).pathname

for (const entry of await readdir(`${root}src`, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.ts') || entry.name.endsWith('.md')) continue
  const from = `${entry.parentPath}/${entry.name}`
  const to = from.replace(`${root}src`, `${root}dist`)
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to)
}

const command = `${root}dist/main.js`
if (!(await readFile(command, 'utf8')).startsWith('#!/usr/bin/env node\n')) {
  process.stderr.write('dist/main.js does not start with #!/usr/bin/env node: add it to src/main.ts\n')
  process.exitCode = 1
}
await chmod(command, 0o755)
