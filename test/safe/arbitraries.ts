import fc from 'fast-check'
import { type Address, toChecksum } from '../../src/primitives/address.ts'
import { bytesToHex, type Hex } from '../../src/primitives/hex.ts'
import type { Call, SafeTx } from '../../src/safe/safe-tx.ts'

/** Runs of one property; `slow` ones cost a round trip or several signatures each. */
export const RUNS = Number(process.env.FC_NUM_RUNS ?? 100)
export const SLOW_RUNS = Number(process.env.FC_NUM_RUNS ?? 20)

export const VERSIONS = ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '1.3.0', '1.4.0', '1.4.1', '1.5.0'] as const

export const bytes = (maxLength = 200): fc.Arbitrary<Hex> => fc.uint8Array({ maxLength }).map(bytesToHex)
export const bytesOf = (length: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
export const address: fc.Arbitrary<Address> = bytesOf(20).map(toChecksum)
export const uint256: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.constant((1n << 256n) - 1n),
)
/** Always between 1 and the order of the curve. */
export const privateKey: fc.Arbitrary<Hex> = bytesOf(30).map((hex) => `0x01${hex.slice(2)}01` as Hex)

export const safeTx: fc.Arbitrary<SafeTx> = fc.record({
  to: address,
  value: uint256,
  data: bytes(),
  operation: fc.constantFrom(0 as const, 1 as const),
  safeTxGas: uint256,
  baseGas: uint256,
  gasPrice: uint256,
  gasToken: address,
  refundReceiver: address,
  nonce: uint256,
})

export const call: fc.Arbitrary<Call> = fc.record({ to: address, value: uint256, data: bytes() })

/** The transaction with one bit of one field changed. */
export function flipped(tx: SafeTx, field: keyof SafeTx, bit: number): SafeTx {
  const value = tx[field]
  if (typeof value === 'bigint') return { ...tx, [field]: value ^ (1n << BigInt(bit % 256)) }
  if (typeof value === 'number') return { ...tx, [field]: value ^ 1 }
  if (value.length === 2) return { ...tx, [field]: '0x00' }
  return { ...tx, [field]: flipBit(value, bit) }
}

/** The bytes with one bit changed, counted from the left, wrapping. */
export function flipBit(hex: Hex, bit: number): Hex {
  const raw = Buffer.from(hex.slice(2), 'hex')
  const at = bit % (raw.length * 8)
  raw[at >> 3] = (raw[at >> 3] as number) ^ (0x80 >> (at & 7))
  return `0x${raw.toString('hex')}`
}
