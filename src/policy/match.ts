import type { Request } from '../request/request.ts'
import type { Effect } from '../review/review.ts'
import type { Asset, Parties, Rule } from './policy.ts'

/** A condition of a rule that an effect does not meet. */
export type Mismatch =
  | 'treasury'
  | 'initiator'
  | 'asset'
  | 'recipient'
  | 'spender'
  | 'contract'
  | 'selector'
  | 'format'
  | 'primary type'
  | 'verifying contract'
  | 'function'
  | 'range'

/**
 * The conditions of the rule that the effect does not meet; empty when it matches, null when the rule is about
 * another kind or chain. Limits are no conditions: a rule that matches binds with its limits.
 */
export function mismatches(
  rule: Rule,
  effect: Effect,
  request: Request,
  initiator: string | null,
): readonly Mismatch[] | null {
  if (rule.chainId !== null && rule.chainId !== request.chainId) return null
  const { subject } = rule
  const found: Mismatch[] = []
  if (subject.kind === 'any') {
    if (!touched(effect).some((address) => subject.addresses.has(address))) return null
  } else {
    if (subject.kind !== effect.kind) return null
    subjectMismatches(subject, effect, found)
  }
  if (rule.treasuries !== null && !rule.treasuries.has(request.treasury)) found.push('treasury')
  if (rule.initiators !== null && (initiator === null || !rule.initiators.has(initiator))) found.push('initiator')
  return found
}

function subjectMismatches(subject: Rule['subject'], effect: Effect, found: Mismatch[]): void {
  if (subject.kind === 'transfer' && effect.kind === 'transfer') {
    if (!sameAsset(subject.asset, effect.token)) found.push('asset')
    if (!among(subject.recipients, effect.recipient)) found.push('recipient')
  } else if (subject.kind === 'approve' && effect.kind === 'approve') {
    if (!sameAsset(subject.asset, effect.token)) found.push('asset')
    if (!among(subject.spenders, effect.spender)) found.push('spender')
  } else if (subject.kind === 'call' && effect.kind === 'call') {
    if (subject.contract !== null && subject.contract !== effect.to.toLowerCase()) found.push('contract')
    if (subject.selectors !== null && (effect.selector === null || !subject.selectors.has(effect.selector)))
      found.push('selector')
  } else if (subject.kind === 'message' && effect.kind === 'message') {
    if (subject.format !== null && subject.format !== effect.format) found.push('format')
    if (subject.primaryTypes !== null && (effect.primaryType === null || !subject.primaryTypes.has(effect.primaryType)))
      found.push('primary type')
    if (
      subject.verifyingContracts !== null &&
      !subject.verifyingContracts.has(effect.verifyingContract?.toLowerCase() ?? 'none')
    )
      found.push('verifying contract')
  } else if (subject.kind === 'safe-admin' && effect.kind === 'safe-admin') {
    if (subject.selectors !== null && !subject.selectors.has(effect.selector)) found.push('function')
  }
}

// `asset` null asks for no particular asset; its chain is the rule's chain, which was compared already.
function sameAsset(asset: Asset | null, token: string | null): boolean {
  if (asset === null) return true
  return asset.token === null ? token === null : token !== null && asset.token.toLowerCase() === token.toLowerCase()
}

function among(parties: Parties, address: string): boolean {
  return parties === 'anybody' || parties.has(address.toLowerCase())
}

/** Every address an effect names, in lower case. */
export function touched(effect: Effect): readonly string[] {
  const addresses: (string | null)[] = (() => {
    switch (effect.kind) {
      case 'transfer':
        return [effect.token, effect.recipient]
      case 'approve':
        return [effect.token, effect.spender]
      case 'nft':
        return [effect.token, effect.recipient]
      case 'call':
      case 'delegatecall':
        return [effect.to]
      case 'message':
        return [effect.verifyingContract]
      case 'safe-admin':
      case 'rejection':
        return []
    }
  })()
  return addresses.flatMap((address) => (address === null ? [] : [address.toLowerCase()]))
}

/** What an effect spends of the asset its rule limits: base units, or wei for a call; 0 for what has no amount. */
export function amountOf(effect: Effect): bigint {
  if (effect.kind === 'transfer' || effect.kind === 'approve') return effect.amount
  return effect.kind === 'call' ? effect.value : 0n
}
