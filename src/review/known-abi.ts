import { keccak256Text } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'
import { type AbiFunction, parseFunction } from './abi-type.ts'
import { type AbiValue, decodeExactly } from './abi-decode.ts'

/**
 * What a function of the table means to a review.
 * `safe` changes who controls a Safe; `control` hands over control or rights of another contract;
 * `allowance` lets somebody else move tokens; `nested` holds calls.
 */
export type Meaning = 'token' | 'safe' | 'control' | 'allowance' | 'nested' | 'other'

export interface KnownFunction extends AbiFunction {
  readonly selector: Hex
  readonly name: string
  readonly meaning: Meaning
}

const TABLE: Readonly<Record<Meaning, readonly string[]>> = {
  token: [
    'transfer(address to, uint256 amount)',
    'transferFrom(address from, address to, uint256 amountOrTokenId)',
    'safeTransferFrom(address from, address to, uint256 tokenId)',
    'safeTransferFrom(address from, address to, uint256 tokenId, bytes data)',
    'safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
    'safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)',
    'decreaseAllowance(address spender, uint256 subtractedAmount)',
    'deposit()',
    'withdraw(uint256 amount)',
  ],
  allowance: [
    'approve(address spender, uint256 amountOrTokenId)',
    'increaseAllowance(address spender, uint256 addedAmount)',
    'permit(address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
    'permit(address holder, address spender, uint256 nonce, uint256 expiry, bool allowed, uint8 v, bytes32 r, bytes32 s)',
    'setApprovalForAll(address operator, bool approved)',
    'approve(address token, address spender, uint160 amount, uint48 expiration)',
  ],
  safe: [
    'addOwnerWithThreshold(address owner, uint256 threshold)',
    'removeOwner(address previousOwner, address owner, uint256 threshold)',
    'swapOwner(address previousOwner, address oldOwner, address newOwner)',
    'changeThreshold(uint256 threshold)',
    'enableModule(address module)',
    'disableModule(address previousModule, address module)',
    'setGuard(address guard)',
    'setModuleGuard(address moduleGuard)',
    'setFallbackHandler(address handler)',
    'changeMasterCopy(address singleton)',
    'setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
    'approveHash(bytes32 hash)',
    'signMessage(bytes message)',
    'simulateAndRevert(address targetContract, bytes calldataPayload)',
  ],
  nested: [
    'multiSend(bytes transactions)',
    'execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
    'execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation)',
    'execTransactionFromModuleReturnData(address to, uint256 value, bytes data, uint8 operation)',
    'schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay)',
    'scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)',
    'execute(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt)',
    'executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt)',
    'multicall(bytes[] data)',
  ],
  control: [
    'transferOwnership(address newOwner)',
    'renounceOwnership()',
    'acceptOwnership()',
    'setOwner(address owner)',
    'upgradeTo(address implementation)',
    'upgradeToAndCall(address implementation, bytes data)',
    'upgrade(address proxy, address implementation)',
    'upgradeAndCall(address proxy, address implementation, bytes data)',
    'changeAdmin(address admin)',
    'grantRole(bytes32 role, address account)',
    'revokeRole(bytes32 role, address account)',
    'renounceRole(bytes32 role, address account)',
    'updateDelay(uint256 delay)',
    'execute(bytes32 mode, bytes executionData)',
    'mint(address to, uint256 amount)',
  ],
  other: ['burn(uint256 amount)', 'cancel(bytes32 id)', 'pause()', 'unpause()'],
}

const known: ReadonlyMap<string, KnownFunction> = new Map(
  (Object.entries(TABLE) as [Meaning, readonly string[]][]).flatMap(([meaning, texts]) =>
    texts.map((text): [string, KnownFunction] => {
      const parsed = parseFunction(text) as AbiFunction
      const selector = selectorOf(parsed.signature)
      return [selector, { ...parsed, selector, meaning, name: text.slice(0, text.indexOf('(')) }]
    }),
  ),
)

/** The first four bytes of the Keccak-256 of a canonical signature. */
export function selectorOf(signature: string): Hex {
  return keccak256Text(signature).slice(0, 10) as Hex
}

/** The first four bytes of calldata; null when it has fewer. */
export function selectorIn(data: Hex): Hex | null {
  return data.length >= 10 ? (data.slice(0, 10).toLowerCase() as Hex) : null
}

export function knownFunction(selector: Hex | null): KnownFunction | null {
  return selector === null ? null : (known.get(selector) ?? null)
}

/** Every function of the table, for documentation and tests. */
export function knownFunctions(): readonly KnownFunction[] {
  return [...known.values()]
}

/**
 * A known function with its values, only when the calldata is its exact canonical encoding. A selector says
 * nothing about the target: whether the target is a token is for the caller to know.
 */
export function decodeKnown(
  data: Hex,
): { readonly called: KnownFunction; readonly values: readonly AbiValue[] } | null {
  const called = knownFunction(selectorIn(data))
  if (called === null) return null
  const values = decodeExactly(called.parameters, `0x${data.slice(10).toLowerCase()}`)
  return values === null ? null : { called, values }
}
