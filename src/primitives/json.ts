import { CustodyError, excerpt } from '../errors.ts'

/** What Coffer writes into documents that are hashed: no floats, no bigints (those are decimal strings). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * The RFC 8785 canonical form, restricted to safe integers: any other number is a bug here, because
 * amounts travel as decimal strings.
 * @see RFC 8785
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new CustodyError('JSON_INVALID', 'A string holds half of a surrogate pair.')
    return JSON.stringify(value)
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw new CustodyError('JSON_INVALID', `Expected a whole number below 2^53, got ${value}.`)
    return String(Object.is(value, -0) ? 0 : value)
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`
  const object = value as { readonly [key: string]: Json }
  // Plain string comparison orders by UTF-16 code units, which is what RFC 8785 §3.2.3 asks for.
  const keys = Object.keys(object).sort((a, b) => (a < b ? -1 : 1))
  return `{${keys.map((key) => `${canonicalJson(key)}:${canonicalJson(object[key] as Json)}`).join(',')}}`
}

/** A document for `--json` and IPC: bigints become decimal strings, Dates never occur. */
export function toJsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), indent)
}

/** Longer documents have no use here and only cost memory. */
const MAX_LENGTH = 4 * 1024 * 1024

/** Deeper ones are made to exhaust the stack of whoever reads them. */
const MAX_DEPTH = 200

/**
 * Strict JSON: like `JSON.parse`, but the same key twice in one object is an error, because two readers
 * could otherwise see two different documents.
 * @throws JSON_INVALID
 */
export function parseJson(text: string, what = 'document'): unknown {
  if (text.length > MAX_LENGTH) {
    throw new CustodyError('JSON_INVALID', `Expected ${what} of at most ${MAX_LENGTH} characters, got ${text.length}.`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CustodyError('JSON_INVALID', `Expected ${what} as JSON: ${excerpt((cause as Error).message, 120)}.`)
  }
  refuseDuplicateKeys(text, what)
  return value
}

// The text is known to be well-formed here, so this walk only has to follow strings and nesting.
function refuseDuplicateKeys(text: string, what: string): void {
  const scopes: (Set<string> | null)[] = []
  const string = /"[^"\\]*(?:\\.[^"\\]*)*"/y
  let expectKey = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (scopes.length > MAX_DEPTH)
      throw new CustodyError('JSON_INVALID', `Expected ${what} nested at most ${MAX_DEPTH} deep.`)
    if (char === '{') {
      scopes.push(new Set())
      expectKey = true
    } else if (char === '[') {
      scopes.push(null)
      expectKey = false
    } else if (char === '}' || char === ']') {
      scopes.pop()
      expectKey = false
    } else if (char === ',') expectKey = scopes.at(-1) instanceof Set
    else if (char === '"') {
      string.lastIndex = i
      const match = (string.exec(text) as RegExpExecArray)[0]
      if (expectKey) {
        const key = JSON.parse(match) as string
        const scope = scopes.at(-1) as Set<string>
        if (scope.has(key))
          throw new CustodyError('JSON_INVALID', `The key "${excerpt(key)}" stands twice in one object of ${what}.`)
        scope.add(key)
        expectKey = false
      }
      i += match.length - 1
    }
  }
}
