import { readFile, writeFile } from 'node:fs/promises'

/**
 * Writes a generated file, or with `--check` on the command line compares it and ends with status 1 when
 * the file in the tree is not what the generator makes now.
 */
export async function writeOrCheck(path: URL, name: string, text: string): Promise<void> {
  if (!process.argv.includes('--check')) {
    await writeFile(path, text)
    process.stderr.write(`wrote ${name}\n`)
    return
  }
  const found = await readFile(path, 'utf8').catch(() => null)
  if (found === text) {
    process.stderr.write(`${name} is fresh\n`)
    return
  }
  process.stderr.write(`${name} ${found === null ? 'is missing' : 'is stale'}: run npm run generate\n`)
  process.exitCode = 1
}
