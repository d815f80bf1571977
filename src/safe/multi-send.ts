import { CustodyError } from '../errors.ts'
import { type Address, toChecksum } from '../primitives/address.ts'
import { byteLength, concatHex, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import { bytesTail, encodeCall, SELECTORS } from './abi.ts'
import { checkAddress, checkUint256 } from './hash.ts'
import type { Call, Operation } from './safe-tx.ts'

/** One entry of a batch. `value` in wei. */
export interface BatchEntry {
  readonly operation: Operation
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
}

// operation (1 byte), to (20), value (32), length of data (32), then data
const ENTRY_HEAD_BYTES = 85

/**
 * `multiSend(bytes)` calldata with every entry a plain call.
 * @throws FIELD_INVALID when empty or out of range, ADDRESS_INVALID, HEX_INVALID
 */
export function encodeMultiSend(calls: readonly Call[]): Hex {
  if (calls.length === 0) throw new CustodyError('FIELD_INVALID', 'Expected a batch of at least one call, got none.')
  const entries = calls.map((call, index) => {
    const data = parseHex(call.data, `data of batch[${index}]`)
    const to = checkAddress(call.to, `target of batch[${index}]`).toLowerCase() as Hex
    return concatHex(
      '0x00',
      to,
      uintWord(checkUint256(call.value, `value of batch[${index}]`)),
      uintWord(BigInt(byteLength(data))),
      data,
    )
  })
  return encodeCall(SELECTORS.multiSend, [bytesTail(concatHex(...entries))])
}

/**
 * Reads `multiSend(bytes)` calldata. Only the one canonical encoding is read: a short entry, a trailing byte, a
 * non-zero padding byte or a foreign offset is refused, because the contract reads memory past a short batch
 * and another decoder might show another batch.
 * @throws ABI_INVALID
 */
export function decodeMultiSend(data: Hex): readonly BatchEntry[] {
  const packed = unwrap(data)
  const entries: BatchEntry[] = []
  let position = 2
  const take = (bytes: number): Hex => {
    const end = position + 2 * bytes
    if (end > packed.length) {
      const left = (packed.length - position) / 2
      throw new CustodyError('ABI_INVALID', `Expected ${bytes} more bytes in batch[${entries.length}], got ${left}.`)
    }
    const part = packed.slice(position, end)
    position = end
    return `0x${part}`
  }
  while (position < packed.length) {
    const head = take(ENTRY_HEAD_BYTES)
    const operation = Number(head.slice(0, 4))
    if (operation !== 0 && operation !== 1) {
      throw new CustodyError('ABI_INVALID', `Expected operation 0 or 1 in batch[${entries.length}], got ${operation}.`)
    }
    const length = BigInt(`0x${head.slice(108)}`)
    const left = BigInt((packed.length - position) / 2)
    if (length > left) {
      throw new CustodyError(
        'ABI_INVALID',
        `Expected ${length} bytes of data in batch[${entries.length}], got ${left}.`,
      )
    }
    entries.push({
      operation,
      to: toChecksum(`0x${head.slice(4, 44)}`),
      value: BigInt(`0x${head.slice(44, 108)}`),
      data: take(Number(length)),
    })
  }
  return entries
}

// Encoding again what was read and comparing is the shortest proof that no byte was overlooked.
function unwrap(data: Hex): Hex {
  const checked = parseAbi(data)
  const length = BigInt(`0x${checked.slice(74, 138)}`)
  if (checked.slice(0, 10) === SELECTORS.multiSend && length <= BigInt(byteLength(checked))) {
    const packed: Hex = `0x${checked.slice(138, 138 + 2 * Number(length))}`
    if (encodeCall(SELECTORS.multiSend, [bytesTail(packed)]) === checked) return packed
  }
  throw new CustodyError(
    'ABI_INVALID',
    `Expected canonical multiSend(bytes) calldata, got ${byteLength(checked)} bytes that are not.`,
  )
}

function parseAbi(data: Hex): Hex {
  if (typeof data !== 'string' || !/^0x(?:[0-9a-fA-F]{2}){68,}$/.test(data)) {
    throw new CustodyError('ABI_INVALID', 'Expected multiSend(bytes) calldata of at least 68 whole bytes.')
  }
  return data.toLowerCase() as Hex
}
