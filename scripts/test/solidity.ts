/** Runs the Solidity tests through Hardhat and writes what its runner counted to the file that is named. */
import { writeFile } from 'node:fs/promises'
import hre from 'hardhat'
import type { Totals } from './totals.ts'

interface Suites {
  readonly suiteResults: readonly {
    readonly testResults: readonly { readonly status: 'Success' | 'Failure' | 'Skipped' }[]
  }[]
}

type TestRun = { readonly success: true; readonly value: Suites } | { readonly success: false; readonly error: Suites }

const [report] = process.argv.slice(2)
if (report === undefined) throw new TypeError('expected the path of the report')

const result = (await hre.tasks.getTask(['test', 'solidity']).run({ noCompile: false })) as TestRun
const { suiteResults } = result.success ? result.value : result.error
const statuses = suiteResults.flatMap(({ testResults }) => testResults.map(({ status }) => status))
const count = (wanted: string): number => statuses.filter((status) => status === wanted).length

// An error outside any test, such as the runner's own, has no test to fail.
const passed = count('Success')
const failed = result.success && passed > 0 ? count('Failure') : Math.max(1, count('Failure'))
const totals: Totals = { suite: 'Solidity', passed, failed, skipped: count('Skipped') }
await writeFile(report, `${JSON.stringify(totals)}\n`)
process.exitCode = failed === 0 ? 0 : 1
