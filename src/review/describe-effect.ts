import { type Address, sameAddress } from '../primitives/address.ts'
import { formatAmount } from '../primitives/amount.ts'
import { isUnlimited } from './call-findings.ts'
import type { KnownAsset, NamedAddress } from './findings.ts'
import { beneficiary } from './recipient-findings.ts'
import type { Effect } from './review.ts'

/** A value that may have travelled as JSON, where bigints are decimal strings. */
export type Wire<T> = T extends bigint
  ? bigint | string
  : T extends readonly (infer U)[]
    ? readonly Wire<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T

export interface Names {
  readonly assets: readonly KnownAsset[]
  readonly addressBook: readonly NamedAddress[]
}

/** An amount with its asset; a token that is no asset of the policy is named by its full address, in base units. */
export function describeAmount(token: Address | null, amount: bigint | string, { assets }: Names): string {
  const units = BigInt(amount)
  const asset = assets.find((known) =>
    token === null ? known.token === null : known.token !== null && sameAddress(known.token, token),
  )
  if (asset !== undefined) return `${formatAmount(units, asset.decimals)} ${asset.symbol}`
  return token === null ? `${units} wei` : `${units} base units of the unlisted token ${token}`
}

export function nameOf(address: Address, { addressBook }: Names): string | null {
  return addressBook.find((entry) => sameAddress(entry.address, address))?.name ?? null
}

/** What one effect does, as a sentence without its full stop; who receives stands in `recipientOf`. */
export function describeEffect(effect: Wire<Effect>, names: Names): string {
  const to = (address: Address): string => nameOf(address, names) ?? 'an address without a name'
  switch (effect.kind) {
    case 'transfer':
      return effect.where === 'refund'
        ? `Refund gas with up to ${describeAmount(effect.token, effect.amount, names)}`
        : `Pay ${describeAmount(effect.token, effect.amount, names)} to ${to(effect.recipient)}`
    case 'approve':
      return `Let ${to(effect.spender)} take ${isUnlimited(BigInt(effect.amount)) ? `UNLIMITED amounts of the token ${effect.token}` : describeAmount(effect.token, effect.amount, names)}`
    case 'nft':
      return `Send token ${effect.tokenId} of ${effect.token} (amount ${effect.amount}) to ${to(effect.recipient)}`
    case 'call':
      return `Call ${effect.selector ?? 'with no function'} on ${to(effect.to)}${BigInt(effect.value) > 0n ? ` with ${describeAmount(null, effect.value, names)}` : ''}`
    case 'safe-admin':
      return `CHANGE THE SAFE ITSELF: ${effect.name}`
    case 'delegatecall':
      return 'DELEGATECALL: foreign code runs as the Safe and could rewrite it'
    case 'message':
      return effect.format === 'text'
        ? 'Sign a text message as the Safe'
        : `Sign typed data (${effect.primaryType ?? 'unknown type'}) as the Safe`
    case 'rejection':
      return 'Do nothing but use up the nonce, so that another transaction with it can never run'
  }
}

/** The full address that an effect is about, or null. */
export function recipientOf(effect: Wire<Effect>): Address | null {
  return effect.kind === 'message' ? effect.verifyingContract : beneficiary(effect as Effect)
}
