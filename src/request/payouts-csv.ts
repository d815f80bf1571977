import { CsvError, parse } from 'csv-parse/sync'
import { CustodyError, excerpt } from '../errors.ts'
import { MAX_BATCH_CALLS } from './request.ts'

/** One row of a payout file, as text. `line` counts from 1 and includes the header, as an editor shows it. */
export interface PayoutRow {
  readonly line: number
  readonly to: string
  readonly asset: string
  readonly amount: string
  readonly memo: string | null
}

const REQUIRED = ['to', 'asset', 'amount']
const KNOWN = new Set([...REQUIRED, 'memo'])
const MAX_CHARACTERS = 1024 * 1024

const invalid = (message: string, details: Record<string, unknown> = {}): CustodyError =>
  new CustodyError('CSV_INVALID', message, { details })

/**
 * Reads payout rows under the header `to,asset,amount[,memo]`, columns in any order. Cells stay text: nothing
 * is computed from them, so a cell such as `=1+1` is only a wrong amount. One bad row refuses the whole file.
 * @throws CSV_INVALID naming the line
 * @see RFC 4180
 */
export function parsePayouts(text: string): readonly PayoutRow[] {
  if (text.length > MAX_CHARACTERS)
    throw invalid(`Expected a payout file of at most ${MAX_CHARACTERS} characters, got ${text.length}.`)
  const records = readRecords(text)
  const header = records[0]
  if (header === undefined)
    throw invalid('Expected a header row "to,asset,amount" and at least one payout, got an empty file.')
  const columns = readHeader(header.record)
  const rows = records.slice(1)
  if (rows.length === 0) throw invalid('Expected at least one payout below the header, got none.')
  if (rows.length > MAX_BATCH_CALLS) throw invalid(`Expected at most ${MAX_BATCH_CALLS} payouts, got ${rows.length}.`)
  return rows.map(({ record, line }) => readRow(record, line, columns))
}

interface Numbered {
  readonly record: readonly string[]
  readonly line: number
}

function readRecords(text: string): Numbered[] {
  const numbered: Numbered[] = []
  let next = 1
  try {
    // `raw` gives the exact text of each record, from which its first line follows even when cells hold line breaks.
    const parsed = parse(text, {
      bom: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: false,
    }) as unknown as { record: string[]; raw: string }[]
    for (const { record, raw } of parsed) {
      const line = next
      next += raw.match(/\r\n|\n|\r/g)?.length ?? 0
      if (record.length > 1 || record[0] !== '') numbered.push({ record, line })
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = typeof error['lines'] === 'number' ? error['lines'] : next
    throw invalid(`Line ${line}: ${excerpt(error.message, 160)}.`, { line })
  }
  return numbered
}

function readHeader(header: readonly string[]): readonly string[] {
  const columns = header.map((cell) => cell.trim())
  for (const column of columns) {
    if (!KNOWN.has(column))
      throw invalid(`Line 1: expected the columns to, asset, amount and perhaps memo, got "${excerpt(column)}".`, {
        line: 1,
      })
  }
  if (new Set(columns).size !== columns.length) throw invalid('Line 1: a column stands twice.', { line: 1 })
  const missing = REQUIRED.filter((column) => !columns.includes(column))
  if (missing.length > 0) throw invalid(`Line 1: the column ${missing.join(', ')} is missing.`, { line: 1 })
  return columns
}

function readRow(record: readonly string[], line: number, columns: readonly string[]): PayoutRow {
  if (record.length !== columns.length)
    throw invalid(`Line ${line}: expected ${columns.length} cells, got ${record.length}.`, { line })
  const cell = (column: string): string => (record[columns.indexOf(column)] ?? '').trim()
  for (const column of REQUIRED) {
    if (cell(column) === '') throw invalid(`Line ${line}: the cell ${column} is empty.`, { line })
  }
  return {
    line,
    to: cell('to'),
    asset: cell('asset'),
    amount: cell('amount'),
    memo: cell('memo') === '' ? null : cell('memo'),
  }
}
