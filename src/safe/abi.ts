import { CustodyError } from '../errors.ts'
import { type Address, ZERO_ADDRESS } from '../primitives/address.ts'
import { addressWord, byteLength, concatHex, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import { checkAddress, checkUint256 } from './hash.ts'

export const SELECTORS = {
  execTransaction: '0x6a761202',
  multiSend: '0x8d80ff0a',
  approveHash: '0xd4d9bdcd',
  setup: '0xb63e800d',
  erc20Transfer: '0xa9059cbb',
} as const satisfies Record<string, Hex>

/** Selectors that change who controls a Safe or what guards it. */
export const OWNER_MANAGEMENT: Readonly<Record<Hex, string>> = {
  '0x0d582f13': 'addOwnerWithThreshold',
  '0xf8dc5dd9': 'removeOwner',
  '0xe318b52b': 'swapOwner',
  '0x694e80c3': 'changeThreshold',
  '0x610b5925': 'enableModule',
  '0xe009cfde': 'disableModule',
  '0xe19a9dd9': 'setGuard',
  '0xe068df37': 'setModuleGuard',
  '0xf08a0323': 'setFallbackHandler',
  '0x7de7edef': 'changeMasterCopy',
  '0xb63e800d': 'setup',
}

/** Selectors on other contracts that hand over control, rights or allowances. */
export const ADMIN_SELECTORS: Readonly<Record<Hex, string>> = {
  '0xf2fde38b': 'transferOwnership',
  '0x3659cfe6': 'upgradeTo',
  '0x4f1ef286': 'upgradeToAndCall',
  '0x99a88ec4': 'upgrade',
  '0x13af4035': 'setOwner',
  '0x2f2ff15d': 'grantRole',
  '0x468721a7': 'execTransactionFromModule',
  '0x095ea7b3': 'approve',
  '0x39509351': 'increaseAllowance',
  '0xa22cb465': 'setApprovalForAll',
  '0xd505accf': 'permit',
  '0x01d5062a': 'schedule',
  '0x64d62353': 'updateDelay',
}

/** One argument: a 32-byte word in place, or a body that goes to the tail with its offset in place. */
export type AbiArgument = Hex | { readonly tail: Hex }

/** `bytes`: length word, content, zero padding to whole words. */
export function bytesTail(data: Hex): { readonly tail: Hex } {
  const length = byteLength(data)
  return { tail: concatHex(uintWord(BigInt(length)), data, `0x${'00'.repeat((32 - (length % 32)) % 32)}`) }
}

/** A call in the one canonical layout: tails in order, no gaps. @see Solidity ABI specification */
export function encodeCall(selector: Hex, args: readonly AbiArgument[]): Hex {
  let offset = 32 * args.length
  const heads: Hex[] = []
  const tails: Hex[] = []
  for (const arg of args) {
    if (typeof arg === 'string') {
      heads.push(arg)
    } else {
      heads.push(uintWord(BigInt(offset)))
      tails.push(arg.tail)
      offset += byteLength(arg.tail)
    }
  }
  return concatHex(selector, ...heads, ...tails)
}

/** ERC-20 `transfer`. `amount` in base units. @throws ADDRESS_INVALID, FIELD_INVALID */
export function encodeErc20Transfer(to: Address, amount: bigint): Hex {
  return encodeCall(SELECTORS.erc20Transfer, [
    addressWord(checkAddress(to, 'recipient')),
    uintWord(checkUint256(amount, 'amount')),
  ])
}

/** `approveHash`, by which an owner confirms on chain. @throws HEX_INVALID when not 32 bytes */
export function encodeApproveHash(hash: Hex): Hex {
  return encodeCall(SELECTORS.approveHash, [parseHex(hash, 'hash', 32)])
}

export interface SafeSetup {
  readonly owners: readonly Address[]
  readonly threshold: number
  readonly fallbackHandler: Address
  /** A delegatecall during set-up; none unless given. */
  readonly to?: Address
  readonly data?: Hex
}

/** The `setup` call of a new Safe, without a payment. @throws FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID */
export function encodeSetup(setup: SafeSetup): Hex {
  const { owners, threshold } = setup
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > owners.length) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected a threshold from 1 to the ${owners.length} owners, got ${threshold}.`,
    )
  }
  if (new Set(owners.map((owner) => owner.toLowerCase())).size !== owners.length) {
    throw new CustodyError('FIELD_INVALID', 'Expected every owner once, got one twice.')
  }
  const list = owners.map((owner) => addressWord(checkAddress(owner, 'owner')))
  return encodeCall(SELECTORS.setup, [
    { tail: concatHex(uintWord(BigInt(list.length)), ...list) },
    uintWord(BigInt(threshold)),
    addressWord(checkAddress(setup.to ?? ZERO_ADDRESS, 'to')),
    bytesTail(parseHex(setup.data ?? '0x', 'data')),
    addressWord(checkAddress(setup.fallbackHandler, 'fallback handler')),
    addressWord(ZERO_ADDRESS),
    uintWord(0n),
    addressWord(ZERO_ADDRESS),
  ])
}
