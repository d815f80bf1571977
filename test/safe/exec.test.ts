import fc from 'fast-check'
import { decodeFunctionData, encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/primitives/address.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import { concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import {
  decodeExecTransaction,
  encodeExecTransaction,
  EXECUTION_FAILURE_TOPIC,
  EXECUTION_SUCCESS_TOPIC,
  parseExecutionLog,
} from '../../src/safe/exec.ts'
import { bytes, bytesOf, flipBit, RUNS, safeTx, uint256 } from './arbitraries.ts'

const abi = parseAbi([
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)',
])

describe('random execTransaction calldata', () => {
  it('is what viem encodes, and decodes to itself', () => {
    fc.assert(
      fc.property(safeTx, bytes(300), (tx, signatures) => {
        const encoded = encodeExecTransaction(tx, signatures)
        expect(encoded).toBe(
          encodeFunctionData({
            abi,
            args: [
              tx.to,
              tx.value,
              tx.data,
              tx.operation,
              tx.safeTxGas,
              tx.baseGas,
              tx.gasPrice,
              tx.gasToken,
              tx.refundReceiver,
              signatures,
            ],
          }),
        )
        const { nonce: _, ...executed } = tx
        expect(decodeExecTransaction(encoded)).toEqual({ tx: executed, signatures })
        expect(decodeFunctionData({ abi, data: encoded }).args[2]).toBe(tx.data)
      }),
      { numRuns: RUNS },
    )
  })

  it('G2 with one bit changed is refused or read as another transaction, never as the same', () => {
    fc.assert(
      fc.property(safeTx, bytes(300), fc.nat(), (tx, signatures, bit) => {
        const encoded = encodeExecTransaction(tx, signatures)
        let read: unknown
        try {
          read = decodeExecTransaction(flipBit(encoded, bit))
        } catch (error) {
          expect(error).toThrowWithCode('ABI_INVALID')
          return
        }
        expect(read).not.toEqual(decodeExecTransaction(encoded))
      }),
      { numRuns: RUNS },
    )
  })

  it('cut short or made longer is refused', () => {
    fc.assert(
      fc.property(safeTx, bytes(), fc.integer({ min: 1, max: 400 }), (tx, signatures, count) => {
        const encoded = encodeExecTransaction(tx, signatures)
        expect(() =>
          decodeExecTransaction(encoded.slice(0, Math.max(2, encoded.length - 2 * count)) as Hex),
        ).toThrowWithCode('ABI_INVALID')
        expect(() => decodeExecTransaction(`${encoded}${'00'.repeat(count)}`)).toThrowWithCode('ABI_INVALID')
      }),
      { numRuns: RUNS },
    )
  })

  it('refuses signatures and fields that are malformed', () => {
    const [tx] = fc.sample(safeTx, { numRuns: 1, seed: 1 })
    if (tx === undefined) throw new Error('no sample')
    expect(() => encodeExecTransaction(tx, '0x123')).toThrowWithCode('HEX_INVALID')
    expect(() => encodeExecTransaction({ ...tx, value: -1n }, '0x')).toThrowWithCode('FIELD_INVALID')
    expect(() => decodeExecTransaction(undefined as unknown as Hex)).toThrowWithCode('ABI_INVALID')
    // Offsets that overlap both arguments decode with a lenient reader, and are refused here.
    const encoded = encodeExecTransaction({ ...tx, data: '0x' }, '0x')
    const shared = concatHex(
      `0x${encoded.slice(2, 10 + 64 * 9)}`,
      uintWord(320n),
      `0x${encoded.slice(10 + 64 * 10, 10 + 64 * 11)}`,
    )
    expect(decodeFunctionData({ abi, data: shared }).args[9]).toBe('0x')
    expect(() => decodeExecTransaction(`${shared}${'00'.repeat(32)}`)).toThrowWithCode('ABI_INVALID')
  })
})

describe('a log of a Safe', () => {
  const address: Address = '0x1111111111111111111111111111111111111111'

  it('has the topics of its events', () => {
    expect(keccak256Text('ExecutionSuccess(bytes32,uint256)')).toBe(EXECUTION_SUCCESS_TOPIC)
    expect(keccak256Text('ExecutionFailure(bytes32,uint256)')).toBe(EXECUTION_FAILURE_TOPIC)
  })

  it('reads with the hash indexed (1.4.0 on) and in the data (1.3.0)', () => {
    fc.assert(
      fc.property(bytesOf(32), uint256, fc.boolean(), (safeTxHash, payment, success) => {
        const topic = success ? EXECUTION_SUCCESS_TOPIC : EXECUTION_FAILURE_TOPIC
        const expected = { safeTxHash, success, payment }
        expect(parseExecutionLog({ address, topics: [topic, safeTxHash], data: uintWord(payment) })).toEqual(expected)
        expect(parseExecutionLog({ address, topics: [topic], data: concatHex(safeTxHash, uintWord(payment)) })).toEqual(
          expected,
        )
      }),
      { numRuns: RUNS },
    )
  })

  const hash = uintWord(5n)
  it.each<[string, readonly Hex[], Hex]>([
    ['no topic', [], concatHex(hash, hash)],
    ['another topic', [hash], concatHex(hash, hash)],
    ['no hash at all', [EXECUTION_SUCCESS_TOPIC], hash],
    ['a hash twice', [EXECUTION_SUCCESS_TOPIC, hash], concatHex(hash, hash)],
    ['one topic too many', [EXECUTION_SUCCESS_TOPIC, hash, hash], '0x'],
    ['a short topic', [EXECUTION_SUCCESS_TOPIC, '0x05'], concatHex(hash, `0x${'00'.repeat(31)}`)],
    ['no data', [EXECUTION_SUCCESS_TOPIC, hash], '0x'],
    ['one byte too many', [EXECUTION_SUCCESS_TOPIC, hash], `${hash}00`],
    ['no hexadecimal', [EXECUTION_SUCCESS_TOPIC, hash], `0x${'zz'.repeat(32)}`],
  ])('proves nothing with %s', (_, topics, data) => {
    expect(parseExecutionLog({ address, topics, data })).toBeNull()
  })
})
