import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type Json, parseJson } from '../../src/primitives/json.ts'

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 100)
const string = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '', '\u0000', '\u2028', '€', '\ufb33', '😂', '10', '9'),
)
const { value: json } = fc.letrec<{ value: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(string, fc.maxSafeInteger(), fc.boolean(), fc.constantFrom(null, 0, -0)),
  value: fc.oneof({ depthSize: 'small' }, tie('leaf'), fc.array(tie('value')), fc.dictionary(string, tie('value'))),
}))

describe('the canonical form', () => {
  it('of any document is the one that the canonicalize package gives', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value))
      }),
      { numRuns: numRuns * 5 },
    )
  })

  it('is read back to the same document and is its own canonical form', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value)
        const back = parseJson(text) as Json
        expect(canonicalJson(back)).toBe(text)
        expect(back).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns },
    )
  })

  it('of any spelling of a document is the same', () => {
    fc.assert(
      fc.property(json, fc.nat(4), (value, indent) => {
        expect(canonicalJson(parseJson(JSON.stringify(value, null, indent)) as Json)).toBe(canonicalJson(value))
      }),
      { numRuns },
    )
  })

  it('sorts keys as RFC 8785 §3.2.3 shows', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect(Object.values(JSON.parse(canonicalJson(value)) as object).join()).toBe('4,2,6,7,1,5,3')
  })

  it('is refused for what has no exact form', () => {
    for (const value of [0.1, NaN, Infinity, 2 ** 53, '\ud800', ['\udc00'], { '\ud800': 1 }]) {
      expect(() => canonicalJson(value as Json)).toThrowWithCode('JSON_INVALID')
    }
  })
})

describe('strict reading', () => {
  // The first of the two spellings escapes every character, so that only the decoded keys are the same.
  const spell = (key: string): string =>
    `"${[...Array(key.length).keys()].map((i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`

  it('refuses a key that stands twice at any depth, however it is spelt', () => {
    fc.assert(
      fc.property(string, json, json, fc.array(fc.boolean(), { maxLength: 6 }), (key, one, other, nesting) => {
        const inner = `{ ${JSON.stringify(key)} : ${JSON.stringify(one)}, ${spell(key)}:${JSON.stringify(other)}}`
        const text = nesting.reduce(
          (body, isArray) => (isArray ? `[1,${body},"{"]` : `{"a\\"{":${body},"b":[]}`),
          inner,
        )
        expect(() => JSON.parse(text)).not.toThrow()
        expect(() => parseJson(text)).toThrowWithCode('JSON_INVALID')
      }),
      { numRuns },
    )
  })

  it('takes whatever JSON.parse takes when no key stands twice, and gives the same', () => {
    fc.assert(
      fc.property(json, fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
      { numRuns },
    )
  })

  it('refuses whatever JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        fc.pre(!valid)
        expect(() => parseJson(text)).toThrowWithCode('JSON_INVALID')
      }),
      { numRuns },
    )
  })

  it('takes the same key in different objects, and strings that look like keys', () => {
    expect(parseJson('[{"a":1},{"a":{"a":["a","a"]}}]')).toEqual([{ a: 1 }, { a: { a: ['a', 'a'] } }])
  })
})
