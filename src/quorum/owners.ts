import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import { type OwnerSignature, parseOwnerSignature } from '../safe/signature.ts'

/** A signature that somebody hands in; it and the claim of whose it is are attacker-controlled. */
export interface Collection {
  /** safeTxHash or SafeMessage hash, computed here from the fields. */
  readonly digest: Hex
  readonly signature: Hex
  readonly state: Pick<SafeState, 'owners'>
  /** Owners whose verified signatures over this digest are stored. */
  readonly signed: readonly Address[]
  /** The owner it is said to be of, where somebody says so. */
  readonly claimed?: Address
}

/**
 * Checks a signature when it comes in, by recovering it, and not only when it is used.
 * @throws SIGNATURE_INVALID when malformed; SIGNER_NOT_OWNER with `details.recovered` when it is by nobody of the
 *   Safe or by another owner than claimed, which the caller logs as an alarm; APPROVAL_DUPLICATE
 */
export function collectOwnerSignature({ digest, signature, state, signed, claimed }: Collection): {
  readonly owner: Address
  readonly parsed: OwnerSignature
} {
  const collected = parseOwnerSignature(digest, signature, state.owners)
  const { owner } = collected
  if (!state.owners.some((known) => sameAddress(known, owner))) {
    throw new CustodyError(
      'SIGNER_NOT_OWNER',
      `Expected the signature of an owner of the Safe; it recovers to ${owner}, who is none.`,
      {
        details: { recovered: owner, ...(claimed !== undefined && { claimed }) },
      },
    )
  }
  if (claimed !== undefined && !sameAddress(claimed, owner)) {
    throw new CustodyError('SIGNER_NOT_OWNER', `Expected the signature of ${claimed}; it recovers to ${owner}.`, {
      details: { recovered: owner, claimed },
    })
  }
  if (signed.some((known) => sameAddress(known, owner))) {
    throw new CustodyError('APPROVAL_DUPLICATE', `The owner ${owner} has signed already.`, { details: { owner } })
  }
  return collected
}
