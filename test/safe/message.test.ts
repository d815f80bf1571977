import { hashMessage as ethersHashMessage, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { hashMessage } from 'viem'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/primitives/json.ts'
import { textMessageHash, typedDataHash } from '../../src/safe/message.ts'
import standards from '../vectors/safe-standards.json' with { type: 'json' }
import { address, bytes, bytesOf, RUNS } from './arbitraries.ts'

describe('a text', () => {
  it('hashes as viem and ethers hash it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
        fc.pre(Buffer.byteLength(text) !== 32 && text.isWellFormed())
        expect(textMessageHash(text)).toBe(hashMessage(text))
        expect(textMessageHash(text)).toBe(ethersHashMessage(text))
      }),
      { numRuns: RUNS },
    )
  })

  it.each([
    ['32 bytes as hexadecimal', `0x${'ab'.repeat(32)}`],
    ['the same without 0x', 'ab'.repeat(32)],
    ['the same in upper case', `0X${'AB'.repeat(32)}`],
    ['the same with blanks around it', `  0x${'ab'.repeat(32)}\n`],
    ['a preimage of a SafeTx', `0x1901${'ab'.repeat(64)}`],
    ['32 raw characters', 'x'.repeat(32)],
    ['32 bytes in 16 characters', 'é'.repeat(16)],
    ['32 characters from a digest', String.fromCharCode(...Array.from({ length: 32 }, (_, index) => index))],
  ])('G1 is refused as opaque: %s', (_, text) => {
    expect(() => textMessageHash(text)).toThrowWithCode('OPAQUE_MESSAGE')
  })

  it.each([
    ['nothing', ''],
    ['half a surrogate pair', 'a\ud800'],
    ['no text', 7 as unknown as string],
  ])('is refused: %s', (_, text) => {
    expect(() => textMessageHash(text)).toThrowWithCode('FIELD_INVALID')
  })

  it('that only mentions a hash is a text', () => {
    const text = `I confirm 0x${'ab'.repeat(32)}.`
    expect(textMessageHash(text)).toBe(hashMessage(text))
  })
})

const mail = standards.eip712.document
type Document = {
  types: Record<string, { name: string; type: string }[]>
  primaryType: string
  domain: Record<string, Json>
  message: Record<string, Json>
}
const order = (): Document => ({
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'chainId', type: 'uint256' },
    ],
    Order: [
      { name: 'amount', type: 'uint96' },
      { name: 'delta', type: 'int8' },
      { name: 'live', type: 'bool' },
      { name: 'tag', type: 'bytes4' },
      { name: 'blob', type: 'bytes' },
      { name: 'to', type: 'address' },
      { name: 'note', type: 'string' },
      { name: 'pair', type: 'uint8[2]' },
      { name: 'legs', type: 'Leg[]' },
    ],
    Leg: [
      { name: 'who', type: 'address' },
      { name: 'grid', type: 'uint16[][2]' },
    ],
  },
  primaryType: 'Order',
  domain: { name: 'Book', chainId: 1 },
  message: {
    amount: '5',
    delta: -128,
    live: true,
    tag: '0x01020304',
    blob: '0x',
    to: '0x1111111111111111111111111111111111111111',
    note: 'n',
    pair: [1, 2],
    legs: [{ who: '0x2222222222222222222222222222222222222222', grid: [[], [1, 65535]] }],
  },
})
const ethersHash = ({ types, domain, message }: Document): string => {
  const { EIP712Domain: _, ...rest } = types
  return TypedDataEncoder.hash(domain, rest, message)
}

