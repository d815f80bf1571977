import { CustodyError, excerpt } from '../errors.ts'
import { type Address, parseAddress, sameAddress } from '../primitives/address.ts'
import { parseAmount } from '../primitives/amount.ts'
import type { Action } from './request.ts'

/** What of the signed policy a transfer is read against. `chainPrefix` is the EIP-3770 short name of the chain in use. */
export interface TransferContext {
  readonly assets: readonly { readonly symbol: string; readonly token: Address | null; readonly decimals: number }[]
  readonly addressBook: readonly { readonly name: string; readonly address: Address }[]
  readonly chainPrefix: string | null
}

/** A transfer as typed by a person or read from a row: nothing of it is checked yet. */
export interface TransferInput {
  readonly to: string
  readonly asset: string
  readonly amount: string
}

export type TransferAction = Extract<Action, { kind: 'transfer' }>

/**
 * Reads a transfer against the policy's own assets and address book; the amount becomes base units, exactly.
 * @throws ASSET_UNKNOWN, AMOUNT_INVALID, AMOUNT_TOO_PRECISE and those of `parseRecipient`
 */
export function parseTransferInput(input: TransferInput, context: TransferContext): TransferAction {
  const asset = context.assets.find((known) => known.symbol === input.asset)
  if (asset === undefined) {
    const known = context.assets.map((each) => each.symbol).join(', ')
    throw new CustodyError(
      'ASSET_UNKNOWN',
      `Expected an asset of the active policy (${known === '' ? 'it lists none' : excerpt(known, 200)}), got "${excerpt(input.asset)}".`,
    )
  }
  const { address, name } = parseRecipient(input.to, context)
  const amount = parseAmount(input.amount, asset.decimals)
  if (amount === 0n)
    throw new CustodyError('AMOUNT_INVALID', `Expected an amount above zero, got "${excerpt(input.amount)}".`)
  return {
    kind: 'transfer',
    asset: asset.symbol,
    token: asset.token,
    decimals: asset.decimals,
    recipient: address,
    recipientName: name,
    amount,
  }
}

/**
 * Reads a name of the address book, an address, or an EIP-3770 address such as `eth:0x…`. An address that
 * stands in the book gets its name.
 * @throws ADDRESS_UNKNOWN, ADDRESS_INVALID, ADDRESS_CHECKSUM, ADDRESS_CHAIN_MISMATCH
 * @see EIP-3770
 */
export function parseRecipient(
  text: string,
  context: Pick<TransferContext, 'addressBook' | 'chainPrefix'>,
): { address: Address; name: string | null } {
  const prefixed = /^([A-Za-z0-9-]{1,32}):(0x.*)$/s.exec(text)
  if (prefixed !== null && prefixed[1] !== context.chainPrefix) {
    throw new CustodyError(
      'ADDRESS_CHAIN_MISMATCH',
      `Expected an address on ${context.chainPrefix ?? 'the chain in use, which has no known prefix'}, got the prefix "${prefixed[1]}".`,
    )
  }
  const plain = prefixed?.[2] ?? text
  if (/^0x/i.test(plain)) {
    const address = parseAddress(plain, 'recipient')
    return { address, name: context.addressBook.find((entry) => sameAddress(entry.address, address))?.name ?? null }
  }
  const entry = context.addressBook.find((known) => known.name === plain)
  if (entry === undefined)
    throw new CustodyError(
      'ADDRESS_UNKNOWN',
      `Expected an address or a name of the address book, got "${excerpt(text)}".`,
    )
  return { address: entry.address, name: entry.name }
}
