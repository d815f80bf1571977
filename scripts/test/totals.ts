/** What one suite counted. `failed` includes what could not be run at all. */
export interface Totals {
  readonly suite: string
  readonly passed: number
  readonly failed: number
  /** Skipped and todo: a test that does not run proves nothing, so the run is red. */
  readonly skipped: number
}

/** A suite that ended without counting is one failure: "did not run" never reads as "passed". */
export function notRun(suite: string): Totals {
  return { suite, passed: 0, failed: 1, skipped: 0 }
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numFailedTestSuites: number
  readonly success: boolean
}

/** Reads the report of vitest's JSON reporter. */
export function vitestTotals(text: string): Totals {
  const report = JSON.parse(text) as VitestReport
  // A file that fails to load has no tests to fail, and an unhandled rejection belongs to none.
  const failed = report.numFailedTests > 0 || report.success ? report.numFailedTests : 1
  return {
    suite: 'TypeScript',
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** Reads the event stream of `go test -json`. */
export function goTotals(text: string, exitCode: number): Totals {
  let passed = 0
  let failed = 0
  let skipped = 0
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue
    const event = JSON.parse(line) as { Action?: string; Test?: string }
    if (event.Test === undefined) continue
    if (event.Action === 'pass') passed += 1
    else if (event.Action === 'fail') failed += 1
    else if (event.Action === 'skip') skipped += 1
  }
  // A module that does not compile fails without a test of its own; one without tests proves nothing.
  if (failed === 0 && (exitCode !== 0 || passed === 0)) failed = 1
  return { suite: 'Go', passed, failed, skipped }
}

export function sum(all: readonly Totals[]): Totals {
  return {
    suite: 'all',
    passed: all.reduce((total, { passed }) => total + passed, 0),
    failed: all.reduce((total, { failed }) => total + failed, 0),
    skipped: all.reduce((total, { skipped }) => total + skipped, 0),
  }
}

/** The closing line that CI reads. */
export function totalsLine({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`
}
