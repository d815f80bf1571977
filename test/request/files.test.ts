import { Interface } from 'ethers'
import { describe, expect, it } from 'vitest'
import { parsePayouts } from '../../src/request/payouts-csv.ts'
import { parseTransactionBuilder } from '../../src/request/transaction-builder.ts'
import { builderChecksum } from '../../src/request/transaction-builder-checksum.ts'
import published from '../vectors/transaction-builder/timelock-batch.json' with { type: 'json' }

const TO = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

describe('when a payout file is read', () => {
  it('keeps every cell as text, with the line an editor shows', () => {
    expect(parsePayouts('to,asset,amount,memo\nacme,USDC,12500.00,"March, part 1"\n\n' + `${TO},ETH,0.5,\n`)).toEqual([
      { line: 2, to: 'acme', asset: 'USDC', amount: '12500.00', memo: 'March, part 1' },
      { line: 4, to: TO, asset: 'ETH', amount: '0.5', memo: null },
    ])
  })

  it('reads a byte-order mark, other line ends, other column orders and quoted line breaks', () => {
    expect(parsePayouts('\ufeffamount,to,asset\r\n1,a,ETH\r\n')).toEqual([
      { line: 2, to: 'a', asset: 'ETH', amount: '1', memo: null },
    ])
    expect(parsePayouts('to,asset,amount,memo\na,ETH,1,"x\ny"\nb,ETH,2,\n').map(({ line }) => line)).toEqual([2, 4])
  })

  it('takes formula characters for data', () => {
    expect(parsePayouts('to,asset,amount\n=HYPERLINK(1),+1,@x')[0]).toEqual({
      line: 2,
      to: '=HYPERLINK(1)',
      asset: '+1',
      amount: '@x',
      memo: null,
    })
  })

  it('takes 500 rows and refuses 501', () => {
    const rows = (n: number): string => `to,asset,amount\n${'a,ETH,1\n'.repeat(n)}`
    expect(parsePayouts(rows(500))).toHaveLength(500)
    expect(() => parsePayouts(rows(501))).toThrowWithCode('CSV_INVALID')
  })

  it.each([
    ['an empty file', '', 'empty file'],
    ['a header only', 'to,asset,amount\n', 'at least one'],
    ['no header', 'acme,USDC,1\n', 'Line 1'],
    ['an unknown column', 'to,asset,amount,fee\na,b,1,2\n', '"fee"'],
    ['a missing column', 'to,amount\na,1\n', 'asset'],
    ['a column twice', 'to,asset,amount,to\na,b,1,c\n', 'twice'],
    ['a cell too few', 'to,asset,amount\na,ETH,1\nb,ETH\n', 'Line 3'],
    ['a cell too many', 'to,asset,amount\na,ETH,1,x\n', 'Line 2'],
    ['an empty cell', 'to,asset,amount\na,ETH,1\na,,1\n', 'Line 3: the cell asset'],
    ['an open quote', 'to,asset,amount\na,ETH,"1\n', 'Line'],
    ['a quote inside a cell', 'to,asset,amount\na,ETH,1"2\n', 'Line'],
  ])('refuses %s with its line', (_what, text, words) => {
    expect(() => parsePayouts(text)).toThrowWithCode('CSV_INVALID')
    expect(() => parsePayouts(text)).toThrow(words)
  })
})

const erc20 = new Interface(['function transfer(address to, uint256 amount)'])
const method = {
  name: 'transfer',
  payable: false,
  inputs: [
    { internalType: 'address', name: 'to', type: 'address' },
    { internalType: 'uint256', name: 'amount', type: 'uint256' },
  ],
}
const file = (transactions: unknown[], more: object = {}): string =>
  JSON.stringify({
    version: '1.0',
    chainId: '1',
    createdAt: 1,
    meta: { name: 'x', anything: 1 },
    transactions,
    ...more,
  })
const plain = { to: TO, value: '5', data: '0xabcd', contractMethod: null, contractInputsValues: null }

