import fc from 'fast-check'
import { encodeFunctionData, erc20Abi, parseAbi, toFunctionSelector } from 'viem'
import { describe, expect, it } from 'vitest'
import { ZERO_ADDRESS } from '../../src/primitives/address.ts'
import {
  ADMIN_SELECTORS,
  encodeApproveHash,
  encodeErc20Transfer,
  encodeSetup,
  OWNER_MANAGEMENT,
} from '../../src/safe/abi.ts'
import { address, bytes, bytesOf, RUNS, uint256 } from './arbitraries.ts'

const abi = parseAbi([
  'function approveHash(bytes32 hashToApprove)',
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
])

describe('random calls', () => {
  it('encode as viem encodes them', () => {
    fc.assert(
      fc.property(address, uint256, bytesOf(32), (to, amount, hash) => {
        expect(encodeErc20Transfer(to, amount)).toBe(
          encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] }),
        )
        expect(encodeApproveHash(hash)).toBe(encodeFunctionData({ abi, functionName: 'approveHash', args: [hash] }))
      }),
      { numRuns: RUNS },
    )
  })

  it('set up a Safe as viem encodes it', () => {
    const owners = fc.uniqueArray(address, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(owners, address, address, bytes(), (list, to, fallbackHandler, data) => {
        expect(encodeSetup({ owners: list, threshold: list.length, to, data, fallbackHandler })).toBe(
          encodeFunctionData({
            abi,
            functionName: 'setup',
            args: [list, BigInt(list.length), to, data, fallbackHandler, ZERO_ADDRESS, 0n, ZERO_ADDRESS],
          }),
        )
      }),
      { numRuns: RUNS },
    )
  })
})

describe('selectors', () => {
  const signatures = [
    'addOwnerWithThreshold(address,uint256)',
    'removeOwner(address,address,uint256)',
    'swapOwner(address,address,address)',
    'changeThreshold(uint256)',
    'enableModule(address)',
    'disableModule(address,address)',
    'setGuard(address)',
    'setModuleGuard(address)',
    'setFallbackHandler(address)',
    'changeMasterCopy(address)',
    'setup(address[],uint256,address,bytes,address,address,uint256,address)',
  ]
  const admin = [
    'transferOwnership(address)',
    'upgradeTo(address)',
    'upgradeToAndCall(address,bytes)',
    'upgrade(address,address)',
    'setOwner(address)',
    'grantRole(bytes32,address)',
    'execTransactionFromModule(address,uint256,bytes,uint8)',
    'approve(address,uint256)',
    'increaseAllowance(address,uint256)',
    'setApprovalForAll(address,bool)',
    'permit(address,address,uint256,uint256,uint8,bytes32,bytes32)',
    'schedule(address,uint256,bytes,bytes32,bytes32,uint256)',
    'updateDelay(uint256)',
  ]
  it.each([
    [OWNER_MANAGEMENT, signatures],
    [ADMIN_SELECTORS, admin],
  ] as const)('are those of their functions', (table, list) => {
    expect(table).toEqual(
      Object.fromEntries(list.map((one) => [toFunctionSelector(one), one.slice(0, one.indexOf('('))])),
    )
  })
})

describe('a call that cannot be encoded', () => {
  const owner = '0x1111111111111111111111111111111111111111'
  it('is refused', () => {
    expect(() => encodeErc20Transfer('0x11', 1n)).toThrowWithCode('ADDRESS_INVALID')
    expect(() => encodeErc20Transfer(owner, -1n)).toThrowWithCode('FIELD_INVALID')
    expect(() => encodeErc20Transfer(owner, 1n << 256n)).toThrowWithCode('FIELD_INVALID')
    expect(() => encodeApproveHash('0x1234')).toThrowWithCode('HEX_INVALID')
    for (const threshold of [0, 2, 1.5, -1, NaN]) {
      expect(() => encodeSetup({ owners: [owner], threshold, fallbackHandler: ZERO_ADDRESS })).toThrowWithCode(
        'FIELD_INVALID',
      )
    }
    expect(() => encodeSetup({ owners: [owner, owner], threshold: 1, fallbackHandler: ZERO_ADDRESS })).toThrowWithCode(
      'FIELD_INVALID',
    )
  })
})
