/** A type of the Solidity ABI, as far as calldata can carry it. `words` is the size in the head, in 32-byte words. */
export type AbiType = { readonly text: string; readonly dynamic: boolean; readonly words: number } & (
  | { readonly kind: 'address' | 'bool' | 'bytes' | 'string' }
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  | { readonly kind: 'fixed-bytes'; readonly size: number }
  /** `length` null for a list of any length. */
  | { readonly kind: 'list'; readonly item: AbiType; readonly length: number | null }
  | { readonly kind: 'tuple'; readonly components: readonly AbiParameter[] }
)

export interface AbiParameter {
  readonly name: string
  readonly type: AbiType
}

/** A function with its canonical signature; parameter names are empty where they are not known. */
export interface AbiFunction {
  readonly signature: string
  readonly parameters: readonly AbiParameter[]
}

const MAX_DEPTH = 8
const MAX_FIXED_LENGTH = 1024

/**
 * Reads `name(type name, …)`, where names may be missing; null when it is no such text. Types are spelled in
 * full (`uint256`, not `uint`), because the selector is the hash of that spelling.
 */
export function parseFunction(text: string): AbiFunction | null {
  const match = /^([A-Za-z_$][\w$]*)\((.*)\)$/s.exec(text)
  if (match === null || text.length > 4000) return null
  const parameters = parseParameters(match[2] as string, 0)
  return parameters === null
    ? null
    : { signature: `${match[1]}(${parameters.map(({ type }) => type.text).join(',')})`, parameters }
}

function parseParameters(list: string, depth: number): readonly AbiParameter[] | null {
  if (list.trim() === '') return []
  const parameters: AbiParameter[] = []
  for (const part of splitTop(list)) {
    const [, typeText = '', name = ''] = /^(\(.*\)[\d[\]]*|[^\s()]+)(?: ([A-Za-z_$][\w$]*))?$/s.exec(part.trim()) ?? []
    const type = parseType(typeText, depth)
    if (type === null) return null
    parameters.push({ name, type })
  }
  return parameters
}

function parseType(text: string, depth: number): AbiType | null {
  if (depth > MAX_DEPTH) return null
  const list = /^(.+)\[([0-9]*)\]$/s.exec(text)
  if (list !== null) return listType(list[1] as string, list[2] as string, depth)
  if (text.startsWith('(') && text.endsWith(')')) return tupleType(text.slice(1, -1), depth)
  if (text === 'address' || text === 'bool') return { text, kind: text, dynamic: false, words: 1 }
  if (text === 'bytes' || text === 'string') return { text, kind: text, dynamic: true, words: 1 }
  const fixed = /^bytes([1-9]|[12][0-9]|3[0-2])$/.exec(text)
  if (fixed !== null) return { text, kind: 'fixed-bytes', size: Number(fixed[1]), dynamic: false, words: 1 }
  const integer = /^(u?int)([1-9][0-9]{0,2})$/.exec(text)
  const bits = Number(integer?.[2])
  if (integer === null || bits > 256 || bits % 8 !== 0) return null
  return { text, kind: integer[1] as 'uint' | 'int', bits, dynamic: false, words: 1 }
}

function listType(itemText: string, lengthText: string, depth: number): AbiType | null {
  const item = parseType(itemText, depth + 1)
  const length = lengthText === '' ? null : Number(lengthText)
  if (item === null || (length !== null && (length < 1 || length > MAX_FIXED_LENGTH))) return null
  const dynamic = length === null || item.dynamic
  return {
    text: `${item.text}[${lengthText}]`,
    kind: 'list',
    item,
    length,
    dynamic,
    words: dynamic ? 1 : item.words * length,
  }
}

function tupleType(list: string, depth: number): AbiType | null {
  const components = parseParameters(list, depth + 1)
  // An empty tuple takes no space, so a list of them could claim any length in no bytes.
  if (components === null || components.length === 0) return null
  const dynamic = components.some(({ type }) => type.dynamic)
  const words = dynamic ? 1 : components.reduce((sum, { type }) => sum + type.words, 0)
  return { text: `(${components.map(({ type }) => type.text).join(',')})`, kind: 'tuple', components, dynamic, words }
}

function splitTop(list: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '(') depth++
    else if (list[i] === ')') depth--
    else if (list[i] === ',' && depth === 0) {
      parts.push(list.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, list.slice(start)]
}
