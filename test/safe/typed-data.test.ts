import { describe, expect, it } from 'vitest'
import { ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { SafeDomain, SafeTx } from '../../src/safe/safe-tx.ts'
import { safeMessageTypedData, safeTxTypedData } from '../../src/safe/typed-data.ts'

const domain: SafeDomain = { chainId: 31337n, safe: '0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4', version: '1.5.0' }
const tx: SafeTx = {
  to: '0x96221423681a6d52e184d440a8efcebb105c7242',
  value: (1n << 256n) - 1n,
  data: '0xAB',
  operation: 1,
  safeTxGas: 0n,
  baseGas: 0n,
  gasPrice: 0n,
  gasToken: ZERO_ADDRESS,
  refundReceiver: ZERO_ADDRESS,
  nonce: 9_007_199_254_740_993n,
}

describe('the document for an external signer', () => {
  it('survives JSON unchanged, with whole numbers as decimal text that no reader rounds', () => {
    const document = safeTxTypedData(domain, tx)
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
    expect(document.domain).toEqual({
      chainId: '31337',
      verifyingContract: '0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4',
    })
    expect(document.message).toMatchObject({
      value: String(tx.value),
      nonce: '9007199254740993',
      operation: '1',
      data: '0xab',
    })
  })

  it('declares the chain from 1.3.0 on, and leaves it out before', () => {
    const names = (version: string) =>
      safeTxTypedData({ ...domain, version }, tx).types.EIP712Domain?.map((field) => field.name)
    expect(names('1.3.0')).toEqual(['chainId', 'verifyingContract'])
    expect(names('1.2.0')).toEqual(['verifyingContract'])
    expect(safeMessageTypedData({ ...domain, version: '1.1.1' }, '0x12').domain).not.toHaveProperty('chainId')
  })

  it('is not made for what could not be hashed', () => {
    expect(() => safeTxTypedData({ ...domain, version: '0.1.0' }, tx)).toThrowWithCode('SAFE_VERSION')
    expect(() => safeTxTypedData({ ...domain, chainId: -1n }, tx)).toThrowWithCode('FIELD_INVALID')
    expect(() => safeTxTypedData(domain, { ...tx, nonce: -1n })).toThrowWithCode('FIELD_INVALID')
    expect(() => safeTxTypedData(domain, { ...tx, to: '0x12' })).toThrowWithCode('ADDRESS_INVALID')
    expect(() => safeMessageTypedData(domain, '0x1')).toThrowWithCode('HEX_INVALID')
  })
})
