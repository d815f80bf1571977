import { toChecksum } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { checkAddress, checkSafeTx, checkUint256, domainHasChainId } from './hash.ts'
import type { SafeDomain, SafeTx } from './safe-tx.ts'

// Type aliases, not interfaces, so that a document can be used where `Json` is asked for.
export type TypedDataField = { readonly name: string; readonly type: string }

/** An `eth_signTypedData_v4` document; whole numbers are decimal strings, so every JSON reader sees the same. */
export type TypedDataDocument = {
  readonly types: { readonly [name: string]: readonly TypedDataField[] }
  readonly primaryType: string
  readonly domain: { readonly [name: string]: string }
  readonly message: { readonly [name: string]: string }
}

const CHAIN_ID: TypedDataField = { name: 'chainId', type: 'uint256' }
const VERIFYING_CONTRACT: TypedDataField = { name: 'verifyingContract', type: 'address' }

export const SAFE_TX_FIELDS: readonly TypedDataField[] = [
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'data', type: 'bytes' },
  { name: 'operation', type: 'uint8' },
  { name: 'safeTxGas', type: 'uint256' },
  { name: 'baseGas', type: 'uint256' },
  { name: 'gasPrice', type: 'uint256' },
  { name: 'gasToken', type: 'address' },
  { name: 'refundReceiver', type: 'address' },
  { name: 'nonce', type: 'uint256' },
]

/**
 * The Safe transaction for any external signer (Ledger, MetaMask, `cast wallet sign --data`).
 * @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID
 * @see EIP-712
 */
export function safeTxTypedData(domain: SafeDomain, tx: SafeTx): TypedDataDocument {
  checkSafeTx(tx)
  return document(domain, 'SafeTx', SAFE_TX_FIELDS, {
    to: toChecksum(tx.to),
    value: String(tx.value),
    data: tx.data.toLowerCase(),
    operation: String(tx.operation),
    safeTxGas: String(tx.safeTxGas),
    baseGas: String(tx.baseGas),
    gasPrice: String(tx.gasPrice),
    gasToken: toChecksum(tx.gasToken),
    refundReceiver: toChecksum(tx.refundReceiver),
    nonce: String(tx.nonce),
  })
}

/** `SafeMessage(bytes message)` for any external signer. @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID */
export function safeMessageTypedData(domain: SafeDomain, message: Hex): TypedDataDocument {
  return document(domain, 'SafeMessage', [{ name: 'message', type: 'bytes' }], {
    message: parseHex(message, 'message'),
  })
}

function document(
  domain: SafeDomain,
  primaryType: string,
  fields: readonly TypedDataField[],
  message: { readonly [name: string]: string },
): TypedDataDocument {
  const withChain = domainHasChainId(domain.version)
  const verifyingContract = toChecksum(checkAddress(domain.safe, 'the Safe'))
  return {
    types: { EIP712Domain: withChain ? [CHAIN_ID, VERIFYING_CONTRACT] : [VERIFYING_CONTRACT], [primaryType]: fields },
    primaryType,
    domain: withChain
      ? { chainId: String(checkUint256(domain.chainId, 'chainId')), verifyingContract }
      : { verifyingContract },
    message,
  }
}
