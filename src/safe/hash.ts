import { CustodyError, excerpt } from '../errors.ts'
import { keccak256 } from '../primitives/hash.ts'
import { addressWord, byteLength, concatHex, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import type { SafeDigests, SafeDomain, SafeTx } from './safe-tx.ts'

// keccak256 of the encodeType strings; a test recomputes each from its string.
/** `EIP712Domain(uint256 chainId,address verifyingContract)`, Safe 1.3.0 and later. */
export const DOMAIN_TYPEHASH: Hex = '0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218'
/** `EIP712Domain(address verifyingContract)`, before 1.3.0: the same signature is good on every chain. */
export const DOMAIN_TYPEHASH_WITHOUT_CHAIN: Hex = '0x035aff83d86937d35b32e04f0ddc6ff469290eef2f1b692d8a815c89404d4749'
export const SAFE_TX_TYPEHASH: Hex = '0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8'
export const SAFE_MESSAGE_TYPEHASH: Hex = '0x60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca'

const UINT256_LIMIT = 1n << 256n

/** Published contract versions, as `VERSION()` returns them. Before 1.0.0 the struct had another field. */
const VERSIONS = ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '1.3.0', '1.4.0', '1.4.1', '1.5.0'] as const
export type SafeVersion = (typeof VERSIONS)[number]

/** The version without a `+L2` suffix; null when Coffer does not support it. */
export function supportedVersion(version: string): SafeVersion | null {
  const plain = version.endsWith('+L2') ? version.slice(0, -3) : version
  return VERSIONS.find((known) => known === plain) ?? null
}

/** Like `supportedVersion`, but refuses. @throws SAFE_VERSION */
export function requireVersion(version: string): SafeVersion {
  const known = supportedVersion(version)
  if (known === null) {
    throw new CustodyError(
      'SAFE_VERSION',
      `Expected a Safe version among ${VERSIONS.join(', ')}, got "${excerpt(version)}".`,
    )
  }
  return known
}

/** Whether the domain of this version names the chain. @throws SAFE_VERSION */
export function domainHasChainId(version: string): boolean {
  return VERSIONS.indexOf(requireVersion(version)) >= VERSIONS.indexOf('1.3.0')
}

/** @throws FIELD_INVALID when not a whole number from 0 to 2^256 - 1 */
export function checkUint256(value: bigint, what: string): bigint {
  if (typeof value !== 'bigint' || value < 0n || value >= UINT256_LIMIT) {
    throw new CustodyError('FIELD_INVALID', `Expected ${what} from 0 to 2^256 - 1, got ${excerpt(String(value))}.`)
  }
  return value
}

// Only the shape: checksums were checked where the text came in, and a digest does not depend on case.
/** @throws ADDRESS_INVALID when not 20 bytes */
export function checkAddress(address: unknown, what: string): Hex {
  if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw new CustodyError(
      'ADDRESS_INVALID',
      `Expected ${what} as 0x and 40 hexadecimal digits, got "${excerpt(String(address))}".`,
    )
  }
  return address as Hex
}

/**
 * Refuses a SafeTx that no ABI encoder could carry, instead of hashing something near it.
 * @throws FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID
 */
export function checkSafeTx(tx: SafeTx): SafeTx {
  checkAddress(tx.to, 'to')
  checkAddress(tx.gasToken, 'gasToken')
  checkAddress(tx.refundReceiver, 'refundReceiver')
  parseHex(tx.data, 'data')
  for (const field of ['value', 'safeTxGas', 'baseGas', 'gasPrice', 'nonce'] as const) checkUint256(tx[field], field)
  if (![0, 1].includes(tx.operation)) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected operation 0 (call) or 1 (delegatecall), got ${excerpt(String(tx.operation))}.`,
    )
  }
  return tx
}

/** Domain Hash in the form of the Safe's version. @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID */
export function domainHash(domain: SafeDomain): Hex {
  const safe = addressWord(checkAddress(domain.safe, 'the Safe'))
  if (!domainHasChainId(domain.version)) return keccak256(concatHex(DOMAIN_TYPEHASH_WITHOUT_CHAIN, safe))
  return keccak256(concatHex(DOMAIN_TYPEHASH, uintWord(checkUint256(domain.chainId, 'chainId')), safe))
}

/** hashStruct of the ten fields. @throws FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID */
export function safeTxStructHash(tx: SafeTx): Hex {
  checkSafeTx(tx)
  return keccak256(
    concatHex(
      SAFE_TX_TYPEHASH,
      addressWord(tx.to),
      uintWord(tx.value),
      keccak256(tx.data),
      uintWord(BigInt(tx.operation)),
      uintWord(tx.safeTxGas),
      uintWord(tx.baseGas),
      uintWord(tx.gasPrice),
      addressWord(tx.gasToken),
      addressWord(tx.refundReceiver),
      uintWord(tx.nonce),
    ),
  )
}

/**
 * The digests of a Safe transaction; `digest` is the safeTxHash that owners sign.
 * Computed here from the fields alone: nothing a service or a node said goes in.
 * @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID
 * @see EIP-712, ERC-8213
 */
export function safeTxDigests(domain: SafeDomain, tx: SafeTx): SafeDigests {
  return { ...digestsOf(domainHash(domain), safeTxStructHash(tx)), calldataDigest: calldataDigest(tx.data) }
}

/** `0x1901 ‖ Domain Hash ‖ Message Hash`, 66 bytes: what `encodeTransactionData` returns. @throws as `safeTxDigests` */
export function safeTxPreimage(domain: SafeDomain, tx: SafeTx): Hex {
  return concatHex('0x1901', domainHash(domain), safeTxStructHash(tx))
}

/**
 * The digests of `SafeMessage(bytes message)`. For EIP-1271 `message` is the 32-byte hash that the
 * verifying contract asks about. @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID
 */
export function safeMessageDigests(domain: SafeDomain, message: Hex): SafeDigests {
  const struct = keccak256(concatHex(SAFE_MESSAGE_TYPEHASH, keccak256(parseHex(message, 'message'))))
  return { ...digestsOf(domainHash(domain), struct), calldataDigest: null }
}

/** keccak256(uint256(length) ‖ data). Covers neither target nor value. @throws HEX_INVALID @see ERC-8213 */
export function calldataDigest(data: Hex): Hex {
  const checked = parseHex(data, 'calldata')
  return keccak256(concatHex(uintWord(BigInt(byteLength(checked))), checked))
}

function digestsOf(domain: Hex, message: Hex): { digest: Hex; domainHash: Hex; messageHash: Hex } {
  return { digest: keccak256(concatHex('0x1901', domain, message)), domainHash: domain, messageHash: message }
}
