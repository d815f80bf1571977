import { CustodyError } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { verifyActivation } from './activation.ts'
import { parsePolicy } from './document.ts'
import type { Policy } from './policy.ts'

/**
 * The policy of a record, trusted only because the pinned admins signed exactly this document.
 * @throws POLICY_UNSIGNED when it was altered or lacks signatures
 */
export function activePolicy(
  record: {
    readonly version: number
    readonly hash: Hex
    readonly previousHash: Hex
    readonly document: string
    readonly signatures: readonly Hex[]
  },
  root: { readonly homeId: Hex; readonly admins: readonly Address[]; readonly threshold: number },
): Policy {
  const policy = parsePolicy(record.document)
  if (policy.hash !== record.hash || policy.version !== record.version) {
    throw new CustodyError(
      'POLICY_UNSIGNED',
      `The stored policy has the hash ${policy.hash}, but ${record.hash} was signed.`,
    )
  }
  verifyActivation({
    policyHash: record.hash,
    version: record.version,
    previousPolicyHash: record.previousHash,
    homeId: root.homeId,
    signatures: record.signatures,
    admins: root.admins,
    threshold: root.threshold,
  })
  return policy
}