describe('when a Transaction Builder file is read', () => {
  it('takes data as it is and encodes a method with its values', () => {
    const values = { to: TO, amount: '12500000000' }
    const data = erc20.encodeFunctionData('transfer', [TO, 12_500_000_000n])
    const calls = parseTransactionBuilder(
      file([
        plain,
        { to: TO, value: '0', data: null, contractMethod: method, contractInputsValues: values },
        { to: TO, value: '0', data, contractMethod: method, contractInputsValues: values },
        { to: TO, value: '1' },
      ]),
      1,
    )
    expect(calls).toEqual([
      { to: TO, value: 5n, data: '0xabcd' },
      { to: TO, value: 0n, data },
      { to: TO, value: 0n, data },
      { to: TO, value: 1n, data: '0x' },
    ])
  })

  it('computes the checksum that the builder itself wrote', () => {
    expect(builderChecksum(published.file)).toBe(published.file.meta.checksum)
    expect(
      parseTransactionBuilder(
        JSON.stringify({ ...published.file, transactions: published.file.transactions })
          .replaceAll('"0x0"', `"0x${'00'.repeat(32)}"`)
          .replace(/"checksum":"[^"]*"/, '"checksum":""'),
        1,
      ),
    ).toHaveLength(1)
  })

  it('refuses a checksum that is not that of the file', () => {
    const document = JSON.parse(file([plain])) as { meta: object }
    const right = builderChecksum(document as never)
    expect(
      parseTransactionBuilder(file([plain], { meta: { name: 'another name', anything: 1, checksum: right } }), 1),
    ).toHaveLength(1)
    expect(() =>
      parseTransactionBuilder(
        file([{ ...plain, value: '6' }], { meta: { name: 'x', anything: 1, checksum: right } }),
        1,
      ),
    ).toThrowWithCode('FIELD_INVALID')
  })

  it.each([
    ['FIELD_INVALID', 'another chain', file([plain], { chainId: '10' }), 'chainId'],
    ['FIELD_INVALID', 'another version', file([plain], { version: '2.0' }), 'version'],
    ['FIELD_INVALID', 'no transactions', file([]), 'transactions'],
    ['FIELD_UNKNOWN', 'an unknown field', file([plain], { safe: TO }), 'safe'],
    ['FIELD_UNKNOWN', 'an operation', file([{ ...plain, operation: 1 }]), 'operation'],
    ['FIELD_INVALID', 'a value that is a number', file([{ ...plain, value: 5 }]), 'value'],
    ['AMOUNT_INVALID', 'a value in hex', file([{ ...plain, value: '0x5' }]), 'transactions[0]'],
    [
      'ADDRESS_CHECKSUM',
      'a wrong checksum',
      file([plain, { ...plain, to: TO.replace('aA', 'AA') }]),
      'transactions[1]',
    ],
    ['HEX_INVALID', 'half a byte', file([{ ...plain, data: '0xabc' }]), 'transactions[0]'],
    [
      'FIELD_INVALID',
      'data and method that differ',
      file([{ ...plain, contractMethod: method, contractInputsValues: { to: TO, amount: '1' } }]),
      'differ',
    ],
    [
      'FIELD_INVALID',
      'a method without its values',
      file([{ ...plain, data: null, contractMethod: method }]),
      'contractInputsValues',
    ],
    [
      'FIELD_INVALID',
      'a value that is missing',
      file([{ ...plain, data: null, contractMethod: method, contractInputsValues: { to: TO } }]),
      'amount',
    ],
    [
      'FIELD_UNKNOWN',
      'a value too many',
      file([
        { ...plain, data: null, contractMethod: method, contractInputsValues: { to: TO, amount: '1', more: '1' } },
      ]),
      'more',
    ],
    [
      'ABI_INVALID',
      'a value of the wrong type',
      file([{ ...plain, data: null, contractMethod: method, contractInputsValues: { to: TO, amount: 'all' } }]),
      'transactions[0]: Argument 2',
    ],
    ['JSON_INVALID', 'no JSON', '{', 'batch file'],
    ['JSON_INVALID', 'a key twice', file([plain]).replace('{', '{"version":"1.0",'), 'twice'],
    ['FIELD_INVALID', '501 transactions', file(Array.from({ length: 501 }, () => plain)), 'transactions'],
  ] as const)('refuses with %s: %s', (code, _what, text, words) => {
    expect(() => parseTransactionBuilder(text, 1)).toThrowWithCode(code)
    expect(() => parseTransactionBuilder(text, 1)).toThrow(words)
  })
})
