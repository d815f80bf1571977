import { describe, expect, it } from 'vitest'
import { ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import {
  calldataDigest,
  DOMAIN_TYPEHASH,
  DOMAIN_TYPEHASH_WITHOUT_CHAIN,
  requireVersion,
  SAFE_MESSAGE_TYPEHASH,
  SAFE_TX_TYPEHASH,
  safeMessageDigests,
  safeTxDigests,
  supportedVersion,
} from '../../src/safe/hash.ts'
import type { SafeDomain, SafeTx } from '../../src/safe/safe-tx.ts'
import standards from '../vectors/safe-standards.json' with { type: 'json' }

const domain: SafeDomain = { chainId: 1n, safe: '0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4', version: '1.4.1' }
const tx: SafeTx = {
  to: '0x96221423681A6d52E184D440a8eFCEbB105C7242',
  value: 1n,
  data: '0x',
  operation: 0,
  safeTxGas: 0n,
  baseGas: 0n,
  gasPrice: 0n,
  gasToken: ZERO_ADDRESS,
  refundReceiver: ZERO_ADDRESS,
  nonce: 0n,
}

describe('type hashes', () => {
  it.each([
    [DOMAIN_TYPEHASH, 'EIP712Domain(uint256 chainId,address verifyingContract)'],
    [DOMAIN_TYPEHASH_WITHOUT_CHAIN, 'EIP712Domain(address verifyingContract)'],
    [
      SAFE_TX_TYPEHASH,
      'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)',
    ],
    [SAFE_MESSAGE_TYPEHASH, 'SafeMessage(bytes message)'],
  ])('%s is the hash of its type string', (hash, text) => {
    expect(keccak256Text(text)).toBe(hash)
  })
})

describe('ERC-8213', () => {
  it('gives the published Calldata Digest', () => {
    expect(calldataDigest(standards.erc8213.calldata as Hex)).toBe(standards.erc8213.digest)
  })

  it('tells calldata from the same calldata with a zero byte more', () => {
    expect(calldataDigest('0x00')).not.toBe(calldataDigest('0x'))
    expect(calldataDigest('0x0000')).not.toBe(calldataDigest('0x00'))
  })

  it('has no Calldata Digest for a message', () => {
    expect(safeMessageDigests(domain, '0x1234').calldataDigest).toBeNull()
  })
})

describe('versions', () => {
  it.each(['1.0.0', '1.1.0', '1.1.1', '1.2.0', '1.3.0', '1.4.0', '1.4.1', '1.5.0'])(
    '%s is supported, with and without +L2',
    (version) => {
      expect(supportedVersion(version)).toBe(version)
      expect(supportedVersion(`${version}+L2`)).toBe(version)
      expect(safeTxDigests({ ...domain, version: `${version}+L2` }, tx)).toEqual(
        safeTxDigests({ ...domain, version }, tx),
      )
    },
  )

  it.each([
    '0.1.0',
    '0.0.2',
    '1.5.1',
    '1.6.0',
    '2.0.0',
    '1.3',
    '1.3.0+l2',
    '1.3.0 ',
    'v1.3.0',
    '01.3.0',
    '',
    '+L2',
    'toString',
  ])('%j is refused', (version) => {
    expect(supportedVersion(version)).toBeNull()
    expect(() => requireVersion(version)).toThrowWithCode('SAFE_VERSION')
    expect(() => safeTxDigests({ ...domain, version }, tx)).toThrowWithCode('SAFE_VERSION')
    expect(() => safeMessageDigests({ ...domain, version }, '0x')).toThrowWithCode('SAFE_VERSION')
  })

  it('before 1.3.0 does not depend on the chain, from 1.3.0 on does', () => {
    const hash = (version: string, chainId: bigint): Hex => safeTxDigests({ ...domain, version, chainId }, tx).digest
    expect(hash('1.2.0', 1n)).toBe(hash('1.2.0', 10n))
    expect(hash('1.3.0', 1n)).not.toBe(hash('1.3.0', 10n))
    expect(hash('1.3.0', 1n)).toBe(hash('1.5.0', 1n))
    expect(hash('1.2.0', 1n)).not.toBe(hash('1.3.0', 1n))
  })
})

describe('a field that no encoder could carry', () => {
  const odd = (change: object): SafeTx => ({ ...tx, ...change })
  it.each(['value', 'safeTxGas', 'baseGas', 'gasPrice', 'nonce'])(
    'refuses %s below 0, above 2^256 - 1 and not a bigint',
    (field) => {
      for (const value of [-1n, 1n << 256n, 1, '1', null, undefined]) {
        expect(() => safeTxDigests(domain, odd({ [field]: value }))).toThrowWithCode('FIELD_INVALID')
      }
      expect(safeTxDigests(domain, odd({ [field]: (1n << 256n) - 1n })).digest).toMatch(/^0x[0-9a-f]{64}$/)
    },
  )

  it.each([2, -1, 0.5, '0', 0n, null, undefined])('refuses operation %s', (operation) => {
    expect(() => safeTxDigests(domain, odd({ operation }))).toThrowWithCode('FIELD_INVALID')
  })

  it.each(['to', 'gasToken', 'refundReceiver'])('refuses a %s that is not 20 bytes', (field) => {
    for (const value of ['0x', `${tx.to}00`, tx.to.slice(0, -1), tx.to.slice(2), 7, null]) {
      expect(() => safeTxDigests(domain, odd({ [field]: value }))).toThrowWithCode('ADDRESS_INVALID')
    }
  })

  it.each(['0x0', '0xgg', '00', '', null])('refuses data %j', (data) => {
    expect(() => safeTxDigests(domain, odd({ data }))).toThrowWithCode('HEX_INVALID')
  })

  it('refuses a chain id out of range where the domain holds it', () => {
    expect(() => safeTxDigests({ ...domain, chainId: -1n }, tx)).toThrowWithCode('FIELD_INVALID')
    expect(() => safeTxDigests({ ...domain, chainId: 1n << 256n }, tx)).toThrowWithCode('FIELD_INVALID')
    expect(() => safeTxDigests({ ...domain, safe: '0x12' }, tx)).toThrowWithCode('ADDRESS_INVALID')
  })
})
