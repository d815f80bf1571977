import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GENESIS_PREVIOUS, readEntry } from '../../src/audit/log.ts'

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 100)

// Keys and strings that writers disagree about: integer-like keys, escapes, surrogates, prototypes.
const string = fc.oneof(
  fc.constantFrom(
    '1',
    '10',
    '9',
    '__proto__',
    'toString',
    '\ud800',
    '\udc00\ud800',
    '😂',
    '\ufb33',
    '\u007f',
    '\u2028',
    '\\ud800',
    '/',
    '\b',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const number = fc.oneof(fc.maxSafeInteger(), fc.double(), fc.constantFrom(-0, 2 ** 53, 1e21, 0.1))
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    string,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(string, tie('value'), { maxKeys: 5 }),
  ),
}))

/** Whether RFC 8785, as somebody else wrote it, gives the same text, and nothing in it is beyond a log entry. */
function allowed(data: unknown, text: string): boolean {
  const numbers: boolean[] = []
  const value = JSON.parse(text, (_key, item: unknown) => {
    if (typeof item === 'number') numbers.push(Number.isSafeInteger(item))
    return item
  }) as { data: unknown }
  try {
    return (
      data !== null &&
      typeof data === 'object' &&
      !Array.isArray(data) &&
      numbers.every(Boolean) &&
      canonicalize(value) === text
    )
  } catch {
    return false
  }
}

describe('the text of an entry', () => {
  it('is read exactly when it is the canonical form, in the spelling of any writer', () => {
    let read = 0
    const spelling = fc.constantFrom('ordered', 'as it came', 'sorted by key')
    fc.assert(
      fc.property(fc.dictionary(string, json, { maxKeys: 5 }), spelling, (data, how) => {
        const around = (body: string): string =>
          `{"actor":"a","data":${body},"previous":"${GENESIS_PREVIOUS}","seq":0,"time":5,"type":"x.y"}`
        let body = JSON.stringify(data)
        if (how === 'ordered') {
          try {
            body = canonicalize(data) ?? body
          } catch {
            // A lone surrogate has no canonical form; the plain spelling must then be refused.
          }
        } else if (how === 'sorted by key') {
          body = `{${Object.keys(data)
            .sort()
            .map((key) => `${JSON.stringify(key)}:${JSON.stringify(data[key])}`)
            .join()}}`
        }
        const isRead = 'entry' in readEntry(around(body))
        if (isRead) read += 1
        expect(isRead).toBe(allowed(data, around(body)))
      }),
      { numRuns: numRuns * 10 },
    )
    expect(read).toBeGreaterThan(numRuns / 10)
  })
})