describe('typed data', () => {
  it('hashes as ethers hashes it, over random values of every type', () => {
    const leg = fc.record({
      who: address,
      grid: fc.tuple(fc.array(fc.nat(65535), { maxLength: 3 }), fc.array(fc.nat(65535), { maxLength: 3 })),
    })
    const message = fc.record({
      amount: fc.bigInt({ min: 0n, max: (1n << 96n) - 1n }).map(String),
      delta: fc.integer({ min: -128, max: 127 }),
      live: fc.boolean(),
      tag: bytesOf(4),
      blob: bytes(),
      to: address,
      note: fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
      pair: fc.tuple(fc.nat(255), fc.nat(255)),
      legs: fc.array(leg, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(message, fc.nat(), (value, chainId) => {
        const document: Document = { ...order(), domain: { name: 'Book', chainId }, message: value }
        expect(typedDataHash(document as unknown as Json)).toBe(ethersHash(document))
      }),
      { numRuns: RUNS },
    )
  })

  it('hashes the same with numbers as text, as 0x text and as JSON numbers, and with its domain type left out', () => {
    const plain = typedDataHash(order())
    for (const amount of [5, '5', '0x5', '0x05']) {
      expect(typedDataHash({ ...order(), message: { ...order().message, amount } })).toBe(plain)
    }
    const { EIP712Domain: _, ...types } = order().types
    expect(typedDataHash({ ...order(), types })).toBe(plain)
  })

  it('hashes with every domain field as ethers does', () => {
    const domain = {
      name: 'All',
      version: '1',
      chainId: 1,
      verifyingContract: '0x1111111111111111111111111111111111111111',
      salt: `0x${'07'.repeat(32)}`,
    }
    const { EIP712Domain: _, ...types } = order().types
    const document: Document = { ...order(), types, domain }
    expect(typedDataHash(document as unknown as Json)).toBe(ethersHash(document))
  })

  it.each(['SafeTx', 'SafeMessage'])(
    'G1 with primary type %s is refused, because it is a confirmation in disguise',
    (primaryType) => {
      const types = { [primaryType]: [{ name: 'message', type: 'bytes' }] }
      expect(() =>
        typedDataHash({ types, primaryType, domain: { chainId: 1 }, message: { message: '0x' } }),
      ).toThrowWithCode('OPAQUE_MESSAGE')
    },
  )

  it('G1 cannot spell out SafeTx through the name of a type or field', () => {
    const name = 'SafeTx(address to,uint256 value,bytes data)Other'
    const document = (types: Json, primaryType: string): Json => ({
      types,
      primaryType,
      domain: {},
      message: { message: '0x' },
    })
    expect(() => typedDataHash(document({ [name]: [{ name: 'message', type: 'bytes' }] }, name))).toThrowWithCode(
      'FIELD_INVALID',
    )
    expect(() =>
      typedDataHash(document({ Other: [{ name: 'message)SafeTx(bytes data', type: 'bytes' }] }, 'Other')),
    ).toThrowWithCode('FIELD_INVALID')
    expect(() =>
      typedDataHash(document({ Other: [{ name: 'message', type: 'bytes data,bytes' }] }, 'Other')),
    ).toThrowWithCode('FIELD_INVALID')
  })

  const message = (change: Record<string, Json>): Json => ({ ...order(), message: { ...order().message, ...change } })
  const root = (change: Record<string, Json>): Json => ({ ...order(), ...change })
  const types = (change: Record<string, Json>): Json => root({ types: { ...order().types, ...change } })
  let deep: Json = 1
  for (let depth = 0; depth < 40; depth++) deep = [deep]

  it.each<readonly [string, Json]>([
    ['no object', 'x'],
    ['null', null],
    ['a list', []],
    ['an unknown primary type', root({ primaryType: 'Nope' })],
    ['a primary type of the prototype', root({ primaryType: 'toString' })],
    ['its domain as primary type', root({ primaryType: 'EIP712Domain' })],
    ['no primary type', root({ primaryType: null })],
    ['no message', { types: {}, primaryType: 'Order', domain: {} }],
    ['a domain that is not the declared one', root({ domain: { name: 'Book' } })],
    [
      'a domain declared in another order',
      types({
        EIP712Domain: [
          { name: 'chainId', type: 'uint256' },
          { name: 'name', type: 'string' },
        ],
      }),
    ],
    [
      'a domain field of another type',
      types({
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'chainId', type: 'uint8' },
        ],
      }),
    ],
    ['a missing field', { ...order(), message: { amount: 1 } }],
    [
      'an undeclared type',
      types({
        Leg: [
          { name: 'who', type: 'Ghost' },
          { name: 'grid', type: 'uint16[][2]' },
        ],
      }),
    ],
    [
      'a shorthand type',
      types({
        Leg: [
          { name: 'who', type: 'uint' },
          { name: 'grid', type: 'uint16[][2]' },
        ],
      }),
    ],
    [
      'uint7',
      types({
        Leg: [
          { name: 'who', type: 'uint7' },
          { name: 'grid', type: 'uint16[][2]' },
        ],
      }),
    ],
    [
      'uint264',
      types({
        Leg: [
          { name: 'who', type: 'uint264' },
          { name: 'grid', type: 'uint16[][2]' },
        ],
      }),
    ],
    [
      'bytes33',
      types({
        Leg: [
          { name: 'who', type: 'bytes33' },
          { name: 'grid', type: 'uint16[][2]' },
        ],
      }),
    ],
    ['a struct named uint', types({ uint: [] })],
    [
      'a field twice',
      types({
        Leg: [
          { name: 'who', type: 'address' },
          { name: 'who', type: 'address' },
        ],
      }),
    ],
    ['fields that are no list', types({ Leg: {} })],
    ['a field type that is no text', types({ Leg: [{ name: 'who', type: 1 }] })],
    ['a number too large', message({ amount: String(1n << 96n) })],
    ['a negative unsigned number', message({ amount: '-1' })],
    ['a number that JSON rounded', message({ amount: 2 ** 53 })],
    ['a fraction', message({ amount: 1.5 })],
    ['a number with a leading zero', message({ amount: '05' })],
    ['minus zero', message({ amount: '-0' })],
    ['an exponent', message({ amount: '1e3' })],
    ['an empty number', message({ amount: '' })],
    ['a signed number out of range', message({ delta: 128 })],
    ['text for a truth value', message({ live: 'true' })],
    ['1 for a truth value', message({ live: 1 })],
    ['bytes4 of 3 bytes', message({ tag: '0x010203' })],
    ['bytes4 of 5 bytes', message({ tag: '0x0102030405' })],
    ['half a byte', message({ blob: '0x1' })],
    ['bytes without 0x', message({ blob: '12' })],
    ['a short address', message({ to: '0x11' })],
    ['an address with a wrong checksum', message({ to: '0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCf4' })],
    ['a number for text', message({ note: 5 })],
    ['half a surrogate pair', message({ note: '\udc00' })],
    ['a list of another length', message({ pair: [1] })],
    ['no list', message({ pair: 1 })],
    ['null for a struct', message({ legs: [null] })],
    ['a type that contains itself', types({ Leg: [{ name: 'who', type: 'Leg[]' }] })],
    [
      'types that contain each other',
      types({ Leg: [{ name: 'who', type: 'Foot' }], Foot: [{ name: 'leg', type: 'Leg' }] }),
    ],
    [
      'lists 40 deep',
      {
        types: { Deep: [{ name: 'x', type: `uint8${'[]'.repeat(40)}` }] },
        primaryType: 'Deep',
        domain: {},
        message: { x: deep },
      },
    ],
  ])('is refused with %s', (_, document) => {
    expect(() => typedDataHash(document)).toThrowWithCode('FIELD_INVALID')
  })

  it.each<readonly [string, Json]>([
    ['the document', root({ extra: 1 })],
    ['the domain', root({ domain: { name: 'Book', chainId: 1, extra: 1 } })],
    ['the message', message({ extra: 1 })],
    [
      'a nested struct',
      message({ legs: [{ who: '0x2222222222222222222222222222222222222222', grid: [[], []], extra: 1 }] }),
    ],
    ['a field of a type', types({ Leg: [{ name: 'who', type: 'address', extra: 1 }] })],
    ['the message, by the name of the prototype', message(JSON.parse('{"__proto__":1}') as Record<string, Json>)],
  ])('is refused with a field in %s that nobody would see', (_, document) => {
    expect(() => typedDataHash(document)).toThrowWithCode('FIELD_UNKNOWN')
  })

  it('of EIP-712 changes with every part', () => {
    const changed = structuredClone(mail)
    changed.message.contents = 'Hello, Bob?'
    expect(typedDataHash(changed as Json)).not.toBe(standards.eip712.digest)
  })
})
