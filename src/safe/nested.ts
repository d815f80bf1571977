import type { Hex } from '../primitives/hex.ts'
import { requireVersion, safeTxDigests, safeTxPreimage } from './hash.ts'
import type { SafeDomain, SafeTx } from './safe-tx.ts'

/**
 * What an owner Safe signs, as `SafeMessage(bytes)` on its own domain, to confirm a transaction of `parent`.
 *
 * The parent's version alone decides, whatever version the owner Safe has: up to 1.4.1 the parent hands the
 * whole 66-byte preimage to `isValidSignature(bytes,bytes)`, since 1.5.0 the 32-byte safeTxHash to
 * `isValidSignature(bytes32,bytes)`. An owner Safe of 1.5.0 with its own default handler cannot answer the
 * older question, so on an older parent it has to approve by `approveHash`.
 * @throws SAFE_VERSION, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID
 * @see EIP-1271
 */
export function nestedMessage(parent: SafeDomain, tx: SafeTx): Hex {
  return requireVersion(parent.version) === '1.5.0' ? safeTxDigests(parent, tx).digest : safeTxPreimage(parent, tx)
}
