import { CustodyError, excerpt } from '../errors.ts'
import { isAddress } from '../primitives/address.ts'
import type { Json } from '../primitives/json.ts'
import type { TypedDataField } from './typed-data.ts'

type JsonObject = { readonly [key: string]: Json }
type StructTypes = ReadonlyMap<string, readonly TypedDataField[]>

/** A value with one reading only: whole numbers as bigint, bytes in lower case. */
export type TypedValue = bigint | boolean | string | readonly TypedValue[] | { readonly [name: string]: TypedValue }

export interface StrictTypedData {
  readonly types: { readonly [name: string]: readonly TypedDataField[] }
  readonly primaryType: string
  readonly domain: { readonly [name: string]: TypedValue }
  readonly message: { readonly [name: string]: TypedValue }
}

// In the order in which EIP-712 puts them.
const DOMAIN_FIELDS: readonly TypedDataField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]
/** Deeper than any real message; stops lists in lists before the stack does. */
const MAX_DEPTH = 32
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/
// Solidity's own words, shorthands included: some readers would take `uint` for uint256.
const RESERVED = /^(?:u?int[0-9]*|bytes?[0-9]*|u?fixed[0-9x]*|bool|string|address|function)$/
const ARRAY = /^(.+)\[([1-9][0-9]{0,3})?\]$/

/**
 * Reads `eth_signTypedData_v4` JSON so that every implementation must hash it alike: each struct has exactly its
 * declared fields, whole numbers are in range and neither rounded nor wrapped, a declared EIP712Domain matches
 * the domain that is given.
 * @throws OPAQUE_MESSAGE for SafeTx and SafeMessage, which are proposed as what they are; FIELD_INVALID, FIELD_UNKNOWN
 * @see EIP-712
 */
export function readTypedData(json: Json): StrictTypedData {
  const root = exactObject(json, ['types', 'primaryType', 'domain', 'message'], 'typed data')
  const types = readTypes(root.types as Json)
  const primaryType = root.primaryType
  if (primaryType === 'SafeTx' || primaryType === 'SafeMessage') {
    throw new CustodyError('OPAQUE_MESSAGE', `Expected a message, got the Safe type ${primaryType}.`)
  }
  if (typeof primaryType !== 'string' || !types.has(primaryType) || primaryType === 'EIP712Domain') {
    throw invalid('primaryType', 'the name of a declared type')
  }
  const { fields, domain } = readDomain(root.domain as Json, types)
  const message = readValue(primaryType, root.message as Json, types, 'message', 0) as {
    readonly [name: string]: TypedValue
  }
  return { types: { ...Object.fromEntries(types), EIP712Domain: fields }, primaryType, domain, message }
}

function readTypes(json: Json): StructTypes {
  const types = new Map<string, readonly TypedDataField[]>()
  for (const [name, list] of Object.entries(object(json, 'types'))) {
    // A name with brackets or commas in it could spell out another type's encodeType.
    if (!IDENTIFIER.test(name) || RESERVED.test(name)) throw invalid(`types.${name}`, 'an identifier as type name')
    if (!Array.isArray(list)) throw invalid(`types.${name}`, 'a list of fields')
    const seen = new Set<string>()
    types.set(
      name,
      list.map((item: Json, index) => {
        const where = `types.${name}[${index}]`
        const field = exactObject(item, ['name', 'type'], where)
        if (typeof field.name !== 'string' || !IDENTIFIER.test(field.name) || seen.has(field.name)) {
          throw invalid(`${where}.name`, 'an identifier that is not used twice')
        }
        seen.add(field.name)
        if (typeof field.type !== 'string') throw invalid(`${where}.type`, 'a type')
        return { name: field.name, type: field.type }
      }),
    )
  }
  for (const [name, fields] of types) {
    for (const field of fields) {
      const base = baseType(field.type)
      if (!isElementary(base) && !types.has(base))
        throw invalid(`types.${name}.${field.name}`, 'an elementary or declared type')
    }
  }
  refuseCycles(types)
  return types
}

// EIP-712 leaves recursive types open, and implementations differ: some hash them, some refuse.
function refuseCycles(types: StructTypes): void {
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name) || path.length > MAX_DEPTH) {
      throw invalid(`types.${name}`, `a type that does not contain itself, nested at most ${MAX_DEPTH} deep`)
    }
    if (done.has(name)) return
    for (const field of types.get(name) ?? []) visit(baseType(field.type), [...path, name])
    done.add(name)
  }
  for (const name of types.keys()) visit(name, [])
}

