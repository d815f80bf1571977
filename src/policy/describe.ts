import { excerpt } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import { formatAmount } from '../primitives/amount.ts'
import type { Request } from '../request/request.ts'
import type { Effect } from '../review/review.ts'
import type { Mismatch } from './match.ts'
import { assetOf, bookName } from './names.ts'
import type { AllowRule, Asset, Policy } from './policy.ts'

export function amountText(units: bigint, asset: Asset): string {
  return `${formatAmount(units, asset.decimals)} ${asset.symbol}`
}

function tokenText(policy: Policy, token: Address | null, units: bigint, chainId: number): string {
  const asset = assetOf(policy, token, chainId)
  return asset === null
    ? `${units} base units of ${token === null ? 'the native coin' : `the token ${token}`}, which the policy does not list,`
    : amountText(units, asset)
}

function partyText(policy: Policy, address: Address, chainId: number): string {
  const name = bookName(policy, address, chainId)
  return name === null ? address : `${name} (${address})`
}

/** One effect in words, for refusals; every text in it from outside is bounded. */
export function describeEffect(policy: Policy, effect: Effect, chainId: number): string {
  const party = (address: Address) => partyText(policy, address, chainId)
  switch (effect.kind) {
    case 'transfer':
      return `a transfer of ${tokenText(policy, effect.token, effect.amount, chainId)} to ${party(effect.recipient)}`
    case 'approve':
      return `an approval of ${tokenText(policy, effect.token, effect.amount, chainId)} for ${party(effect.spender)}`
    case 'nft':
      return `a transfer of token id ${effect.tokenId} of ${party(effect.token)} to ${party(effect.recipient)}`
    case 'call':
      return `a call of ${effect.selector ?? 'no function'} on ${party(effect.to)} with ${effect.value} wei`
    case 'safe-admin':
      return `the Safe's own ${excerpt(effect.name)}`
    case 'delegatecall':
      return `a delegatecall to ${party(effect.to)}`
    case 'message':
      return effect.format === 'text'
        ? 'a text message'
        : `a typed message ${excerpt(effect.primaryType ?? 'without type')} of ${effect.verifyingContract ?? 'no contract'}`
    case 'rejection':
      return 'a rejection'
  }
}

/** Why a rule that is otherwise right does not match. */
export function describeMismatch(
  policy: Policy,
  rule: AllowRule,
  mismatch: Mismatch,
  effect: Effect,
  request: Request,
  initiator: string | null,
  total: bigint,
): string {
  switch (mismatch) {
    case 'treasury':
      return `it is for the treasury ${[...(rule.treasuries ?? [])].join(', ')}, not ${excerpt(request.treasury)}`
    case 'initiator':
      return `it must be proposed by ${[...(rule.initiators ?? [])].join(', ')}, not ${excerpt(initiator ?? 'an unverified creator')}`
    case 'asset':
      return `it is for ${rule.limits?.asset.symbol ?? 'another asset'}`
    case 'recipient':
      return `${effect.kind === 'transfer' ? partyText(policy, effect.recipient, request.chainId) : 'the recipient'} is not among its recipients`
    case 'spender':
      return `${effect.kind === 'approve' ? partyText(policy, effect.spender, request.chainId) : 'the spender'} is not among its spenders`
    case 'contract':
      return 'it is for another contract'
    case 'selector':
      return `the function ${effect.kind === 'call' ? (effect.selector ?? 'without selector') : ''} is not among its selectors`
    case 'format':
      return 'it is for the other format of messages'
    case 'primary type':
      return 'the primary type is not among its types'
    case 'verifying contract':
      return 'the verifying contract is not among its contracts'
    case 'function':
      return 'the function is not among its functions'
    case 'range':
      return rangeText(rule, total)
  }
}

function rangeText(rule: AllowRule, total: bigint): string {
  const { subject, limits } = rule
  if (limits === null || (subject.kind !== 'transfer' && subject.kind !== 'approve'))
    return 'the amount is outside its range'
  const { asset } = limits
  if (subject.upTo !== null && total > subject.upTo)
    return `the amount ${amountText(total, asset)} is above its range, which ends at ${amountText(subject.upTo, asset)}`
  return `the amount ${amountText(total, asset)} is not above ${amountText(subject.above ?? 0n, asset)}, where its range begins`
}
