import { CustodyError } from '../errors.ts'
import { type Address, toChecksum } from '../primitives/address.ts'
import { addressWord, byteLength, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import { bytesTail, encodeCall, SELECTORS } from './abi.ts'
import { checkSafeTx } from './hash.ts'
import type { SafeTx } from './safe-tx.ts'

/** `ExecutionSuccess(bytes32,uint256)` */
export const EXECUTION_SUCCESS_TOPIC: Hex = '0x442e715f626346e8c54381002da614f62bee8d27386535b2521ec8540898556e'
/** `ExecutionFailure(bytes32,uint256)`: the inner call failed, the nonce is used. */
export const EXECUTION_FAILURE_TOPIC: Hex = '0x23428b18acfb3ea64b08dc0c1d296ea9c09702c09083ca5272e64d115b687d23'

/** Everything of a SafeTx that travels in calldata; the nonce does not, the Safe supplies it. */
export type ExecutedTx = Omit<SafeTx, 'nonce'>

/** `execTransaction` calldata. `packed` comes from `packSignatures`. @throws FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID */
export function encodeExecTransaction(tx: SafeTx, packed: Hex): Hex {
  checkSafeTx(tx)
  return encodeExecuted({ ...tx, data: tx.data.toLowerCase() as Hex }, parseHex(packed, 'signatures'))
}

/**
 * Reads `execTransaction` calldata in its one canonical encoding; a missing, extra or moved byte is refused.
 * @throws ABI_INVALID
 */
export function decodeExecTransaction(data: Hex): { readonly tx: ExecutedTx; readonly signatures: Hex } {
  const refuse = (): never => {
    throw new CustodyError('ABI_INVALID', 'Expected canonical execTransaction calldata, got something else.')
  }
  // Selector, ten head words and two length words are the least there can be.
  if (typeof data !== 'string' || !/^0x(?:[0-9a-fA-F]{2}){388,}$/.test(data)) return refuse()
  const checked = data.toLowerCase() as Hex
  const word = (index: number): string => checked.slice(10 + 64 * index, 74 + 64 * index)
  const address = (index: number): Address => toChecksum(`0x${word(index).slice(24)}`)
  const uint = (index: number): bigint => BigInt(`0x${word(index)}`)
  const bytesAt = (offset: bigint): Hex => {
    const limit = BigInt(byteLength(checked) - 4)
    if (offset % 32n !== 0n || offset + 32n > limit) return refuse()
    const length = uint(Number(offset) / 32)
    if (offset + 32n + length > limit) return refuse()
    const start = 10 + 2 * (Number(offset) + 32)
    return `0x${checked.slice(start, start + 2 * Number(length))}`
  }
  const operation = uint(3)
  if (operation > 1n) return refuse()
  const tx: ExecutedTx = {
    to: address(0),
    value: uint(1),
    data: bytesAt(uint(2)),
    operation: operation === 0n ? 0 : 1,
    safeTxGas: uint(4),
    baseGas: uint(5),
    gasPrice: uint(6),
    gasToken: address(7),
    refundReceiver: address(8),
  }
  const signatures = bytesAt(uint(9))
  return encodeExecuted(tx, signatures) === checked ? { tx, signatures } : refuse()
}

function encodeExecuted(tx: ExecutedTx, signatures: Hex): Hex {
  return encodeCall(SELECTORS.execTransaction, [
    addressWord(tx.to),
    uintWord(tx.value),
    bytesTail(tx.data),
    uintWord(BigInt(tx.operation)),
    uintWord(tx.safeTxGas),
    uintWord(tx.baseGas),
    uintWord(tx.gasPrice),
    addressWord(tx.gasToken),
    addressWord(tx.refundReceiver),
    bytesTail(signatures),
  ])
}

/** What a Safe said about one of its transactions. `payment` in wei or base units of the gas token. */
export interface ExecutionLog {
  readonly safeTxHash: Hex
  readonly success: boolean
  readonly payment: bigint
}

/**
 * Reads a log of a Safe: hash indexed since 1.4.0, in the data before. Null for every other log, a malformed one
 * included, so null proves nothing. Any contract can emit these topics: compare `log.address` with the Safe first.
 */
export function parseExecutionLog(log: {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
}): ExecutionLog | null {
  const topic = log.topics[0]?.toLowerCase()
  if (topic !== EXECUTION_SUCCESS_TOPIC && topic !== EXECUTION_FAILURE_TOPIC) return null
  const rest = [...log.topics.slice(1), log.data].map((part) => part.slice(2).toLowerCase()).join('')
  if (log.topics.length > 2 || !/^[0-9a-f]{128}$/.test(rest)) return null
  if (log.topics.length === 2 && log.topics[1]?.length !== 66) return null
  return {
    safeTxHash: `0x${rest.slice(0, 64)}`,
    success: topic === EXECUTION_SUCCESS_TOPIC,
    payment: BigInt(`0x${rest.slice(64)}`),
  }
}
