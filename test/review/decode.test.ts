import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Hex } from '../../src/primitives/hex.ts'
import { decodeExactly } from '../../src/review/abi-decode.ts'
import { type AbiFunction, type AbiType, parseFunction } from '../../src/review/abi-type.ts'
import { decodeCall, decodeWithFindings, MAX_NESTING } from '../../src/review/decode.ts'
import { decodeKnown, knownFunctions } from '../../src/review/known-abi.ts'
import { encodeMultiSend } from '../../src/safe/multi-send.ts'
import { ADMIN_SELECTORS, OWNER_MANAGEMENT } from '../../src/safe/abi.ts'
import { address, data as bytes, runs, uint256 } from '../request/arbitrary-request.ts'
import bybit from '../vectors/safe-bybit.json' with { type: 'json' }
import { ACME, BATCH, nameOf, SAFE, STRANGER, USDC } from './fixture.ts'

const context = { nameOf, safe: SAFE }
const raw = (data: string, to = USDC, operation: 0 | 1 = 0) => ({ operation, to, value: 0n, data: data as Hex })
const ids = (data: string, to = USDC): readonly string[] =>
  decodeWithFindings(raw(data, to), context).findings.map(({ id }) => id)
const TRANSFER = new Interface(['function transfer(address to, uint256 amount)']).encodeFunctionData('transfer', [
  ACME,
  12_500_000_000n,
])

/** Random values of a type, in the shape ethers takes. */
function valueOf(type: AbiType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'address':
      return address
    case 'bool':
      return fc.boolean()
    case 'bytes':
      return bytes
    case 'string':
      return fc.string({ unit: 'grapheme' })
    case 'uint':
      return fc.bigInt({ min: 0n, max: (1n << BigInt(type.bits)) - 1n })
    case 'int':
      return fc.bigInt({ min: -(1n << BigInt(type.bits - 1)), max: (1n << BigInt(type.bits - 1)) - 1n })
    case 'fixed-bytes':
      return fc
        .uint8Array({ minLength: type.size, maxLength: type.size })
        .map((value) => `0x${Buffer.from(value).toString('hex')}`)
    case 'list':
      return fc.array(
        valueOf(type.item),
        type.length === null ? { maxLength: 3 } : { minLength: type.length, maxLength: type.length },
      )
    case 'tuple':
      return fc.tuple(...type.components.map((component) => valueOf(component.type)))
  }
}

/** Our values in the shape ethers takes: strings are shown quoted by the decoder. */
const comparable = (type: AbiType, value: unknown): unknown =>
  type.kind === 'string'
    ? JSON.parse(value as string)
    : type.kind === 'list'
      ? (value as unknown[]).map((item) => comparable(type.item, item))
      : type.kind === 'tuple'
        ? (value as unknown[]).map((item, i) => comparable((type.components[i] as { type: AbiType }).type, item))
        : value

describe('when calldata is the canonical encoding', () => {
  it.each(knownFunctions().map((known) => [known.signature, known] as const))(
    'decodes %s as ethers encoded it',
    (signature, known) => {
      const foreign = new Interface([`function ${signature}`])
      expect(foreign.getFunction(known.name)?.selector).toBe(known.selector)
      fc.assert(
        fc.property(fc.tuple(...known.parameters.map(({ type }) => valueOf(type))), (values) => {
          const exact = decodeKnown(foreign.encodeFunctionData(known.name, values) as Hex)
          expect(
            exact?.values.map((value, i) => comparable((known.parameters[i] as { type: AbiType }).type, value)),
          ).toEqual(values)
        }),
        { numRuns: Math.min(runs, 20) },
      )
    },
  )

  it('decodes nested lists and tuples as ethers encoded them', () => {
    const signature = 'f((uint8,bytes)[2],string[],int64[3],(address,(bool,bytes4)[])[],bytes[][])'
    const ours = parseFunction(signature) as AbiFunction
    const foreign = new Interface([`function ${signature}`])
    fc.assert(
      fc.property(fc.tuple(...ours.parameters.map(({ type }) => valueOf(type))), (values) => {
        const body: Hex = `0x${foreign.encodeFunctionData('f', values).slice(10)}`
        expect(
          decodeExactly(ours.parameters, body)?.map((value, i) =>
            comparable((ours.parameters[i] as { type: AbiType }).type, value),
          ),
        ).toEqual(values)
      }),
      { numRuns: runs },
    )
  })

  it('knows every selector that the Safe module lists as dangerous', () => {
    const known = new Set<string>(knownFunctions().map(({ selector }) => selector))
    expect(
      [...Object.keys(OWNER_MANAGEMENT), ...Object.keys(ADMIN_SELECTORS)].filter((selector) => !known.has(selector)),
    ).toEqual([])
  })

  it('shows names, types and whole values', () => {
    expect(decodeCall(raw(TRANSFER), context)).toEqual({
      operation: 0,
      to: USDC,
      toName: null,
      value: 0n,
      selector: '0xa9059cbb',
      signature: 'transfer(address,uint256)',
      inner: [],
      arguments: [
        { name: 'to', type: 'address', value: ACME },
        { name: 'amount', type: 'uint256', value: '12500000000' },
      ],
    })
    expect(decodeCall({ ...raw('0x', ACME), value: 5n }, context)).toMatchObject({
      toName: 'acme',
      selector: null,
      signature: null,
      arguments: [],
    })
  })
})

