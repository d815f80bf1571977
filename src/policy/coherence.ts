import { sameAddress } from '../primitives/address.ts'
import type { Request } from '../request/request.ts'
import type { Effect, Simulation } from '../review/review.ts'

const KINDS: ReadonlySet<string> = new Set([
  'transfer',
  'approve',
  'nft',
  'call',
  'safe-admin',
  'delegatecall',
  'message',
  'rejection',
])

/** Storage slot of the Safe's nonce, the one slot of its own that every execution changes. @see Safe contracts, `Safe.sol` storage layout */
const NONCE_SLOT = 5n

/**
 * Why the effects cannot be those of the request, or null. The bytes were built from the request and the
 * effects were read back from the bytes, so a difference means that one of the two was tampered with.
 */
export function incoherence({ action }: Request, effects: readonly Effect[]): string | null {
  const [first, ...others] = effects
  if (first === undefined) return 'the review found no effect to judge'
  const strange = effects.find((effect) => !KINDS.has(effect.kind))
  if (strange !== undefined) return 'the review found an effect of a kind that no rule can speak of'
  if (effects.some((effect) => amountsOf(effect).some((amount) => typeof amount !== 'bigint' || amount < 0n)))
    return 'an effect has an amount that is none'
  if (action.kind === 'rejection') {
    return effects.every((effect) => effect.kind === 'rejection')
      ? null
      : 'the request is a rejection, but the bytes do something else'
  }
  if (action.kind === 'message') {
    return others.length === 0 && first.kind === 'message' && first.format === action.format
      ? null
      : 'the request is a message, but the review found something else'
  }
  if (effects.some((effect) => effect.kind === 'message'))
    return 'the request is a transaction, but the review found a message'
  if (action.kind !== 'transfer') return null
  const same =
    others.length === 0 &&
    first.kind === 'transfer' &&
    first.amount === action.amount &&
    sameAddress(first.recipient, action.recipient) &&
    sameToken(first.token, action.token)
  return same ? null : 'the request is a transfer, but the bytes do not make exactly that transfer'
}

function amountsOf(effect: Effect): readonly unknown[] {
  switch (effect.kind) {
    case 'transfer':
    case 'approve':
      return [effect.amount]
    case 'nft':
      return [effect.amount, effect.tokenId]
    case 'call':
      return [effect.value]
    default:
      return []
  }
}

function sameToken(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : sameAddress(a, b)
}

/**
 * What a simulation shows that the effects do not say, or null. Only adds refusals: a simulation that did not
 * run, or a list that the node could not give, says nothing here; rules with `simulation: required` demand one.
 */
export function contradiction(
  { safe }: Request,
  effects: readonly Effect[],
  simulation: Simulation | null,
): string | null {
  if (simulation?.status !== 'succeeded') return null
  if (!effects.some((effect) => effect.kind === 'safe-admin')) {
    const changed = simulation.storageChanges?.find(
      (change) =>
        sameAddress(change.account, safe) &&
        BigInt(change.slot) !== NONCE_SLOT &&
        change.before.toLowerCase() !== change.after.toLowerCase(),
    )
    if (changed !== undefined)
      return `the simulation shows a change of the Safe's own storage (slot ${BigInt(changed.slot)}), which none of the calls says it makes`
  }
  // A call may make the Safe pay through an allowance given earlier, so outflows can only be compared without one.
  if (effects.some((effect) => effect.kind === 'call')) return null
  const outflow = simulation.balanceChanges?.find(
    (change) => sameAddress(change.account, safe) && -change.change > declared(effects, change.token),
  )
  return outflow === undefined
    ? null
    : `the simulation shows ${-outflow.change} base units of ${outflow.token ?? 'the native coin'} leaving the Safe, more than the transfers say`
}

function declared(effects: readonly Effect[], token: string | null): bigint {
  let sum = 0n
  for (const effect of effects) if (effect.kind === 'transfer' && sameToken(effect.token, token)) sum += effect.amount
  return sum
}
