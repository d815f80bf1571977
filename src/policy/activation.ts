import { hashTypedData } from 'viem/utils'
import { CustodyError } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { type AdminSignatures, verifyAdmins } from './admin-signatures.ts'

/** What admins agree to: this document, as this version, after that one, in this home and no other. */
export interface Activation {
  /** SHA-256 of the canonical document. */
  readonly policyHash: Hex
  readonly version: number
  /** 32 zero bytes for the first version. */
  readonly previousPolicyHash: Hex
  /** 32 bytes that name the home, so that a signature is of no use in another. */
  readonly homeId: Hex
}

/** The EIP-712 document for any wallet; `toJsonText` writes it. @throws HEX_INVALID, POLICY_VERSION @see EIP-712 */
export function activationTypedData({ policyHash, version, previousPolicyHash, homeId }: Activation) {
  if (!Number.isSafeInteger(version) || version < 1)
    throw new CustodyError('POLICY_VERSION', `Expected a version from 1 on, got ${version}.`)
  return {
    domain: { name: 'Coffer', version: '1' },
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
      ],
      PolicyActivation: [
        { name: 'policyHash', type: 'bytes32' },
        { name: 'version', type: 'uint256' },
        { name: 'previousPolicyHash', type: 'bytes32' },
        { name: 'homeId', type: 'bytes32' },
      ],
    },
    primaryType: 'PolicyActivation',
    message: {
      policyHash: parseHex(policyHash, 'policyHash', 32),
      version: BigInt(version),
      previousPolicyHash: parseHex(previousPolicyHash, 'previousPolicyHash', 32),
      homeId: parseHex(homeId, 'homeId', 32),
    },
  } as const
}

/** The 32 bytes that admins sign. @throws HEX_INVALID, POLICY_VERSION */
export function activationDigest(activation: Activation): Hex {
  return hashTypedData(activationTypedData(activation))
}

/**
 * The distinct pinned admins who signed the activation. `admins` and `threshold` come from the root of trust,
 * never from the document that is being activated.
 * @throws POLICY_UNSIGNED when fewer than the threshold signed, or one signature is by somebody else; SIGNATURE_INVALID
 */
export function verifyActivation(input: Activation & AdminSignatures): readonly Address[] {
  return verifyAdmins(activationDigest(input), `policy version ${input.version}`, input)
}
