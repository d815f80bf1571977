import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/primitives/address.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { byteLength, type Hex } from '../../src/primitives/hex.ts'
import { decodeExecTransaction, encodeExecTransaction } from '../../src/safe/exec.ts'
import { isGenuineSingleton, pinnedBatchLibrary } from '../../src/safe/deployments.ts'
import { DOMAIN_TYPEHASH_WITHOUT_CHAIN, safeTxDigests } from '../../src/safe/hash.ts'
import { decodeMultiSend } from '../../src/safe/multi-send.ts'
import type { SafeDomain, SafeTx } from '../../src/safe/safe-tx.ts'
import { packSignatures, recoverSlots, unpackSignatures } from '../../src/safe/pack-signatures.ts'
import { parseOwnerSignature } from '../../src/safe/signature.ts'
import vector from '../vectors/safe-bybit.json' with { type: 'json' }
import { flipped } from './arbitraries.ts'

const domain: SafeDomain = { chainId: BigInt(vector.chainId), safe: vector.safe as Address, version: vector.version }
const tx: SafeTx = {
  to: vector.tx.to as Address,
  value: BigInt(vector.tx.value),
  data: vector.tx.data as Hex,
  operation: vector.tx.operation as 1,
  safeTxGas: BigInt(vector.tx.safeTxGas),
  baseGas: BigInt(vector.tx.baseGas),
  gasPrice: BigInt(vector.tx.gasPrice),
  gasToken: vector.tx.gasToken as Address,
  refundReceiver: vector.tx.refundReceiver as Address,
  nonce: BigInt(vector.tx.nonce),
}
const packed = vector.signatures as Hex
const signatureOf = (index: number): Hex => `0x${packed.slice(2 + 130 * index, 132 + 130 * index)}`

describe('the Bybit transaction of 2025-02-21', () => {
  it('reproduces every published hash', () => {
    expect(DOMAIN_TYPEHASH_WITHOUT_CHAIN).toBe(vector.domainTypehash)
    expect(safeTxDigests(domain, tx)).toEqual({
      digest: vector.safeTxHash,
      domainHash: vector.domainHash,
      messageHash: vector.messageHash,
      calldataDigest: vector.calldataDigest,
    })
  })

  it('recovers its three signers from the packed signatures', () => {
    const owners = recoverSlots(vector.safeTxHash as Hex, unpackSignatures(packed, 3))
    expect(owners.map(({ owner }) => owner)).toEqual(vector.signers)
    expect(owners.map(({ kind }) => kind)).toEqual(['eth-sign', 'eth-sign', 'eth-sign'])
  })

  it('recovers each signer at collection and packs the same bytes again from any order', () => {
    const parsed = [2, 0, 1].map((index) => parseOwnerSignature(vector.safeTxHash as Hex, signatureOf(index)))
    expect(parsed.map(({ owner }) => owner)).toEqual([vector.signers[2], vector.signers[0], vector.signers[1]])
    expect(packSignatures(parsed.map((one) => one.parsed))).toBe(packed)
  })

  it('encodes to the calldata that was mined, and decodes from it', () => {
    const calldata = encodeExecTransaction(tx, packed)
    expect(calldata.slice(0, 10)).toBe(vector.execTransaction.selector)
    expect(byteLength(calldata)).toBe(vector.execTransaction.bytes)
    expect(keccak256(calldata)).toBe(vector.execTransaction.keccak256)
    const { nonce: _, ...executed } = tx
    expect(decodeExecTransaction(calldata)).toEqual({ tx: executed, signatures: packed })
  })

  it('G1 delegates to a contract that is no pinned batch library, whatever code hash is claimed', () => {
    const singleton = '0x56b8be58b5ad629a621593a2e5e5e8e9a28408dc06e95597497b303902772e45'
    expect(pinnedBatchLibrary(tx.to, '0xa9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad')).toBe(false)
    expect(isGenuineSingleton('1.1.1', vector.singletonBefore as Address, singleton)).toBe(true)
    expect(isGenuineSingleton('1.1.1', '0xbDd077f651EBe7f7b3cE16fe5F2b025BE2969516', singleton)).toBe(false)
  })

  it('has another hash under the domain of 1.3.0 and later, and its signatures recover to nobody of the three', () => {
    const later = safeTxDigests({ ...domain, version: '1.3.0' }, tx)
    expect(later.messageHash).toBe(vector.messageHash)
    expect(later.digest).not.toBe(vector.safeTxHash)
    for (const index of [0, 1, 2]) {
      expect(vector.signers).not.toContain(parseOwnerSignature(later.digest, signatureOf(index)).owner)
    }
  })

  it('G2 has another hash with the operation flipped to a plain call, and its signatures do not carry over', () => {
    const call = safeTxDigests(domain, { ...tx, operation: 0 }).digest
    expect(call).not.toBe(vector.safeTxHash)
    for (const index of [0, 1, 2])
      expect(vector.signers).not.toContain(parseOwnerSignature(call, signatureOf(index)).owner)
  })

  it('G2 has another hash with any one bit of any field flipped', () => {
    for (const field of [
      'to',
      'value',
      'data',
      'safeTxGas',
      'baseGas',
      'gasPrice',
      'gasToken',
      'refundReceiver',
      'nonce',
    ] as const) {
      for (const bit of [0, 7, 31, 100, 159])
        expect(safeTxDigests(domain, flipped(tx, field, bit)).digest).not.toBe(vector.safeTxHash)
    }
  })

  it('G7 refuses calldata one nibble short, and never pads one byte short to the same hash', () => {
    expect(() => safeTxDigests(domain, { ...tx, data: tx.data.slice(0, -1) as Hex })).toThrowWithCode('HEX_INVALID')
    const short = tx.data.slice(0, -2) as Hex
    expect(safeTxDigests(domain, { ...tx, data: short }).digest).not.toBe(vector.safeTxHash)
    const calldata = encodeExecTransaction(tx, packed)
    expect(() => decodeExecTransaction(calldata.slice(0, -1) as Hex)).toThrowWithCode('ABI_INVALID')
    expect(() => decodeExecTransaction(calldata.slice(0, -2) as Hex)).toThrowWithCode('ABI_INVALID')
    expect(() => decodeMultiSend(tx.data)).toThrowWithCode('ABI_INVALID')
  })
})
