import { CustodyError, excerpt } from '../../errors.ts'
import { type Address, toChecksum } from '../../primitives/address.ts'
import type { Hex } from '../../primitives/hex.ts'
import type { Block } from '../chain.ts'

/** An answer that cannot be true or cannot be read. `what` names the field. */
export function invalidAnswer(what: string, expected: string, got: unknown): CustodyError {
  const text = typeof got === 'string' ? got : got === undefined ? 'nothing' : JSON.stringify(got)
  return new CustodyError('CHAIN_ANSWER_INVALID', `Expected ${what} as ${expected}, got "${excerpt(text)}".`)
}

/** A canonical quantity: `0x0` or no leading zero, at most 256 bits. @see EIP-1474 */
export function quantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/.test(value)) {
    throw invalidAnswer(what, 'a quantity without leading zeros', value)
  }
  return BigInt(value)
}

/** A quantity that JavaScript can count with. */
export function smallQuantity(value: unknown, what: string): number {
  const number = quantity(value, what)
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw invalidAnswer(what, 'a number below 2^53', value)
  return Number(number)
}

export function bytes(value: unknown, what: string): Hex {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value))
    throw invalidAnswer(what, 'whole bytes', value)
  return value.toLowerCase() as Hex
}

export function bytes32(value: unknown, what: string): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(value)) throw invalidAnswer(what, '32 bytes', value)
  return value.toLowerCase() as Hex
}

export function address(value: unknown, what: string): Address {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value))
    throw invalidAnswer(what, 'a 20-byte address', value)
  return toChecksum(value)
}

export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidAnswer(what, 'an object', value)
  return value as Record<string, unknown>
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidAnswer(what, 'a list', value)
  return value
}

/** A block header; null when the node has none. @throws CHAIN_ANSWER_INVALID, also when it is another block than asked */
export function block(value: unknown, asked: 'latest' | bigint): Block | null {
  if (value === null) {
    if (asked === 'latest') throw invalidAnswer('the latest block', 'an object', value)
    return null
  }
  const header = record(value, 'block')
  const number = quantity(header['number'], 'block number')
  if (asked !== 'latest' && number !== asked) throw invalidAnswer('block number', asked.toString(), number.toString())
  const base = header['baseFeePerGas']
  return {
    number,
    hash: bytes32(header['hash'], 'block hash'),
    timestamp: smallQuantity(header['timestamp'], 'block timestamp'),
    baseFeePerGas: base === undefined || base === null ? null : quantity(base, 'baseFeePerGas'),
  }
}
