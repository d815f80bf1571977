import type { Plan } from '../build/plan.ts'
import { CustodyError } from '../errors.ts'
import { sameAddress } from '../primitives/address.ts'
import { recoverAddress } from '../primitives/ecdsa.ts'
import type { Hex } from '../primitives/hex.ts'
import type { SigningPermit } from '../quorum/permit.ts'
import { safeMessageDigests, safeTxDigests } from '../safe/hash.ts'
import { nestedMessage } from '../safe/nested.ts'
import type { SafeDomain } from '../safe/safe-tx.ts'
import { fromEcdsa } from '../safe/signature.ts'
import type { Signer } from './signer.ts'

/** What an owner's key signs for a plan: the effect itself, or the SafeMessage of the owner Safe it belongs to. */
export function ownerDigest(plan: Plan, via: SafeDomain | null): Hex {
  if (via !== null) {
    if (plan.kind !== 'safe-tx')
      throw new CustodyError('USAGE', 'An owner Safe can sign transactions only, not messages.')
    return safeMessageDigests(via, nestedMessage(plan.domain, plan.safeTx)).digest
  }
  return plan.kind === 'safe-tx'
    ? safeTxDigests(plan.domain, plan.safeTx).digest
    : safeMessageDigests(plan.domain, plan.message).digest
}

/**
 * The one place where an owner's key is reached. The digest is derived from the plan's fields here and held
 * against the permit; the signature is recovered before it leaves.
 * @returns 65 bytes r‖s‖v with v 27 or 28
 * @throws HASH_MISMATCH when plan and permit are not the same effect, SIGNATURE_MISMATCH, and what the key throws
 */
export async function signOwner(
  permit: SigningPermit,
  plan: Plan,
  signer: Signer,
  via: SafeDomain | null,
): Promise<Hex> {
  if (ownerDigest(plan, null) !== permit.effectDigest)
    throw new CustodyError('HASH_MISMATCH', 'The plan is not the effect that was permitted.')
  const digest = ownerDigest(plan, via)
  const signature = await signer.sign(digest)
  const recovered = recoverAddress(digest, signature)
  if (recovered === null || !sameAddress(recovered, signer.address)) {
    throw new CustodyError('SIGNATURE_MISMATCH', `The signature does not recover to ${signer.address}.`)
  }
  return fromEcdsa(signature)
}
