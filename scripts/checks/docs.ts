/**
 * Holds every Markdown file to the repository: links and their anchors resolve, commands and flags exist in the
 * program, error codes in the catalogue, npm scripts in package.json, and named files on disk.
 */
import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Command } from 'commander'
import type { Io } from '../../src/cli/io.ts'
import { createProgram } from '../../src/cli/program.ts'
import { catalogue } from '../../src/errors.ts'

const root = new URL('../../', import.meta.url).pathname
const LEFT_OUT = /^(?:node_modules|dist|tmp|\.tools|\.git|artifacts|cache|scripts\/tools)\//

/** Words in the form of an error code that are something else. */
const NO_CODES =
  /^(?:COFFER_HOME|COFFER_DEBUG|FC_NUM_RUNS|FC_SEED|FUZZ_RUNS|ETH_RPC_URL|HASH_OF|SOFTHSM2_CONF|CK[A-Z]_\w+)$/

/** Where a path in the text is one of the repository. */
const PATH = /(?<![\w./-])(?:(?:src|test|scripts|docs|audits|contracts|bench|\.github)\/[\w./-]*[\w-]|\.ci\/run)/g

const silent: Io = {
  env: {},
  width: 80,
  interactive: false,
  out: () => {},
  err: () => {},
  ask: () => Promise.resolve(''),
  askSecret: () => Promise.resolve(''),
}
const program = createProgram({ io: silent, exit: 0 })
const packageJson = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

const problems: string[] = []
let checked = 0

function expect(found: boolean, where: string, problem: string): void {
  checked += 1
  if (!found) problems.push(`${where}: ${problem}`)
}

/** The anchor that the common Markdown hosts give a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

/** Text with its fenced blocks emptied, line by line, so that numbers of lines stay. */
function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''))
}

async function checkLinks(file: string, text: string): Promise<void> {
  for (const [, target = ''] of withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/i.test(target)) continue
    const [path = '', anchor] = target.split('#')
    const absolute = path === '' ? join(root, file) : join(root, dirname(file), path)
    expect(existsSync(absolute), file, `the link ${target} leads nowhere`)
    if (anchor === undefined || !existsSync(absolute)) continue
    const headings = withoutBlocks(await readFile(absolute, 'utf8')).matchAll(/^#+ (.+)$/gm)
    const found = [...headings].some(([, heading = '']) => anchorOf(heading) === anchor)
    expect(found, file, `the link ${target} names no heading of ${relative(root, absolute)}`)
  }
}

/** Command lines of the program: lines of code blocks, and code spans that begin with its name. */
function commandLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'))
  const spans = [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
  const lines = [...blocks, ...spans].map((line) => line.trim().replace(/^\$ /, ''))
  // Two spaces, a comment, a pipe or a redirection end what is typed.
  return lines
    .filter((line) => /^(?:\.\/)?coffer(?: |$)/.test(line))
    .map((line) => line.split(/ {2,}| #| \| | > | && /)[0] as string)
}

function checkCommand(file: string, line: string): void {
  const words = line.split(/\s+/).slice(1)
  let command: Command = program
  while (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith('-') && words[0] !== '…') {
    const next = command.commands.find((each) => each.name() === words[0])
    expect(next !== undefined, file, `there is no command "${line}"`)
    if (next === undefined) return
    command = next
    words.shift()
  }
  const flags = [...(command === program ? ['--version'] : []), '--help', ...command.options.map(({ long }) => long)]
  for (const word of words) {
    const flag = /^--[a-z-]+/.exec(word)?.[0]
    if (flag !== undefined) expect(flags.includes(flag), file, `"${command.name()}" takes no ${flag} ("${line}")`)
  }
}

function checkWords(file: string, text: string): void {
  for (const code of new Set(text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g))) {
    if (!NO_CODES.test(code)) expect(code in catalogue, file, `${code} is no code of the catalogue`)
  }
  for (const path of new Set(text.match(PATH))) expect(existsSync(join(root, path)), file, `there is no ${path}`)
  for (const [, script = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
    expect(script in packageJson.scripts, file, `package.json has no script ${script}`)
  }
}

const files: string[] = []
for await (const file of glob('**/*.md', { cwd: root, exclude: (name) => LEFT_OUT.test(`${name}/`) })) {
  if (!LEFT_OUT.test(file)) files.push(file)
}
for (const file of files.sort()) {
  const text = await readFile(join(root, file), 'utf8')
  await checkLinks(file, text)
  for (const line of commandLines(text)) checkCommand(file, line)
  checkWords(file, text)
}

for (const problem of problems) process.stdout.write(`${problem}\n`)
if (files.length === 0) problems.push('no Markdown file was found')
if (problems.length === 0)
  process.stdout.write(`${files.length} Markdown files agree with the repository (${checked} checks)\n`)
process.exitCode = problems.length === 0 ? 0 : 1
