import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCallInput } from '../../src/request/call.ts'
import { parseExpiry } from '../../src/request/expiry.ts'
import { newRequestId } from '../../src/request/id.ts'
import { parseTransferInput, type TransferContext } from '../../src/request/transfer.ts'
import { address, data, runs, uint256 } from './arbitrary-request.ts'

const TO = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const TOKEN = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'
const context: TransferContext = {
  assets: [
    { symbol: 'USDC', token: TOKEN, decimals: 6 },
    { symbol: 'ETH', token: null, decimals: 18 },
  ],
  addressBook: [{ name: 'acme', address: TO }],
  chainPrefix: 'eth',
}

describe('when a transfer is given by hand', () => {
  it('resolves asset and name and takes the amount exactly', () => {
    expect(parseTransferInput({ to: 'acme', asset: 'USDC', amount: '12500.00' }, context)).toEqual({
      kind: 'transfer',
      asset: 'USDC',
      token: TOKEN,
      decimals: 6,
      recipient: TO,
      recipientName: 'acme',
      amount: 12_500_000_000n,
    })
  })

  it.each([[TO], [TO.toLowerCase()], [`eth:${TO}`]])('finds the name of the address %s', (to) => {
    expect(parseTransferInput({ to, asset: 'ETH', amount: '1' }, context)).toMatchObject({
      recipient: TO,
      recipientName: 'acme',
    })
  })

  it.each([
    ['ASSET_UNKNOWN', { asset: 'usdc' }],
    ['ASSET_UNKNOWN', { asset: '' }],
    ['ADDRESS_UNKNOWN', { to: 'acmee' }],
    ['ADDRESS_UNKNOWN', { to: '' }],
    ['ADDRESS_INVALID', { to: '0x1234' }],
    ['ADDRESS_INVALID', { to: `${TO} ` }],
    ['ADDRESS_CHECKSUM', { to: TO.replace('aA', 'AA') }],
    ['ADDRESS_CHAIN_MISMATCH', { to: `matic:${TO}` }],
    ['AMOUNT_INVALID', { amount: '0' }],
    ['AMOUNT_INVALID', { amount: '0.000000' }],
    ['AMOUNT_INVALID', { amount: '-1' }],
    ['AMOUNT_INVALID', { amount: '1e3' }],
    ['AMOUNT_INVALID', { amount: '1,000' }],
    ['AMOUNT_TOO_PRECISE', { amount: '1.0000001' }],
  ] as const)('refuses with %s for %o', (code, change) => {
    expect(() => parseTransferInput({ to: 'acme', asset: 'USDC', amount: '1', ...change }, context)).toThrowWithCode(
      code,
    )
  })

  it('refuses every prefix where the chain has none', () => {
    expect(() =>
      parseTransferInput({ to: `eth:${TO}`, asset: 'ETH', amount: '1' }, { ...context, chainPrefix: null }),
    ).toThrowWithCode('ADDRESS_CHAIN_MISMATCH')
  })
})