describe('G1 when calldata is not exactly what its selector says', () => {
  const word = (n: number): string => n.toString(16).padStart(64, '0')
  const approve = new Interface(['function multicall(bytes[] data)'])
  const hostile: readonly [string, string, string][] = [
    ['one byte too many', `${TRANSFER}00`, 'calldata-not-exact'],
    ['twenty bytes appended, as a trusted forwarder would', `${TRANSFER}${ACME.slice(2)}`, 'calldata-not-exact'],
    ['one byte too few', TRANSFER.slice(0, -2), 'calldata-not-exact'],
    ['the selector only', '0xa9059cbb', 'calldata-not-exact'],
    ['a dirty word above the address', TRANSFER.replace('0xa9059cbb000000', '0xa9059cbb010000'), 'calldata-not-exact'],
    ['a bool of 2', `0xa22cb465${word(1)}${word(2)}`, 'calldata-not-exact'],
    ['an offset that skips a word', `0x8d80ff0a${word(64)}${word(0)}${word(0)}`, 'calldata-not-exact'],
    ['an offset into its own head', `0x8d80ff0a${word(0)}${word(0)}`, 'calldata-not-exact'],
    ['a length beyond the end', `0x8d80ff0a${word(32)}${word(2 ** 31)}`, 'calldata-not-exact'],
    ['a length of 2^256-1', `0x8d80ff0a${word(32)}${'f'.repeat(64)}`, 'calldata-not-exact'],
    ['padding that is not zero', `0x8d80ff0a${word(32)}${word(1)}${'ab'.padEnd(63, '0')}1`, 'calldata-not-exact'],
    [
      'a list that claims 2^64 items',
      `0xac9650d8${word(32)}${(2n ** 64n).toString(16).padStart(64, '0')}`,
      'calldata-not-exact',
    ],
    [
      'two list items at one offset',
      `0xac9650d8${word(32)}${word(2)}${word(64)}${word(64)}${word(0)}`,
      'calldata-not-exact',
    ],
    [
      'a batch entry that is short',
      new Interface(['function multiSend(bytes)']).encodeFunctionData('multiSend', ['0x00']),
      'batch-malformed',
    ],
    [
      'a batch entry with operation 2',
      new Interface(['function multiSend(bytes)']).encodeFunctionData('multiSend', [`0x02${'00'.repeat(84)}`]),
      'batch-malformed',
    ],
    [
      'an operation of 2 in execTransaction',
      new Interface(['function execTransactionFromModule(address,uint256,bytes,uint8)']).encodeFunctionData(
        'execTransactionFromModule',
        [ACME, 0, '0x', 2],
      ),
      'batch-malformed',
    ],
    ['an unknown selector', '0xdeadbeef', 'calldata-unknown'],
    ['three bytes', '0xa9059c', 'calldata-unknown'],
    ['one byte', '0x00', 'calldata-unknown'],
    ['a multicall of an unknown call', approve.encodeFunctionData('multicall', [['0xdeadbeef']]), 'calldata-unknown'],
  ]
  it.each(hostile)('G1 says so for %s', (_what, data, id) => {
    const { call, findings } = decodeWithFindings(raw(data), context)
    expect(findings.map((finding) => finding.id)).toContain(id)
    expect(findings.find((finding) => finding.id === id)?.severity).toBe('high')
    if (id !== 'calldata-unknown') expect(call.signature).toBeNull()
  })

  it('G1 never throws and never calls random bytes behind a known selector known unless they re-encode to themselves', () => {
    const interfaces = knownFunctions().map((known) => ({
      known,
      foreign: new Interface([`function ${known.signature}`]),
    }))
    fc.assert(
      fc.property(fc.constantFrom(...interfaces), fc.uint8Array({ maxLength: 400 }), ({ known, foreign }, tail) => {
        const data = `${known.selector}${Buffer.from(tail).toString('hex')}` as Hex
        const call = decodeCall(raw(data), context)
        if (call.signature !== null)
          expect(foreign.encodeFunctionData(known.name, foreign.decodeFunctionData(known.name, data))).toBe(data)
      }),
      { numRuns: runs * 10 },
    )
  })

  it('G1 finds any single flipped bit of a transfer: another value, or no transfer', () => {
    const plain = decodeKnown(TRANSFER as Hex)
    const buffer = Buffer.from(TRANSFER.slice(2), 'hex')
    for (let bit = 0; bit < buffer.length * 8; bit++) {
      const flipped = Buffer.from(buffer)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      const got = decodeKnown(`0x${flipped.toString('hex')}`)
      if (got?.called.signature === plain?.called.signature) expect(got?.values).not.toEqual(plain?.values)
    }
  })
})

