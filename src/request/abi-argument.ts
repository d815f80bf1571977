import { CustodyError, excerpt } from '../errors.ts'
import { parseAddress } from '../primitives/address.ts'
import { byteLength, parseHex } from '../primitives/hex.ts'
import { parseJson } from '../primitives/json.ts'
import { type AbiInput, canonicalType } from './abi-signature.ts'

/** What `encodeAbiParameters` takes for one parameter. */
export type AbiValue = bigint | boolean | string | readonly AbiValue[]

/**
 * Reads the text of one argument as its type says. Lists and tuples are JSON lists; in them a whole number
 * may stand bare as long as JSON keeps it exact.
 * @throws ABI_INVALID naming the argument
 */
export function parseArgument(text: string, input: AbiInput, where: string): AbiValue {
  try {
    return parseText(text, input)
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause
    throw new CustodyError(
      'ABI_INVALID',
      `Argument ${where} (${excerpt(canonicalType(input), 80)}): ${cause.message}`,
      { cause, details: { argument: where, cause: cause.code } },
    )
  }
}

const wrong = (expected: string, got: unknown): CustodyError =>
  new CustodyError(
    'ABI_INVALID',
    `Expected ${expected}, got "${excerpt(typeof got === 'string' ? got : JSON.stringify(got))}".`,
  )

function parseText(text: string, input: AbiInput): AbiValue {
  return input.components === undefined && !input.type.endsWith(']')
    ? parseElementary(text, input.type)
    : parseNested(parseJson(text, 'the list'), input)
}

function parseNested(value: unknown, input: AbiInput): AbiValue {
  const array = /^(.*)\[([0-9]*)\]$/s.exec(input.type)
  if (array !== null) {
    const item = { ...input, type: array[1] as string }
    if (!Array.isArray(value)) throw wrong('a JSON list', value)
    if (array[2] !== '' && value.length !== Number(array[2])) throw wrong(`a list of ${array[2]}`, value)
    return value.map((each) => parseNested(each, item))
  }
  if (input.components !== undefined) {
    if (!Array.isArray(value) || value.length !== input.components.length)
      throw wrong(`a JSON list of ${input.components.length} for the tuple`, value)
    return input.components.map((component, i) => parseNested(value[i], component))
  }
  if (typeof value === 'boolean' && input.type === 'bool') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return parseElementary(String(value), input.type)
  if (typeof value !== 'string') throw wrong(`${input.type} as a JSON string`, value)
  return parseElementary(value, input.type)
}

function parseElementary(text: string, type: string): AbiValue {
  if (type === 'address') return parseAddress(text)
  if (type === 'string') {
    if (!text.isWellFormed()) throw wrong('well-formed text', text)
    return text
  }
  if (type === 'bool') {
    if (text !== 'true' && text !== 'false') throw wrong('true or false', text)
    return text === 'true'
  }
  if (type.startsWith('bytes')) {
    const hex = parseHex(text)
    const size = type.slice('bytes'.length)
    if (size !== '' && byteLength(hex) !== Number(size)) throw wrong(`exactly ${size} bytes`, text)
    return hex
  }
  return parseInteger(text, type)
}

function parseInteger(text: string, type: string): bigint {
  const signed = type.startsWith('int')
  const bits = BigInt(type.slice(signed ? 3 : 4))
  const form = signed ? /^(?:0|-?[1-9][0-9]*|0x[0-9a-fA-F]+)$/ : /^(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)$/
  if (text.length > 80 || !form.test(text)) throw wrong('a whole number, decimal or 0x', text)
  const value = BigInt(text)
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
  if (value < least || value > most) throw wrong(`a number that fits ${type}`, text)
  return value
}
