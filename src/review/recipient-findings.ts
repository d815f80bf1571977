import { type Address, sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import type { FindingsInput } from './findings.ts'
import type { Effect, Finding } from './review.ts'

const LEADING = 3
const TRAILING = 4

/** Whether a person who looks at the ends only would take one address for the other. */
export function looksAlike(a: Address, b: Address): boolean {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()]
  return (
    left !== right &&
    left.slice(0, 2 + LEADING) === right.slice(0, 2 + LEADING) &&
    left.slice(-TRAILING) === right.slice(-TRAILING)
  )
}

/** Who gets something from an effect, or may take it later; null when nobody does. */
export function beneficiary(effect: Effect): Address | null {
  switch (effect.kind) {
    case 'transfer':
    case 'nft':
      return effect.recipient
    case 'approve':
      return effect.spender
    case 'call':
    case 'delegatecall':
      return effect.to
    default:
      return null
  }
}

/** Findings about who receives: every leg of a batch is looked at. */
export function recipientFindings(input: FindingsInput): readonly Finding[] {
  return input.effects.flatMap((effect) => {
    const address = beneficiary(effect)
    return address === null
      ? []
      : [
          ...lookAlikes(effect, address, input),
          ...(isPayment(effect) ? placeFindings(effect, address, input) : targetFindings(effect, address, input)),
        ]
  })
}

type Payment = Extract<Effect, { kind: 'transfer' | 'nft' | 'approve' }>

function isPayment(effect: Effect): effect is Payment {
  return effect.kind === 'transfer' || effect.kind === 'nft' || effect.kind === 'approve'
}

function lookAlikes(effect: Effect, address: Address, { account, addressBook, assets }: FindingsInput): Finding[] {
  const known = [
    ...addressBook.map((entry) => ({ label: `the address-book entry ${entry.name}`, address: entry.address })),
    ...account.owners.map((owner) => ({ label: 'an owner', address: owner })),
    ...assets.flatMap(({ symbol, token }) =>
      token === null ? [] : [{ label: `the asset ${symbol}`, address: token }],
    ),
    { label: 'the Safe itself', address: account.address },
  ]
  // An address that is itself known is no imitation, even where two known ones happen to look alike.
  if (known.some((entry) => sameAddress(entry.address, address))) return []
  return known
    .filter((entry) => looksAlike(entry.address, address))
    .slice(0, 1)
    .map(({ label, address: real }) => ({
      id: 'recipient-look-alike',
      severity: 'critical',
      where: effect.where,
      title: `The address only looks like ${label}`,
      detail: `Here stands ${address}; ${label} is ${real}. First and last characters agree, the middle does not.`,
      fix: 'Do not sign it; take the address from the address book.',
    }))
}

function placeFindings(effect: Payment, address: Address, input: FindingsInput): Finding[] {
  const { account, addressBook, unusedRecipients } = input
  const finding = (id: string, severity: Finding['severity'], title: string, detail: string, fix: string): Finding => ({
    id,
    severity,
    title,
    detail,
    where: effect.where,
    fix,
  })
  const findings = unlistedToken(effect, input)
  if (address === ZERO_ADDRESS) {
    // A refund to the zero address pays the sender of the outer transaction; `refund-fields` speaks about it.
    return effect.where === 'refund'
      ? findings
      : [
          ...findings,
          finding(
            'recipient-zero',
            'high',
            'The recipient is the zero address',
            'What is sent there is lost.',
            'Correct the recipient.',
          ),
        ]
  }
  if (effect.token !== null && sameAddress(address, effect.token)) {
    return [
      ...findings,
      finding(
        'recipient-token',
        'high',
        'The recipient is the token contract itself',
        `What is sent to ${address} is most likely lost.`,
        'Correct the recipient.',
      ),
    ]
  }
  if (sameAddress(address, account.address)) {
    return [
      ...findings,
      finding(
        'recipient-self',
        'medium',
        'The recipient is the Safe itself',
        'Nothing would leave the Safe.',
        'Correct the recipient.',
      ),
    ]
  }
  if (!addressBook.some((entry) => sameAddress(entry.address, address))) {
    findings.push(
      finding(
        'recipient-unlisted',
        'medium',
        'The recipient is not in the address book',
        `${address} has no name there.`,
        'Compare every character with a source you trust, or add it to the policy.',
      ),
    )
  }
  if (unusedRecipients.some((unused) => sameAddress(unused, address))) {
    findings.push(
      finding(
        'recipient-unused',
        'info',
        'The recipient was never used on this chain',
        `${address} has no code, no coin and has sent nothing.`,
        'Send a small amount first where that is possible.',
      ),
    )
  }
  return findings
}

function unlistedToken(effect: Payment, { assets }: FindingsInput): Finding[] {
  const token = effect.token
  if (
    token === null ||
    effect.kind === 'nft' ||
    assets.some((asset) => asset.token !== null && sameAddress(asset.token, token))
  )
    return []
  return [
    {
      id: 'token-unlisted',
      severity: 'medium',
      where: effect.where,
      title: 'The token is not in the list of assets',
      detail: `${token} may be any contract that answers like a token.`,
      fix: 'Add the asset to the policy after checking its address.',
    },
  ]
}

function targetFindings(effect: Effect, address: Address, { account, addressBook, assets }: FindingsInput): Finding[] {
  const listed = [
    account.address,
    ...addressBook.map((entry) => entry.address),
    ...assets.flatMap(({ token }) => token ?? []),
  ]
  if (effect.kind !== 'call' || listed.some((each) => sameAddress(each, address))) return []
  return [
    {
      id: 'target-unlisted',
      severity: 'medium',
      where: effect.where,
      title: 'The contract called is not in the address book',
      detail: `${address} has no name there.`,
      fix: 'Check what this contract is, or add it to the policy.',
    },
  ]
}
