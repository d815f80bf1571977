import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exportLines } from '../../src/audit/export.ts'
import { entryLeaf, GENESIS_PREVIOUS, type LogRow, makeEntry, readEntry } from '../../src/audit/log.ts'
import { EMPTY_ROOT, frontierRoot } from '../../src/audit/merkle.ts'
import { verifyAgainst, verifyEntries } from '../../src/audit/verify.ts'
import { CustodyError } from '../../src/errors.ts'
import { attacks, headOf, inputsOf, logOf, rewritten } from './sample-log.ts'

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 100)
const input = { type: 'request.proposed', actor: 'local:alice', data: {} }
const first = { seq: 0, time: 5, previous: GENESIS_PREVIOUS }

function refusal(rows: readonly LogRow[]): { code: string; seq: unknown; kind: unknown; message: string } {
  try {
    verifyEntries(rows)
  } catch (error) {
    if (error instanceof CustodyError) {
      return { code: error.code, seq: error.details['seq'], kind: error.details['kind'], message: error.message }
    }
    throw error
  }
  return { code: 'nothing', seq: null, kind: null, message: '' }
}

describe('an entry', () => {
  it('is stored as its RFC 8785 text, whose bytes are the leaf', () => {
    const made = makeEntry({ ...input, data: { b: 'ä', a: [1, null] } }, first)
    expect(made.text).toBe(
      `{"actor":"local:alice","data":{"a":[1,null],"b":"ä"},"previous":"${GENESIS_PREVIOUS}","seq":0,"time":5,"type":"request.proposed"}`,
    )
    expect(made.leaf).toBe(entryLeaf(made.text))
    expect(readEntry(made.text)).toEqual({ entry: made.entry })
  })

  it.each([
    ['a type of other characters', { ...input, type: 'Request Proposed' }, first],
    ['an empty type', { ...input, type: '' }, first],
    ['no actor', { ...input, actor: '' }, first],
    ['an array as data', { ...input, data: [] as unknown as Record<string, never> }, first],
    ['a negative number', input, { ...first, seq: -1 }],
    ['a fractional time', input, { ...first, time: 1.5 }],
    ['a link that is no hash', input, { ...first, previous: '0x' as const }],
    ['more than 1 MiB', { ...input, data: { text: 'x'.repeat(1 << 20) } }, first],
  ])('is not made with %s', (_what, wrong, position) => {
    expect(() => makeEntry(wrong, position)).toThrowWithCode('FIELD_INVALID')
  })

  it('is not made with a fraction or half a surrogate pair inside its data', () => {
    expect(() => makeEntry({ ...input, data: { a: 0.1 } }, first)).toThrowWithCode('JSON_INVALID')
    expect(() => makeEntry({ ...input, data: { a: '\ud800' } }, first)).toThrowWithCode('JSON_INVALID')
  })

  const text = makeEntry(input, first).text
  it.each([
    ['spaces', text.replace(':', ': ')],
    ['another order of keys', text.replace(/^\{("actor":"[^"]*"),("data":\{\}),/, '{$2,$1,')],
    ['a key twice', text.replace('{"actor"', '{"actor":"x","actor"')],
    ['an unknown field', text.replace('"data"', '"bonus":1,"data"')],
    ['a missing field', text.replace('"data":{},', '')],
    ['a number in another spelling', text.replace('"time":5', '"time":5.0')],
    ['an escape that is not needed', text.replace('alice', '\\u0061lice')],
    ['no JSON', text.slice(1)],
    ['an array', '[]'],
    ['null', 'null'],
  ])('is not read with %s', (_what, changed) => {
    expect(changed).not.toBe(text)
    expect(readEntry(changed)).toHaveProperty('wrong')
  })
})

describe('an honest log', () => {
  it('of any entries verifies, with the head of its tree', () => {
    const data = fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
    )
    fc.assert(
      fc.property(fc.array(data, { maxLength: 20 }), (all) => {
        const rows = logOf(all.map((some) => ({ ...input, data: some })))
        const verified = verifyEntries(rows)
        expect(verified.head).toEqual(headOf(rows))
        expect(verified.count).toBe(rows.length)
        expect(frontierRoot(verified.frontier)).toBe(verified.head.root)
      }),
      { numRuns },
    )
  })

  it('without entries has the root of the empty tree', () => {
    expect(verifyEntries([]).head).toEqual({ size: 0, root: EMPTY_ROOT })
  })

  it('agrees with the heads of all its beginnings, in any order', () => {
    const rows = logOf(inputsOf(20))
    const heads = rows.map((_, i) => headOf(rows.slice(0, i + 1))).reverse()
    expect(() =>
      verifyAgainst(
        [...heads, headOf([])],
        rows.map(({ leaf }) => leaf),
      ),
    ).not.toThrow()
  })

  it('is exported as its stored texts, one on a line', () => {
    const rows = logOf(inputsOf(3))
    expect([...exportLines(rows)].join('')).toBe(rows.map(({ text }) => `${text}\n`).join(''))
    expect(() => [...exportLines([{ text: 'a\nb' }])]).toThrowWithCode('LOG_ENTRY_INVALID')
  })
})

describe('G6 a log changed by somebody who holds the disk', () => {
  const rows = logOf(inputsOf(9))

  // Where the last entry is the one changed with its hash, no later entry links to it: the checkpoint must tell.
  const cases = Object.keys(attacks).flatMap((name) => [0, 4, 7].map((at) => ({ name, at })))

  it.each(cases)('entry $at $name: the first wrong entry and what happened are named', ({ name, at }) => {
    const kind = name.split(' ')[0]
    const changed = (attacks[name] as (typeof attacks)[string])(rows, at)
    expect(changed).not.toEqual(rows)
    const found = refusal(changed)
    expect(found.code).toBe('LOG_ENTRY_INVALID')
    expect(found.message).toMatch(/^Entry \d+ was (changed|removed|inserted|reordered): /)
    if (name === 'inserted carefully') {
      // Every later entry was rebuilt around it, so the break shows as a link that does not fit.
      expect(found.seq).toBe(at)
      expect(found.kind).toBe('changed')
    } else if (name === 'inserted') {
      expect([at, at + 1]).toContain(found.seq)
      expect(found.kind).toBe('inserted')
    } else {
      expect(found).toMatchObject({ seq: at, kind })
    }
  })

  it('at its very end, or rebuilt to its end, disagrees with a checkpoint held elsewhere', () => {
    const checkpoint = headOf(rows)
    for (let at = 0; at < rows.length; at++) {
      const changed = rewritten(rows, at)
      expect(refusal(changed).code).toBe('nothing')
      expect(() =>
        verifyAgainst(
          [checkpoint],
          changed.map(({ leaf }) => leaf),
        ),
      ).toThrowWithCode('LOG_INCONSISTENT')
      expect(() =>
        verifyAgainst(
          [headOf(rows.slice(0, at))],
          changed.map(({ leaf }) => leaf),
        ),
      ).not.toThrow()
    }
  })

  it('and cut says how many entries the checkpoint has and how many the log', () => {
    const leaves = rows.slice(0, 6).map(({ leaf }) => leaf)
    expect(refusal(rows.slice(0, 6)).code).toBe('nothing')
    expect(() => verifyAgainst([headOf(rows)], leaves)).toThrowWithCode('LOG_INCONSISTENT')
    expect(() => verifyAgainst([headOf(rows)], leaves)).toThrow('The checkpoint says 9 entries, the log has 6')
  })

  it('and rewritten between two checkpoints says where', () => {
    const leaves = rewritten(rows, 5).map(({ leaf }) => leaf)
    const heads = [headOf(rows), headOf(rows.slice(0, 3)), headOf(rows.slice(0, 8))]
    expect(() => verifyAgainst(heads, leaves)).toThrow('an entry from 3 to 7 was changed')
  })

  it('with time running backwards names the entry', () => {
    const made = makeEntry(input, { seq: 1, time: 4, previous: (rows[0] as LogRow).leaf })
    expect(refusal([rows[0] as LogRow, { seq: 1, text: made.text, leaf: made.leaf }])).toMatchObject({
      seq: 1,
      kind: 'changed',
    })
  })

  it('at any one character of any text or leaf is found', () => {
    const place = fc.record({
      at: fc.nat(rows.length - 1),
      position: fc.nat(500),
      field: fc.constantFrom('text' as const, 'leaf' as const),
    })
    fc.assert(
      fc.property(place, fc.string({ minLength: 1, maxLength: 1 }), ({ at, position, field }, char) => {
        const row = rows[at] as LogRow
        const index = position % row[field].length
        fc.pre(row[field][index] !== char)
        const changed = { ...row, [field]: row[field].slice(0, index) + char + row[field].slice(index + 1) }
        expect(refusal(rows.map((one, i) => (i === at ? changed : one)))).toMatchObject({
          code: 'LOG_ENTRY_INVALID',
          seq: at,
        })
      }),
      { numRuns },
    )
  })
})
