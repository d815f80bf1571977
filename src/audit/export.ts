import { CustodyError } from '../errors.ts'

/**
 * The log as lines, one stored text each, for somebody else's verifier. The texts go out as they are
 * stored, so that a changed row is found by whoever reads the export.
 * @throws LOG_ENTRY_INVALID when a text holds a line break, which no canonical text does
 */
export function* exportLines(entries: Iterable<{ readonly text: string }>): Generator<string> {
  let seq = 0
  for (const { text } of entries) {
    if (/[\r\n]/.test(text))
      throw new CustodyError('LOG_ENTRY_INVALID', `Entry ${seq} was changed: its text holds a line break.`, {
        details: { seq, kind: 'changed' },
      })
    seq += 1
    yield `${text}\n`
  }
}