function readDomain(
  json: Json,
  types: StructTypes,
): { fields: readonly TypedDataField[]; domain: { readonly [name: string]: TypedValue } } {
  const given = object(json, 'domain')
  const unknown = Object.keys(given).find((key) => !DOMAIN_FIELDS.some((field) => field.name === key))
  if (unknown !== undefined)
    throw new CustodyError('FIELD_UNKNOWN', `Expected a field of EIP712Domain, got domain.${excerpt(unknown)}.`)
  const fields = DOMAIN_FIELDS.filter((field) => field.name in given)
  const declared = types.get('EIP712Domain')
  const text = (list: readonly TypedDataField[]): string => list.map((field) => `${field.type} ${field.name}`).join(',')
  if (declared !== undefined && text(declared) !== text(fields)) {
    throw invalid('types.EIP712Domain', `"${text(fields)}", the fields of the domain`)
  }
  const read = ({ name, type }: TypedDataField): [string, TypedValue] => [
    name,
    readValue(type, given[name] as Json, types, `domain.${name}`, 0),
  ]
  return { fields, domain: Object.fromEntries(fields.map(read)) }
}

function readValue(type: string, json: Json, types: StructTypes, where: string, depth: number): TypedValue {
  if (depth > MAX_DEPTH) throw invalid(where, `nesting of at most ${MAX_DEPTH}`)
  const array = ARRAY.exec(type)
  if (array !== null) {
    if (!Array.isArray(json)) throw invalid(where, `a list of ${array[1]}`)
    if (array[2] !== undefined && json.length !== Number(array[2]))
      throw invalid(where, `${array[2]} items, got ${json.length}`)
    return json.map((item: Json, index) => readValue(array[1] as string, item, types, `${where}[${index}]`, depth + 1))
  }
  const fields = types.get(type)
  if (fields === undefined) return readElementary(type, json, where)
  const given = exactObject(
    json,
    fields.map((field) => field.name),
    where,
  )
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      readValue(field.type, given[field.name] as Json, types, `${where}.${field.name}`, depth + 1),
    ]),
  )
}

function readElementary(type: string, json: Json, where: string): TypedValue {
  if (type === 'bool') {
    if (typeof json !== 'boolean') throw invalid(where, 'true or false')
    return json
  }
  if (type === 'string') {
    if (typeof json !== 'string' || !json.isWellFormed()) throw invalid(where, 'well-formed text')
    return json
  }
  if (type === 'address') {
    if (typeof json !== 'string' || !isAddress(json))
      throw invalid(where, 'an address with a right checksum, or in one case')
    return json.toLowerCase()
  }
  if (type.startsWith('bytes')) {
    const size = type === 'bytes' ? null : Number(type.slice(5))
    if (
      typeof json !== 'string' ||
      !/^0x(?:[0-9a-fA-F]{2})*$/.test(json) ||
      (size !== null && json.length !== 2 + 2 * size)
    ) {
      throw invalid(where, size === null ? '0x and whole bytes' : `0x and ${size} bytes`)
    }
    return json.toLowerCase()
  }
  return readInteger(type, json, where)
}

function readInteger(type: string, json: Json, where: string): bigint {
  const written = typeof json === 'string' && /^(?:0|-?[1-9][0-9]{0,77}|0x[0-9a-fA-F]{1,64})$/.test(json)
  if (!written && !(typeof json === 'number' && Number.isSafeInteger(json))) {
    throw invalid(where, `a whole number for ${type}: decimal text, 0x text, or a JSON number below 2^53`)
  }
  const value = BigInt(json)
  const signed = type.startsWith('int')
  const bits = BigInt(type.slice(signed ? 3 : 4))
  const [low, high] = signed ? [-(1n << (bits - 1n)), 1n << (bits - 1n)] : [0n, 1n << bits]
  if (value < low || value >= high) throw invalid(where, `a number in the range of ${type}`)
  return value
}

function isElementary(type: string): boolean {
  if (['bool', 'string', 'address', 'bytes'].includes(type)) return true
  const integer = /^u?int([1-9][0-9]{0,2})$/.exec(type)
  if (integer !== null) return Number(integer[1]) % 8 === 0 && Number(integer[1]) <= 256
  const bytes = /^bytes([1-9][0-9]?)$/.exec(type)
  return bytes !== null && Number(bytes[1]) <= 32
}

function baseType(type: string): string {
  const array = ARRAY.exec(type)
  return array === null ? type : baseType(array[1] as string)
}

function object(json: Json, where: string): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid(where, 'an object')
  return json as JsonObject
}

function exactObject(json: Json, names: readonly string[], where: string): JsonObject {
  const given = object(json, where)
  const unknown = Object.keys(given).find((key) => !names.includes(key))
  if (unknown !== undefined) {
    const known = excerpt(names.join(', '), 120)
    throw new CustodyError(
      'FIELD_UNKNOWN',
      `Expected the fields ${known} in ${excerpt(where)}, got ${excerpt(unknown)}.`,
    )
  }
  const missing = names.find((name) => !Object.hasOwn(given, name))
  if (missing !== undefined) throw invalid(`${where}.${missing}`, 'a value')
  return given
}

function invalid(where: string, expected: string): CustodyError {
  return new CustodyError('FIELD_INVALID', `Expected ${excerpt(where, 120)} to be ${expected}.`)
}
