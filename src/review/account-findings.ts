import { type Address } from '../primitives/address.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import type { Finding } from './review.ts'

/** What is weak about the Safe itself, whatever it is about to do. */
export function accountFindings(account: SafeState, delegatedOwners: readonly Address[]): readonly Finding[] {
  const { owners, threshold, modules } = account
  const findings: Finding[] = []
  const add = (id: string, severity: Finding['severity'], title: string, detail: string, fix: string): void => {
    findings.push({ id, severity, title, detail, where: 'account', fix })
  }
  if (threshold === owners.length)
    add(
      'owners-all-needed',
      'medium',
      'Every owner must sign',
      `${threshold} of ${owners.length}: one lost key locks the Safe for ever.`,
      'Add an owner, or lower the threshold by one.',
    )
  if (owners.length < 3)
    add('owners-few', 'medium', 'The Safe has fewer than 3 owners', `It has ${owners.length}.`, 'Use at least 2 of 3.')
  if (threshold * 2 < owners.length)
    add(
      'threshold-low',
      'medium',
      'The threshold is below half of the owners',
      `${threshold} of ${owners.length} owners can spend everything.`,
      'Raise the threshold.',
    )
  if (modules.length > 0)
    add(
      'modules-enabled',
      'medium',
      'Modules can spend without the owners',
      `Enabled: ${modules.join(', ')}.`,
      'Disable each module that is not needed.',
    )
  for (const owner of delegatedOwners) {
    add(
      'owner-delegated',
      'high',
      'An owner account runs foreign code',
      `${owner} has an EIP-7702 delegation (code 0xef0100…): whoever controls that code may act as this owner.`,
      'Find out who set the delegation; replace the owner if it was not meant.',
    )
  }
  return findings
}