describe('when calls are inside calls', () => {
  const exec = new Interface([
    'function execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
  ])
  const nested = (to: string, data: string, operation = 0): string =>
    exec.encodeFunctionData('execTransaction', [to, 0, data, operation, 0, 0, 0, STRANGER, STRANGER, '0x'])

  it('shows each call of a batch with its path', () => {
    const batch = encodeMultiSend([
      { to: USDC, value: 0n, data: TRANSFER as Hex },
      { to: ACME, value: 3n, data: '0x' },
      { to: STRANGER, value: 0n, data: '0xdeadbeef' },
    ])
    const { call, findings } = decodeWithFindings(raw(batch, BATCH, 1), context)
    expect(call.inner.map(({ to, signature, value }) => [to, signature, value])).toEqual([
      [USDC, 'transfer(address,uint256)', 0n],
      [ACME, null, 3n],
      [STRANGER, null, 0n],
    ])
    expect(findings.map(({ id, where }) => [id, where])).toEqual([['calldata-unknown', 'batch[2]']])
  })

  it('goes through execTransaction, timelock batches and multicalls', () => {
    const schedule = new Interface([
      'function scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)',
    ]).encodeFunctionData('scheduleBatch', [
      [USDC],
      [0],
      [TRANSFER],
      `0x${'00'.repeat(32)}`,
      `0x${'00'.repeat(32)}`,
      60,
    ])
    const multicall = new Interface(['function multicall(bytes[])']).encodeFunctionData('multicall', [[schedule]])
    const { call, findings } = decodeWithFindings(raw(nested(STRANGER, multicall), STRANGER), context)
    expect(call.inner[0]?.inner[0]?.inner[0]?.signature).toBe('transfer(address,uint256)')
    expect(findings).toEqual([])
  })

  it('names a delegatecall inside another call as critical', () => {
    const { findings } = decodeWithFindings(raw(nested(STRANGER, TRANSFER, 1), STRANGER), context)
    expect(findings).toMatchObject([{ id: 'delegatecall-nested', severity: 'critical', where: 'execTransaction' }])
  })

  it('stops at its depth and says so', () => {
    let data = TRANSFER
    for (let i = 0; i <= MAX_NESTING; i++) data = nested(STRANGER, data)
    expect(ids(data, STRANGER)).toEqual(['nesting-too-deep'])
  })

  it('says that the zero address in a batch is the Safe itself', () => {
    const batch = encodeMultiSend([{ to: '0x0000000000000000000000000000000000000000', value: 0n, data: '0xf08a0323' }])
    expect(ids(batch, BATCH)).toContain('batch-target-zero')
  })

  it('is not blown up by a batch of a thousand entries', () => {
    const batch = encodeMultiSend(Array.from({ length: 1000 }, () => ({ to: ACME, value: 1n, data: '0x' as const })))
    expect(decodeCall(raw(batch, BATCH, 1), context).inner).toHaveLength(1000)
  })
})

