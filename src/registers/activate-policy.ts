import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import { activationTypedData, verifyActivation } from '../policy/activation.ts'
import { parsePolicy } from '../policy/document.ts'
import type { Policy } from '../policy/policy.ts'
import type { Parts } from '../pipeline/parts.ts'
import type { Signer } from '../sign/signer.ts'
import { signActivation } from '../sign/statement.ts'
import type { PolicyRecord } from '../store/registers.ts'

/** Hash that the first policy names as its predecessor. */
export const NO_POLICY: Hex = `0x${'00'.repeat(32)}`

export interface ActivationSubjectOf {
  readonly policy: Policy
  readonly subject: {
    readonly policyHash: Hex
    readonly version: number
    readonly previousPolicyHash: Hex
    readonly homeId: Hex
  }
}

/** What the admins sign to put a document in force. @throws POLICY_INVALID, POLICY_VERSION */
export async function prepareActivation(parts: Parts, document: string): Promise<ActivationSubjectOf> {
  const policy = parsePolicy(document)
  const current = (await parts.ledger.registers()).policy
  const next = (current?.version ?? 0) + 1
  if (policy.version !== next)
    throw new CustodyError('POLICY_VERSION', `Expected policy version ${next}, got ${policy.version}.`)
  return {
    policy,
    subject: {
      policyHash: policy.hash,
      version: policy.version,
      previousPolicyHash: current?.hash ?? NO_POLICY,
      homeId: parts.home.root.homeId,
    },
  }
}

/** The EIP-712 document for admins whose keys live elsewhere. */
export async function exportActivation(parts: Parts, document: string) {
  const { policy, subject } = await prepareActivation(parts, document)
  return { version: policy.version, hash: policy.hash, typedData: activationTypedData(subject) }
}

/**
 * Puts a policy in force with the signatures of the pinned admins.
 * @throws POLICY_INVALID, POLICY_VERSION, POLICY_UNSIGNED when fewer than the threshold signed
 */
export async function activatePolicy(
  parts: Parts,
  document: string,
  signers: readonly Signer[],
  handed: readonly Hex[],
): Promise<PolicyRecord> {
  const { policy, subject } = await prepareActivation(parts, document)
  const signatures = [...handed]
  for (const signer of signers) {
    if (!parts.home.root.admins.includes(signer.address))
      throw new CustodyError('POLICY_UNSIGNED', `${signer.address} is no policy admin of this home.`)
    signatures.push(await signActivation(subject, signer))
  }
  verifyActivation({ ...subject, signatures, admins: parts.home.root.admins, threshold: parts.home.root.threshold })
  const record: PolicyRecord = {
    version: policy.version,
    hash: policy.hash,
    previousHash: subject.previousPolicyHash,
    document,
    signatures,
  }
  await parts.ledger.commit(async ({ registers, record: log }) => {
    if ((registers.policy?.hash ?? NO_POLICY) !== subject.previousPolicyHash)
      throw new CustodyError('POLICY_VERSION', 'Another policy was activated meanwhile.')
    log({ type: 'policy.activated', actor: parts.actor, data: { policy: record as unknown as Json } })
  })
  return record
}
