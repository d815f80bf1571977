import { CustodyError } from '../errors.ts'
import { type Address, toChecksum } from '../primitives/address.ts'
import { keccak256 } from '../primitives/hash.ts'
import { byteLength, type Hex, hexToBytes } from '../primitives/hex.ts'
import type { AbiParameter, AbiType } from './abi-type.ts'

/** uint and int as bigint, address checksummed, bytes as hex, lists and tuples as lists. */
export type AbiValue = bigint | boolean | string | readonly AbiValue[]

const notCanonical = (): CustodyError =>
  new CustodyError('ABI_INVALID', 'Expected the canonical encoding of the arguments.')

/**
 * Decodes arguments only when `body` is exactly what a standard encoder writes for these types: offsets in
 * order with no gap and no overlap, padding zero, nothing left over. Null for everything else, because two
 * decoders may read it differently and the one on the device may be the other.
 * @see Solidity ABI specification, "strict mode"
 */
export function decodeExactly(parameters: readonly AbiParameter[], body: Hex): readonly AbiValue[] | null {
  const reader = new Reader(body)
  try {
    const { values, end } = reader.sequence(
      parameters.map(({ type }) => type),
      0,
    )
    return end === reader.length ? values : null
  } catch (error) {
    if (error instanceof CustodyError) return null
    throw error
  }
}

class Reader {
  readonly length: number
  readonly #digits: string

  constructor(body: Hex) {
    this.#digits = body.slice(2)
    this.length = byteLength(body)
  }

  /** Values of a tuple or list whose head starts at `base`, and where its tail ends. */
  sequence(types: readonly AbiType[], base: number): { values: AbiValue[]; end: number } {
    let head = base
    let tail = base + 32 * types.reduce((sum, type) => sum + type.words, 0)
    if (tail > this.length) throw notCanonical()
    const values = types.map((type): AbiValue => {
      if (!type.dynamic) {
        const value = this.static(type, head)
        head += 32 * type.words
        return value
      }
      if (this.uint(head) !== BigInt(tail - base)) throw notCanonical()
      head += 32
      const { value, end } = this.dynamic(type, tail)
      tail = end
      return value
    })
    return { values, end: tail }
  }

  private dynamic(type: AbiType, at: number): { value: AbiValue; end: number } {
    if (type.kind === 'bytes' || type.kind === 'string') return this.bytes(type.kind, at)
    if (type.kind === 'tuple')
      return rename(
        this.sequence(
          type.components.map((component) => component.type),
          at,
        ),
      )
    if (type.kind !== 'list') throw notCanonical()
    if (type.length !== null)
      return rename(
        this.sequence(
          Array.from({ length: type.length }, () => type.item),
          at,
        ),
      )
    // Checked before anything is allocated: each item takes at least one word of what is left.
    const count = this.uint(at)
    if (count * BigInt(32 * type.item.words) > BigInt(this.length - at - 32)) throw notCanonical()
    return rename(
      this.sequence(
        Array.from({ length: Number(count) }, () => type.item),
        at + 32,
      ),
    )
  }

  private bytes(kind: 'bytes' | 'string', at: number): { value: string; end: number } {
    const size = this.uint(at)
    if (size > BigInt(this.length - at - 32)) throw notCanonical()
    const padded = Math.ceil(Number(size) / 32) * 32
    const content = this.#digits.slice(2 * (at + 32), 2 * (at + 32 + padded))
    const hex: Hex = `0x${content.slice(0, 2 * Number(size))}`
    if (content.length !== 2 * padded || !/^0*$/.test(content.slice(2 * Number(size)))) throw notCanonical()
    return { value: kind === 'bytes' ? hex : toText(hex), end: at + 32 + padded }
  }

  private static(type: AbiType, at: number): AbiValue {
    if (type.kind === 'tuple')
      return this.sequence(
        type.components.map((component) => component.type),
        at,
      ).values
    if (type.kind === 'list')
      return this.sequence(
        Array.from({ length: type.length as number }, () => type.item),
        at,
      ).values
    const word = this.word(at)
    if (type.kind === 'fixed-bytes') {
      if (!/^0*$/.test(word.slice(2 * type.size))) throw notCanonical()
      return `0x${word.slice(0, 2 * type.size)}`
    }
    const value = BigInt(`0x${word}`)
    if (type.kind === 'address') {
      if (value >> 160n !== 0n) throw notCanonical()
      return toChecksum(`0x${word.slice(24)}`)
    }
    if (type.kind === 'bool') {
      if (value > 1n) throw notCanonical()
      return value === 1n
    }
    const bits = (type as { readonly bits: number }).bits
    const read = type.kind === 'int' ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
    if (BigInt.asUintN(256, read) !== value) throw notCanonical()
    return read
  }

  private uint(at: number): bigint {
    return BigInt(`0x${this.word(at)}`)
  }

  private word(at: number): string {
    const word = this.#digits.slice(2 * at, 2 * at + 64)
    if (word.length !== 64) throw notCanonical()
    return word
  }
}

const rename = ({ values, end }: { values: AbiValue[]; end: number }): { value: AbiValue; end: number } => ({
  value: values,
  end,
})

// Bytes that are no UTF-8 stay hex, so that no replacement character hides what they were.
function toText(hex: Hex): string {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(hexToBytes(hex)))
  } catch {
    return `${hex} (not UTF-8)`
  }
}

const SHOWN_BYTES = 1024

/** A value as a review shows it. Long bytes are named by length and Keccak-256. */
export function formatValue(value: AbiValue): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`
  const text = String(value)
  return /^0x[0-9a-f]*$/.test(text) && byteLength(text as Hex) > SHOWN_BYTES
    ? `${byteLength(text as Hex)} bytes, keccak256 ${keccak256(text as Hex)}`
    : text
}

/** The address at an argument whose type is known to be one. */
export const asAddress = (value: AbiValue | undefined): Address => value as Address
export const asUint = (value: AbiValue | undefined): bigint => value as bigint
export const asBytes = (value: AbiValue | undefined): Hex => value as Hex
