import { sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import { formatDuration } from '../primitives/time.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import { amountText } from './describe.ts'
import type { Decision } from './decision.ts'
import type { AllowRule, Policy } from './policy.ts'

/**
 * Who enforces what, in plain sentences: what the chain itself checks, and what only this pipeline checks and
 * any quorum of owners could go around by signing elsewhere.
 */
export function enforcementOf(
  policy: Policy,
  decision: Decision,
  state: SafeState,
): { chain: string[]; pipeline: string[] } {
  return { chain: chainSentences(state), pipeline: pipelineSentences(policy, decision, state) }
}

function chainSentences({ threshold, owners, nonce, guard, moduleGuard, modules }: SafeState): string[] {
  const sentences = [
    `The Safe demands signatures of ${threshold} of its ${owners.length} owners.`,
    `The Safe executes each nonce once, in order; the next is ${nonce}.`,
  ]
  if (!sameAddress(guard, ZERO_ADDRESS))
    sentences.push(`A transaction guard is set (${guard}); what it enforces is unknown to this version of Coffer.`)
  if (modules.length > 0) {
    const guarded = sameAddress(moduleGuard, ZERO_ADDRESS)
      ? 'with no module guard'
      : `under the module guard ${moduleGuard}, whose rules are unknown to this version of Coffer`
    sentences.push(
      `${modules.length} module${modules.length === 1 ? '' : 's'} can act for the Safe without any owner's signature, ${guarded}: ${modules.join(', ')}.`,
    )
  }
  return sentences
}

function pipelineSentences(policy: Policy, decision: Decision, { threshold }: SafeState): string[] {
  const around = `Any ${threshold} owners could go around everything below by signing outside Coffer.`
  const spoke = new Set(decision.spoke.map((outcome) => outcome.rule))
  const rules = policy.rules.filter((rule): rule is AllowRule => rule.effect === 'allow' && spoke.has(rule.id))
  const denials = policy.rules.filter((rule) => rule.effect === 'deny').length
  return [
    around,
    'Nothing is signed that no rule allows; a delegatecall to anything but a pinned batch library is never signed.',
    ...rules.flatMap((rule) => ruleSentences(rule)),
    ...(denials > 0
      ? [`${denials === 1 ? 'A deny rule wins' : `${denials} deny rules win`} over every rule that allows.`]
      : []),
    ...(policy.fees.size > 0 ? ['Gas and fees of the payer stay within the caps of the policy.'] : []),
    'A freeze stops every signature but rejections.',
  ]
}

function ruleSentences({ id, limits, approvals, delay }: AllowRule): string[] {
  const sentences: string[] = []
  const { maxPerTransaction = null, maxPer24h = null } = limits ?? {}
  if (limits !== null && maxPerTransaction !== null)
    sentences.push(`Rule ${id}: at most ${amountText(maxPerTransaction, limits.asset)} in one transaction.`)
  if (limits !== null && maxPer24h !== null)
    sentences.push(`Rule ${id}: at most ${amountText(maxPer24h, limits.asset)} in any 24 hours.`)
  for (const { count, group } of approvals)
    sentences.push(`Rule ${id}: approvals of ${count} ${group === null ? 'principals' : `of the group ${group}`}.`)
  if (delay > 0)
    sentences.push(`Rule ${id}: the completing signature waits ${formatDuration(delay)} after the proposal.`)
  return sentences
}
