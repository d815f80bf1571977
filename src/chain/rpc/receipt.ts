import { keccak256 } from '../../primitives/hash.ts'
import { bytesToHex, type Hex, hexToBytes } from '../../primitives/hex.ts'
import type { Log, Receipt } from '../chain.ts'
import { address, bytes, bytes32, invalidAnswer, list, quantity, record, smallQuantity } from './shapes.ts'

/** One log entry of a mined block. @throws CHAIN_ANSWER_INVALID */
export function readLog(value: unknown): Log {
  const log = record(value, 'log')
  if (log['removed'] === true) throw invalidAnswer('log', 'an entry of the present chain', 'removed')
  const topics = list(log['topics'], 'log topics').map((topic) => bytes32(topic, 'log topic'))
  if (topics.length > 4) throw invalidAnswer('log topics', 'at most four', topics.length)
  return {
    address: address(log['address'], 'log address'),
    topics,
    data: bytes(log['data'], 'log data'),
    blockNumber: quantity(log['blockNumber'], 'log blockNumber'),
    blockHash: bytes32(log['blockHash'], 'log blockHash'),
    transactionHash: bytes32(log['transactionHash'], 'log transactionHash'),
    logIndex: smallQuantity(log['logIndex'], 'log logIndex'),
  }
}

/**
 * A receipt that is consistent in itself: it is of the transaction asked for, each log belongs to it, and
 * its bloom filter is that of its logs, so that a log cannot be left out or slipped in alone.
 * @throws CHAIN_ANSWER_INVALID
 */
export function readReceipt(value: unknown, asked: Hex): Receipt | null {
  if (value === null) return null
  const receipt = record(value, 'receipt')
  const transactionHash = bytes32(receipt['transactionHash'], 'receipt transactionHash')
  if (transactionHash !== asked.toLowerCase()) throw invalidAnswer('receipt transactionHash', asked, transactionHash)
  const blockNumber = quantity(receipt['blockNumber'], 'receipt blockNumber')
  const blockHash = bytes32(receipt['blockHash'], 'receipt blockHash')
  const status = quantity(receipt['status'], 'receipt status')
  if (status > 1n) throw invalidAnswer('receipt status', '0x0 or 0x1', receipt['status'])
  const logs = list(receipt['logs'], 'receipt logs').map((log) => readLog(log))
  let previous = -1
  for (const log of logs) {
    if (log.transactionHash !== transactionHash || log.blockHash !== blockHash || log.blockNumber !== blockNumber) {
      throw invalidAnswer('receipt logs', 'logs of the same transaction and block', log.transactionHash)
    }
    if (log.logIndex <= previous) throw invalidAnswer('receipt logs', 'logs in ascending order', log.logIndex)
    previous = log.logIndex
  }
  if (status === 0n && logs.length > 0)
    throw invalidAnswer('receipt logs', 'none in a reverted transaction', logs.length)
  assertBloom(receipt['logsBloom'], logs)
  const l1Fee = receipt['l1Fee']
  const to = receipt['to']
  return {
    transactionHash,
    blockNumber,
    blockHash,
    success: status === 1n,
    from: address(receipt['from'], 'receipt from'),
    to: to === null || to === undefined ? null : address(to, 'receipt to'),
    gasUsed: quantity(receipt['gasUsed'], 'receipt gasUsed'),
    effectiveGasPrice: quantity(receipt['effectiveGasPrice'], 'receipt effectiveGasPrice'),
    l1Fee: l1Fee === undefined || l1Fee === null ? null : quantity(l1Fee, 'receipt l1Fee'),
    logs,
  }
}

const BLOOM_BYTES = 256
const EMPTY_BLOOM: Hex = `0x${'00'.repeat(BLOOM_BYTES)}`

// Some chains fill in no bloom filter at all; a filter that is there must be the right one.
function assertBloom(value: unknown, logs: readonly Log[]): void {
  if (value === undefined || value === null) return
  const bloom = bytes(value, 'receipt logsBloom')
  if (bloom === EMPTY_BLOOM) return
  if (bloom !== logsBloom(logs))
    throw invalidAnswer('receipt logs', 'the logs of its bloom filter', `${logs.length} logs`)
}

/** The 2048-bit filter over addresses and topics. @see Yellow Paper §4.3.1, M3:2048 */
export function logsBloom(logs: readonly Pick<Log, 'address' | 'topics'>[]): Hex {
  const bloom = new Uint8Array(BLOOM_BYTES)
  for (const item of logs.flatMap((log) => [log.address, ...log.topics])) {
    const hash = hexToBytes(keccak256(item))
    for (const at of [0, 2, 4]) {
      const bit = (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 2047
      const index = BLOOM_BYTES - 1 - (bit >> 3)
      bloom[index] = (bloom[index] as number) | (1 << (bit & 7))
    }
  }
  return bytesToHex(bloom)
}
