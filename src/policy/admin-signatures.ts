import { CustodyError } from '../errors.ts'
import { type Address, compareAddress, toChecksum } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { parseOwnerSignature } from '../safe/signature.ts'

/** Signatures by the pinned admins over one EIP-712 digest. Signatures are attacker-controlled. */
export interface AdminSignatures {
  readonly signatures: readonly Hex[]
  readonly admins: readonly Address[]
  readonly threshold: number
}

/**
 * The distinct admins who signed, ascending. One who signed twice counts once; a signature by anybody else is
 * refused rather than skipped, because it means that somebody signed something different.
 * @throws POLICY_UNSIGNED, SIGNATURE_INVALID
 */
export function verifyAdmins(
  digest: Hex,
  what: string,
  { signatures, admins, threshold }: AdminSignatures,
): readonly Address[] {
  const pinned = new Set(admins.map((admin) => toChecksum(admin)))
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > pinned.size) {
    throw new CustodyError(
      'POLICY_UNSIGNED',
      `Expected a threshold between 1 and the ${pinned.size} pinned admins, got ${threshold}.`,
    )
  }
  const signed = new Set<Address>()
  for (const signature of signatures) {
    const { owner, parsed } = parseOwnerSignature(digest, signature)
    if (parsed.kind !== 'ecdsa') {
      throw new CustodyError(
        'SIGNATURE_INVALID',
        `Expected a signature over the typed data of ${what} (v 27 or 28), got one over a bare hash.`,
      )
    }
    const admin = toChecksum(owner)
    if (!pinned.has(admin)) {
      throw new CustodyError(
        'POLICY_UNSIGNED',
        `Expected signatures of pinned admins over ${what}; one recovers to ${admin}, who is none.`,
        { details: { recovered: admin } },
      )
    }
    signed.add(admin)
  }
  if (signed.size < threshold) {
    throw new CustodyError(
      'POLICY_UNSIGNED',
      `Expected signatures of ${threshold} distinct admins over ${what}, got ${signed.size}.`,
      {
        details: { need: threshold, have: signed.size, signed: [...signed] },
      },
    )
  }
  return [...signed].sort(compareAddress)
}
