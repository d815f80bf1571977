/** Writes docs/errors.md from the catalogue in src/errors.ts; its section comments become the headings. */
import { readFile } from 'node:fs/promises'
import { catalogue, type ErrorCode } from '../../src/errors.ts'
import { writeOrCheck } from './generated-file.ts'

const OUTPUT = 'docs/errors.md'
const root = new URL('../../', import.meta.url)
const source = await readFile(new URL('src/errors.ts', root), 'utf8')

/** The codes in their order, under the comment that stands above them. */
function sections(): Map<string, ErrorCode[]> {
  const found = new Map<string, ErrorCode[]>()
  let current: ErrorCode[] | undefined
  let open = false
  for (const line of source.split('\n')) {
    if (line.startsWith('export const catalogue = {')) open = true
    else if (line.startsWith('} as const satisfies')) open = false
    if (!open) continue
    const heading = /^ {2}\/\/ (.+)$/.exec(line)
    if (heading !== null) found.set(heading[1] as string, (current = []))
    const code = /^ {2}([A-Z][A-Z0-9_]*): entry\(/.exec(line)
    if (code !== null) current?.push(code[1] as ErrorCode)
  }
  const listed = [...found.values()].flat()
  const missing = Object.keys(catalogue).filter((code) => !listed.includes(code as ErrorCode))
  if (missing.length > 0) throw new TypeError(`codes under no section comment: ${missing.join(', ')}`)
  return found
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const lines = [
  '# Errors',
  '',
  '<!-- Generated from src/errors.ts by `npm run generate`; edit the catalogue, not this file. -->',
  '',
  'Every failure carries one of these codes. With `--json` it is the one document on standard output:',
  '`{"error":{"code","message","next"}}`.',
  '',
  '| exit status | meaning |',
  '| --- | --- |',
  '| 0 | done |',
  '| 1 | fault: something did not answer or is broken |',
  '| 2 | bad input or usage |',
  '| 3 | refused: policy, quorum, verification or a gate said no |',
]
for (const [heading, codes] of sections()) {
  lines.push('', `## ${heading}`, '', '| code | exit | why | what to do |', '| --- | --- | --- | --- |')
  for (const code of codes) {
    const { exit, why, fix } = catalogue[code]
    lines.push(`| \`${code}\` | ${exit} | ${cell(why)} | ${cell(fix)} |`)
  }
}
await writeOrCheck(new URL(OUTPUT, root), OUTPUT, `${lines.join('\n')}\n`)