describe('when a call is given by hand', () => {
  it('encodes a signature without arguments', () => {
    expect(parseCallInput({ to: TO, sig: 'pause()' })).toEqual({
      call: { to: TO, value: 0n, data: '0x8456cb59' },
      signature: 'pause()',
    })
  })

  it('encodes as ethers does', () => {
    const signature = 'f(address,uint256,int64,bool,bytes,bytes4,string,uint8[],(address,uint256)[2])'
    const one = new Interface([`function ${signature}`])
    fc.assert(
      fc.property(
        address,
        uint256,
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.boolean(),
        data,
        fc.string(),
        fc.array(fc.nat({ max: 255 })),
        (who, n, i, flag, bytes, text, list) => {
          const tuple = [
            [who, n.toString()],
            [who, '0x0a'],
          ]
          const { call } = parseCallInput({
            to: TO,
            sig: signature,
            args: [
              who,
              n.toString(),
              i.toString(),
              String(flag),
              bytes,
              '0x01020304',
              text,
              JSON.stringify(list),
              JSON.stringify(tuple),
            ],
          })
          expect(call.data).toBe(
            one.encodeFunctionData('f', [
              who,
              n,
              i,
              flag,
              bytes,
              '0x01020304',
              text,
              list,
              [
                [who, n],
                [who, 10n],
              ],
            ]),
          )
        },
      ),
      { numRuns: runs },
    )
  })

  const abi = JSON.stringify([
    {
      type: 'function',
      name: 'set',
      inputs: [
        {
          name: 'a',
          type: 'tuple',
          components: [
            { name: 'x', type: 'uint8' },
            { name: 'y', type: 'bytes' },
          ],
        },
      ],
      outputs: [],
      stateMutability: 'payable',
    },
    { type: 'function', name: 'over', inputs: [] },
    { type: 'function', name: 'over', inputs: [{ name: 'n', type: 'uint256' }] },
    { type: 'event', name: 'set', inputs: [] },
  ])

  it('encodes by an ABI, an artifact, and a whole signature where a name is overloaded', () => {
    const { call, signature } = parseCallInput({
      to: TO,
      abi,
      method: 'set',
      args: ['["7","0xabcd"]'],
      value: '0.5 ETH',
    })
    expect(signature).toBe('set((uint8,bytes))')
    expect(call).toEqual({
      to: TO,
      value: 5n * 10n ** 17n,
      data: new Interface(abi).encodeFunctionData('set', [[7, '0xabcd']]),
    })
    expect(
      parseCallInput({ to: TO, abi: `{"contractName":"C","abi":${abi}}`, method: 'over(uint256)', args: ['1'] })
        .signature,
    ).toBe('over(uint256)')
  })

  it('passes raw data and plain value on', () => {
    expect(parseCallInput({ to: TO, data: '0xABCDEF', value: 3n })).toEqual({
      call: { to: TO, value: 3n, data: '0xabcdef' },
      signature: null,
    })
    expect(parseCallInput({ to: TO, value: '12' })).toEqual({
      call: { to: TO, value: 12n, data: '0x' },
      signature: null,
    })
  })

  const bad: readonly [string, string, Parameters<typeof parseCallInput>[0], string][] = [
    ['ABI_INVALID', 'too few arguments', { to: TO, sig: 'f(uint8)' }, 'Expected 1 argument'],
    ['ABI_INVALID', 'too many arguments', { to: TO, sig: 'f()', args: ['1'] }, 'Expected 0 arguments'],
    ['ABI_INVALID', 'a number out of range', { to: TO, sig: 'f(uint8)', args: ['256'] }, 'Argument 1'],
    ['ABI_INVALID', 'a negative unsigned number', { to: TO, sig: 'f(uint8)', args: ['-1'] }, 'Argument 1'],
    ['ABI_INVALID', 'an int that does not fit', { to: TO, sig: 'f(int8)', args: ['128'] }, 'Argument 1'],
    ['ABI_INVALID', 'a fraction', { to: TO, sig: 'f(uint256)', args: ['1.5'] }, 'Argument 1'],
    ['ABI_INVALID', 'a leading zero', { to: TO, sig: 'f(uint256)', args: ['010'] }, 'Argument 1'],
    ['ABI_INVALID', 'an empty number', { to: TO, sig: 'f(uint256)', args: [''] }, 'Argument 1'],
    [
      'ABI_INVALID',
      'a second argument that is wrong',
      { to: TO, sig: 'f(bool,bool)', args: ['true', '1'] },
      'Argument 2 (bool)',
    ],
    ['ABI_INVALID', 'a wrong checksum', { to: TO, sig: 'f(address)', args: [TO.replace('aA', 'AA')] }, 'checksum'],
    ['ABI_INVALID', 'too short fixed bytes', { to: TO, sig: 'f(bytes4)', args: ['0x010203'] }, 'exactly 4 bytes'],
    ['ABI_INVALID', 'half a byte', { to: TO, sig: 'f(bytes)', args: ['0x1'] }, 'Argument 1'],
    ['ABI_INVALID', 'a list of the wrong length', { to: TO, sig: 'f(uint8[2])', args: ['[1]'] }, 'a list of 2'],
    [
      'ABI_INVALID',
      'a number in a list that JSON rounds',
      { to: TO, sig: 'f(uint256[])', args: ['[9007199254740993]'] },
      'Argument 1',
    ],
    ['ABI_INVALID', 'a tuple of the wrong size', { to: TO, sig: 'f((uint8,uint8))', args: ['[1]'] }, 'tuple'],
    ['ABI_INVALID', 'an alias type', { to: TO, sig: 'f(uint)', args: ['1'] }, '"uint"'],
    ['ABI_INVALID', 'a space in the signature', { to: TO, sig: 'f(address, uint256)', args: [TO, '1'] }, 'type'],
    ['ABI_INVALID', 'a name only', { to: TO, sig: 'pause' }, 'signature'],
    ['ABI_INVALID', 'brackets that do not match', { to: TO, sig: 'f((uint8)' }, 'f((uint8)'],
    ['ABI_INVALID', 'a type that is none', { to: TO, sig: 'f(uint7)', args: ['1'] }, 'uint7'],
    ['ABI_INVALID', 'a method that is not there', { to: TO, abi, method: 'get' }, 'found none'],
    ['ABI_INVALID', 'an overloaded name', { to: TO, abi, method: 'over' }, 'found 2'],
    ['ABI_INVALID', 'a method without an ABI', { to: TO, method: 'get' }, 'ABI'],
    ['ABI_INVALID', 'an ABI that is none', { to: TO, abi: '{}' }, 'ABI'],
    ['JSON_INVALID', 'an ABI that is not JSON', { to: TO, abi: '[', method: 'f' }, 'ABI'],
    ['ABI_INVALID', 'data beside a signature', { to: TO, sig: 'f()', data: '0x' }, 'several'],
    ['ABI_INVALID', 'arguments without a signature', { to: TO, args: ['1'] }, 'signature'],
    ['HEX_INVALID', 'half a byte of data', { to: TO, data: '0x1' }, 'data'],
    ['AMOUNT_INVALID', 'a value with a sign', { to: TO, value: '-1' }, 'value'],
    ['AMOUNT_TOO_PRECISE', 'a fraction of a wei', { to: TO, value: '0.5' }, 'value'],
    ['ADDRESS_INVALID', 'no target', { to: '' }, 'target'],
  ]
  it.each(bad)('refuses with %s: %s', (code, _what, input, words) => {
    expect(() => parseCallInput(input)).toThrowWithCode(code as 'ABI_INVALID')
    expect(() => parseCallInput(input)).toThrow(words)
  })
})

describe('when an expiry is given', () => {
  it('adds it to the time of now', () => {
    expect(parseExpiry('7d', 1000)).toBe(1000 + 604_800)
    expect(parseExpiry('1m', 0)).toBe(60)
    expect(parseExpiry('90d', 0)).toBe(7_776_000)
  })

  it.each([
    ['59s', 'EXPIRY_INVALID'],
    ['0s', 'EXPIRY_INVALID'],
    ['91d', 'EXPIRY_INVALID'],
    ['2161h', 'EXPIRY_INVALID'],
    ['7', 'DURATION_INVALID'],
    ['-7d', 'DURATION_INVALID'],
    ['1.5d', 'DURATION_INVALID'],
    ['soon', 'DURATION_INVALID'],
  ] as const)('refuses %s with %s', (text, code) => {
    expect(() => parseExpiry(text, 0)).toThrowWithCode(code)
  })
})

describe('when ids are made', () => {
  it('sorts later seconds later and never repeats', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => newRequestId(1_700_000_000 + i))
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(Array.from({ length: 1000 }, () => newRequestId(1))).size).toBe(1000)
    expect(ids.every((id) => /^r[0-9a-hjkmnp-tv-z]{23}$/.test(id))).toBe(true)
  })
})
