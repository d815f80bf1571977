import { encodeMultiSendData } from '@safe-global/protocol-kit'
import fc from 'fast-check'
import { encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, it } from 'vitest'
import { concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { decodeMultiSend, encodeMultiSend } from '../../src/safe/multi-send.ts'
import { call, flipBit, RUNS } from './arbitraries.ts'

const abi = parseAbi(['function multiSend(bytes transactions) payable'])
const wrap = (packed: Hex): Hex => encodeFunctionData({ abi, args: [packed] })
const target = '0x1111111111111111111111111111111111111111'
const entry = (operation: string, length: bigint, data: Hex = '0x'): Hex =>
  concatHex(`0x${operation}`, target, uintWord(7n), uintWord(length), data)

describe('random batches', () => {
  it('encode as protocol-kit and viem encode them, and decode to themselves', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 6 }), (calls) => {
        const encoded = encodeMultiSend(calls)
        const theirs = encodeMultiSendData(calls.map((one) => ({ ...one, value: String(one.value) }))) as Hex
        expect(encoded).toBe(wrap(theirs))
        expect(decodeMultiSend(encoded)).toEqual(calls.map((one) => ({ operation: 0, ...one })))
      }),
      { numRuns: RUNS },
    )
  })

  it('G2 with one bit changed are refused or read as another batch, never as the same', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), fc.nat(), (calls, bit) => {
        const encoded = encodeMultiSend(calls)
        let read: unknown
        try {
          read = decodeMultiSend(flipBit(encoded, bit))
        } catch (error) {
          expect(error).toThrowWithCode('ABI_INVALID')
          return
        }
        expect(read).not.toEqual(decodeMultiSend(encoded))
      }),
      { numRuns: RUNS },
    )
  })

  it('cut short or made longer by any number of bytes are refused, never padded', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 200 }), (calls, count) => {
        const encoded = encodeMultiSend(calls)
        expect(() => decodeMultiSend(encoded.slice(0, Math.max(2, encoded.length - 2 * count)) as Hex)).toThrowWithCode(
          'ABI_INVALID',
        )
        expect(() => decodeMultiSend(`${encoded}${'00'.repeat(count)}`)).toThrowWithCode('ABI_INVALID')
      }),
      { numRuns: RUNS },
    )
  })
})

describe('what the contract would read past its end, or another reader otherwise', () => {
  it.each<readonly [string, Hex]>([
    ['an entry without its head', wrap('0x00')],
    ['an entry one byte short of its head', wrap(entry('00', 0n).slice(0, -2) as Hex)],
    ['data one byte short', wrap(entry('00', 3n, '0xaabb'))],
    ['a length of 2^256 - 1', wrap(entry('00', (1n << 256n) - 1n, '0xaabb'))],
    ['a length of 2^53 and one', wrap(entry('00', (1n << 53n) + 1n, '0xaabb'))],
    ['a byte after the last entry', wrap(concatHex(entry('00', 1n, '0xaa'), '0x00'))],
    ['operation 2', wrap(entry('02', 0n))],
    ['operation 255', wrap(entry('ff', 0n))],
    ['another selector', concatHex('0xdeadbeef', `0x${wrap(entry('00', 0n)).slice(10)}`)],
    ['only a selector', '0x8d80ff0a'],
    ['nothing', '0x'],
    ['dirt in the padding', concatHex(wrap(entry('00', 0n)).slice(0, -2) as Hex, '0x01')],
    [
      'an offset that skips a word',
      concatHex('0x8d80ff0a', uintWord(64n), uintWord(0n), uintWord(85n), entry('00', 0n), `0x${'00'.repeat(11)}`),
    ],
    ['a length of bytes that is not there', concatHex('0x8d80ff0a', uintWord(32n), uintWord(1n << 200n))],
    ['half a byte', `${wrap(entry('00', 0n))}0` as Hex],
  ])('refuses %s', (_, data) => {
    expect(() => decodeMultiSend(data)).toThrowWithCode('ABI_INVALID')
  })

  it('refuses what is no text', () => {
    expect(() => decodeMultiSend(null as unknown as Hex)).toThrowWithCode('ABI_INVALID')
  })

  it('shows an inner delegatecall as one, since only CallOnly would refuse it on chain', () => {
    expect(decodeMultiSend(wrap(entry('01', 2n, '0xaabb')))).toEqual([
      { operation: 1, to: target, value: 7n, data: '0xaabb' },
    ])
  })

  it('reads a batch of no calls as no calls', () => {
    expect(decodeMultiSend(wrap('0x'))).toEqual([])
  })
})

describe('a batch that cannot be encoded', () => {
  it('is refused when empty or out of range', () => {
    expect(() => encodeMultiSend([])).toThrowWithCode('FIELD_INVALID')
    expect(() => encodeMultiSend([{ to: target, value: -1n, data: '0x' }])).toThrowWithCode('FIELD_INVALID')
    expect(() => encodeMultiSend([{ to: target, value: 1n << 256n, data: '0x' }])).toThrowWithCode('FIELD_INVALID')
    expect(() => encodeMultiSend([{ to: '0x11', value: 0n, data: '0x' }])).toThrowWithCode('ADDRESS_INVALID')
    expect(() => encodeMultiSend([{ to: target, value: 0n, data: '0xabc' }])).toThrowWithCode('HEX_INVALID')
  })
})
