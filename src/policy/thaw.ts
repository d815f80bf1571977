import { hashTypedData } from 'viem/utils'
import type { Address } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { type AdminSignatures, verifyAdmins } from './admin-signatures.ts'

/** Which freeze is lifted. The log entry is named so that one thaw cannot lift a later freeze. */
export interface Thaw {
  /** Leaf hash of the freeze's log entry. */
  readonly freezeEntry: Hex
  readonly homeId: Hex
}

/** The EIP-712 document for any wallet. @throws HEX_INVALID @see EIP-712 */
export function thawTypedData({ freezeEntry, homeId }: Thaw) {
  return {
    domain: { name: 'Coffer', version: '1' },
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
      ],
      Thaw: [
        { name: 'freezeEntry', type: 'bytes32' },
        { name: 'homeId', type: 'bytes32' },
      ],
    },
    primaryType: 'Thaw',
    message: { freezeEntry: parseHex(freezeEntry, 'freezeEntry', 32), homeId: parseHex(homeId, 'homeId', 32) },
  } as const
}

/** The 32 bytes that admins sign. @throws HEX_INVALID */
export function thawDigest(thaw: Thaw): Hex {
  return hashTypedData(thawTypedData(thaw))
}

/**
 * The distinct pinned admins who signed the thaw. The delay of the policy is counted by the caller from the
 * moment this was logged (G8).
 * @throws POLICY_UNSIGNED, SIGNATURE_INVALID
 */
export function verifyThaw(input: Thaw & AdminSignatures): readonly Address[] {
  return verifyAdmins(thawDigest(input), 'the thaw', input)
}
