import { CustodyError, excerpt } from '../errors.ts'
import { parseJson } from '../primitives/json.ts'

/** One parameter; `type` as in ABI JSON, `components` for tuples only. */
export interface AbiInput {
  readonly name: string
  readonly type: string
  readonly components?: readonly AbiInput[]
}

/** `signature` is the canonical text whose Keccak-256 begins with the selector. */
export interface AbiFunction {
  readonly name: string
  readonly inputs: readonly AbiInput[]
  readonly signature: string
}

const ELEMENTARY =
  /^(?:address|bool|string|bytes|bytes(?:[1-9]|[12][0-9]|3[0-2])|u?int(?:8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256))$/
const IDENTIFIER = /^[A-Za-z_$][\w$]{0,127}$/
const MAX_DEPTH = 8

const invalid = (message: string): CustodyError => new CustodyError('ABI_INVALID', message)

/** The type as it stands in a signature: tuples spelled out. */
export function canonicalType(input: AbiInput): string {
  if (input.components === undefined) return input.type
  return `(${input.components.map(canonicalType).join(',')})${input.type.slice('tuple'.length)}`
}

/**
 * Reads a canonical signature such as `transfer(address,uint256)`. Names and aliases such as `uint` are
 * refused, because the selector is the hash of this exact text.
 * @throws ABI_INVALID
 */
export function parseSignature(text: string): AbiFunction {
  const open = text.indexOf('(')
  const name = text.slice(0, open)
  if (open < 1 || text.length > 2000 || !IDENTIFIER.test(name) || !text.endsWith(')')) {
    throw invalid(`Expected a signature such as transfer(address,uint256), got "${excerpt(text)}".`)
  }
  return { name, inputs: parseTypes(text.slice(open + 1, -1), text, 0), signature: text }
}

function parseTypes(list: string, whole: string, depth: number): AbiInput[] {
  if (depth > MAX_DEPTH) throw invalid(`Expected tuples nested at most ${MAX_DEPTH} deep in "${excerpt(whole)}".`)
  if (list === '') return []
  return splitTop(list, whole).map((type): AbiInput => {
    const [, base = '', dimensions = ''] = /^(.*?)((?:\[(?:[1-9][0-9]{0,3})?\])*)$/.exec(type) ?? []
    if (base.startsWith('(') && base.endsWith(')')) {
      return { name: '', type: `tuple${dimensions}`, components: parseTypes(base.slice(1, -1), whole, depth + 1) }
    }
    if (!ELEMENTARY.test(base))
      throw invalid(`Expected a type such as address or uint256 in the signature, got "${excerpt(type)}".`)
    return { name: '', type }
  })
}

function splitTop(list: string, whole: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '(') depth++
    else if (list[i] === ')' && --depth < 0) break
    else if (list[i] === ',' && depth === 0) {
      parts.push(list.slice(start, i))
      start = i + 1
    }
  }
  if (depth !== 0) throw invalid(`The brackets of the signature "${excerpt(whole)}" do not match.`)
  return [...parts, list.slice(start)]
}

/**
 * Finds one function in an ABI: a JSON list, or a compiler artifact with the member `abi`. `method` is a name
 * or, where the name is overloaded, a whole signature; it may be left out when there is one function only.
 * @throws JSON_INVALID, ABI_INVALID
 */
export function functionFromAbi(text: string, method: string | null): AbiFunction {
  const document = parseJson(text, 'ABI')
  const list = Array.isArray(document) ? (document as unknown[]) : (document as { abi?: unknown } | null)?.abi
  if (!Array.isArray(list)) throw invalid('Expected the ABI as a JSON list, or an object with the member abi.')
  const functions = list.filter((item) => (item as { type?: unknown } | null)?.type === 'function').map(abiFunction)
  const matching = functions.filter((each) => method === null || each.name === method || each.signature === method)
  if (matching.length === 1) return matching[0] as AbiFunction
  const wanted = method === null ? 'the ABI' : `"${excerpt(method)}"`
  if (matching.length === 0) throw invalid(`Expected a function ${wanted} in the ABI, found none.`)
  throw invalid(
    `Expected one function for ${wanted}, found ${matching.length}: ${excerpt(matching.map((each) => each.signature).join(' '), 200)}.`,
  )
}

/** Reads one function of an ABI; what an ABI says beyond name and inputs is not used. @throws ABI_INVALID */
export function abiFunction(item: unknown): AbiFunction {
  const { name, inputs } = (item ?? {}) as { name?: unknown; inputs?: unknown }
  if (typeof name !== 'string' || !IDENTIFIER.test(name) || !Array.isArray(inputs)) {
    throw invalid(`Expected an ABI function with name and inputs, got "${excerpt(String(name))}".`)
  }
  const read = inputs.map((input) => abiInput(input, name, 0))
  return { name, inputs: read, signature: `${name}(${read.map(canonicalType).join(',')})` }
}

function abiInput(item: unknown, where: string, depth: number): AbiInput {
  const { name, type, components } = (item ?? {}) as { name?: unknown; type?: unknown; components?: unknown }
  const [, base = '', dimensions = ''] =
    typeof type === 'string' ? (/^(.*?)((?:\[(?:[1-9][0-9]{0,3})?\])*)$/.exec(type) ?? []) : []
  const label = typeof name === 'string' ? name : ''
  if (base === 'tuple' && Array.isArray(components) && depth < MAX_DEPTH) {
    return {
      name: label,
      type: `tuple${dimensions}`,
      components: components.map((each) => abiInput(each, where, depth + 1)),
    }
  }
  if (!ELEMENTARY.test(base) || (components !== undefined && components !== null)) {
    throw invalid(`Expected inputs with ABI types in ${where}, got "${excerpt(String(type))}".`)
  }
  return { name: label, type: type as string }
}
