import { describe, expect, it } from 'vitest'
import { goTotals, notRun, sum, totalsLine, vitestTotals } from '../../scripts/test/totals.ts'

const report = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    numPassedTests: 7,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numFailedTestSuites: 0,
    success: true,
    ...change,
  })

const go = (...events: readonly object[]): string => events.map((event) => JSON.stringify(event)).join('\n')

describe('the report of vitest', () => {
  it('with all tests passed counts them', () => {
    expect(vitestTotals(report())).toEqual({ suite: 'TypeScript', passed: 7, failed: 0, skipped: 0 })
  })

  it('with a file that did not load counts one failure', () => {
    expect(vitestTotals(report({ success: false, numFailedTestSuites: 1 }))).toMatchObject({ passed: 7, failed: 1 })
  })

  it('with skipped and todo tests names both as not run', () => {
    expect(vitestTotals(report({ numPendingTests: 2, numTodoTests: 1 })).skipped).toBe(3)
  })
})

describe('the events of go test', () => {
  it('with a passed, a failed and a skipped test counts each once, and packages not at all', () => {
    const text = go(
      { Action: 'run', Test: 'TestA' },
      { Action: 'pass', Test: 'TestA' },
      { Action: 'fail', Test: 'TestB' },
      { Action: 'skip', Test: 'TestC' },
      { Action: 'fail' },
    )
    expect(goTotals(text, 1)).toEqual({ suite: 'Go', passed: 1, failed: 1, skipped: 1 })
  })

  it('with a module that does not compile counts one failure', () => {
    expect(goTotals(go({ Action: 'build-fail' }, { Action: 'fail' }), 1)).toMatchObject({ passed: 0, failed: 1 })
  })

  it('with no test at all counts one failure', () => {
    expect(goTotals('', 0)).toMatchObject({ passed: 0, failed: 1 })
  })
})

describe('the sum', () => {
  it('ends in the line that CI reads, a suite that did not run included', () => {
    const all = sum([vitestTotals(report()), notRun('Solidity'), goTotals(go({ Action: 'pass', Test: 'TestA' }), 0)])
    expect(totalsLine(all)).toBe('8 passed, 1 failed')
  })
})
