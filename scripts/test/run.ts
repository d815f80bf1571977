/**
 * Runs every suite to its end, whatever the others did, and adds up what their runners counted:
 * TypeScript (vitest), Solidity (Hardhat), and Go for modules that have tests of their own.
 * With --full the random tests run at the long counts, unless the environment names others.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { goTotals, notRun, sum, type Totals, totalsLine, vitestTotals } from './totals.ts'

const root = new URL('../../', import.meta.url).pathname
const results = `${root}tmp/test-results/`
const GO_MODULES = ['test/audit/go']

const counts = process.argv.includes('--full') ? { FC_NUM_RUNS: '10000', FUZZ_RUNS: '1000000' } : {}
const env = { ...counts, ...process.env, NODE_ENV: 'test' }

/** Standard output goes to the terminal, or is collected when `collect` is set. */
function run(
  command: string,
  args: readonly string[],
  cwd = root,
  collect = false,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', collect ? 'pipe' : 'inherit', 'inherit'] })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`)
      resolve({ code: 1, output })
    })
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

async function typescript(): Promise<Totals> {
  const report = `${results}vitest.json`
  const { code } = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  const text = await readFile(report, 'utf8').catch(() => null)
  if (text === null) return notRun('TypeScript')
  const totals = vitestTotals(text)
  return code === 0 || totals.failed > 0 ? totals : { ...totals, failed: 1 }
}

async function solidity(): Promise<Totals> {
  const report = `${results}solidity.json`
  await run('node', ['scripts/test/solidity.ts', report])
  const text = await readFile(report, 'utf8').catch(() => null)
  return text === null ? notRun('Solidity') : (JSON.parse(text) as Totals)
}

async function go(module: string): Promise<Totals> {
  process.stdout.write(`\nGo tests of ${module}\n`)
  const { code, output } = await run('go', ['test', '-json', './...'], `${root}${module}`, true)
  const totals = goTotals(output, code)
  if (totals.failed > 0) process.stdout.write(output)
  return totals
}

await rm(results, { recursive: true, force: true })
await mkdir(results, { recursive: true })

const suites = [await solidity(), await typescript()]
for (const module of GO_MODULES) {
  const files = await readdir(`${root}${module}`).catch(() => [])
  if (files.some((file) => file.endsWith('_test.go'))) suites.push(await go(module))
}

const total = sum(suites)
process.stdout.write('\n')
for (const suite of suites) {
  process.stdout.write(
    `${suite.suite}: ${totalsLine(suite)}${suite.skipped > 0 ? `, ${suite.skipped} did not run` : ''}\n`,
  )
}
if (total.skipped > 0) process.stdout.write('A test that does not run proves nothing: no test may be skipped.\n')
await writeFile(`${results}totals.json`, `${JSON.stringify({ ...total, suites }, null, 2)}\n`)
process.stdout.write(`${totalsLine(total)}\n`)
process.exitCode = total.failed === 0 && total.skipped === 0 && total.passed > 0 ? 0 : 1