describe('when a call hands over control or allowances', () => {
  const encode = (signature: string, args: unknown[]): string =>
    new Interface([`function ${signature}`]).encodeFunctionData(signature.slice(0, signature.indexOf('(')), args)
  const MAX = 2n ** 256n - 1n
  it.each([
    ['approval-unlimited', encode('approve(address,uint256)', [STRANGER, MAX])],
    ['approval-unlimited', encode('increaseAllowance(address,uint256)', [STRANGER, MAX])],
    ['approval-unlimited', encode('approve(address,uint256)', [STRANGER, 2n ** 96n - 1n])],
    [
      'approval-unlimited',
      encode('permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)', [
        SAFE,
        STRANGER,
        1,
        1,
        true,
        27,
        `0x${'00'.repeat(32)}`,
        `0x${'00'.repeat(32)}`,
      ]),
    ],
    ['approval', encode('approve(address,uint256)', [STRANGER, 5])],
    [
      'approval',
      encode('permit(address,address,uint256,uint256,uint8,bytes32,bytes32)', [
        SAFE,
        STRANGER,
        5,
        1,
        27,
        `0x${'00'.repeat(32)}`,
        `0x${'00'.repeat(32)}`,
      ]),
    ],
    ['approval-for-all', encode('setApprovalForAll(address,bool)', [STRANGER, true])],
    ['control-change', encode('transferOwnership(address)', [STRANGER])],
    ['control-change', encode('upgradeToAndCall(address,bytes)', [STRANGER, '0x'])],
    ['control-change', encode('grantRole(bytes32,address)', [`0x${'00'.repeat(32)}`, STRANGER])],
    ['hash-approved', encode('approveHash(bytes32)', [`0x${'ab'.repeat(32)}`])],
    ['safe-admin-elsewhere', encode('addOwnerWithThreshold(address,uint256)', [STRANGER, 1])],
  ] as const)('finds %s', (id, data) => {
    expect(ids(data, STRANGER)).toEqual([id])
  })

  it('finds nothing in taking an approval back', () => {
    expect(ids(encode('approve(address,uint256)', [STRANGER, 0]))).toEqual([])
    expect(ids(encode('setApprovalForAll(address,bool)', [STRANGER, false]))).toEqual([])
  })
})

describe('when the creator of a request names the function', () => {
  const data = new Interface(['function sweep(address who)']).encodeFunctionData('sweep', [ACME])
  const decode = (claimedSignature: string) => decodeWithFindings(raw(data), { ...context, claimedSignature })

  it('shows it as a claim', () => {
    const { call, findings } = decode('sweep(address)')
    expect(call).toMatchObject({
      signature: 'sweep(address)',
      arguments: [{ name: '1', type: 'address', value: ACME }],
    })
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([['signature-claimed', 'medium']])
  })

  it.each(['sweep(uint256)', 'pause()', 'sweep(address', '', 'sweep(address,bytes)'])(
    'takes no notice of the false claim "%s"',
    (claim) => {
      expect(decode(claim).call.signature).toBeNull()
      expect(decode(claim).findings.map(({ id }) => id)).toEqual(['calldata-unknown'])
    },
  )

  it('cannot rename a function that is known', () => {
    // A claim whose selector were the same could only fit by collision; the table goes first in any case.
    expect(decodeWithFindings(raw(TRANSFER), { ...context, claimedSignature: 'pause()' }).call.signature).toBe(
      'transfer(address,uint256)',
    )
  })
})

describe('when a type is written', () => {
  it.each([
    'f(uint)',
    'f(uint7)',
    'f(uint264)',
    'f(bytes33)',
    'f(bytes0)',
    'f(())',
    'f(()[])',
    'f(uint8[0])',
    'f(uint8[99999])',
    'f',
    'f(',
    '(address)',
    'f(address,)',
    'f(address))',
    `f(${'('.repeat(20)}uint8${')'.repeat(20)})`,
  ])('refuses %s', (text) => {
    expect(parseFunction(text)).toBeNull()
  })
})

describe('when the Bybit transaction is decoded', () => {
  it('shows a delegatecall dressed as a token transfer', () => {
    expect(decodeCall(raw(bybit.tx.data, bybit.tx.to as Hex, 1), context)).toMatchObject({
      operation: 1,
      signature: 'transfer(address,uint256)',
    })
  })
})

// Values of 2^256 must not wrap.
it('keeps every uint256 exact', () => {
  fc.assert(
    fc.property(uint256, (amount) => {
      const data = new Interface(['function burn(uint256)']).encodeFunctionData('burn', [amount]) as Hex
      expect(decodeKnown(data)?.values).toEqual([amount])
    }),
    { numRuns: runs },
  )
})
