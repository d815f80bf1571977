import type { Address } from '../../primitives/address.ts'

/** What a template needs to know. Decimal amounts as the document writes them. */
export interface TemplateValues {
  readonly chainId: number
  readonly principals: Readonly<Record<string, Address>>
  readonly tokens?: readonly { readonly symbol: string; readonly token: Address; readonly decimals: number }[]
  /** Symbol of the native coin; ETH when left out. */
  readonly native?: string
  readonly addressBook?: Readonly<Record<string, Address>>
  /** Of each token; 20000 and 50000 when left out. */
  readonly maxPerTransaction?: string
  readonly maxPer24h?: string
}

/** A few people who all approve payments: two approvals for a payment, a day's wait for changes of owners. */
export function smallTeam(values: TemplateValues): string {
  const {
    chainId,
    principals,
    tokens = [],
    native = 'ETH',
    addressBook = {},
    maxPerTransaction = '20000',
    maxPer24h = '50000',
  } = values
  const people = Object.keys(principals)
  const two = Math.min(2, people.length)
  const most = Math.min(3, people.length)
  return `format: coffer-policy/v1
version: 1
name: small-team
# A signed thaw takes effect after this delay; freezing is at once.
thawDelay: 24h

# The key with which each person approves.
principals:
${mapping(principals)}
groups:
  treasurers: [${people.join(', ')}]

# Symbols mean these contracts and nothing else.
assets:
${tokens.map(({ symbol, token, decimals }) => `  - { symbol: ${symbol}, chainId: ${chainId}, token: "${token}", decimals: ${decimals} }\n`).join('')}  - { symbol: ${native}, chainId: ${chainId}, native: true, decimals: 18 }

addressBook:${Object.keys(addressBook).length === 0 ? ' {}' : ''}
${mapping(addressBook)}
# What the account that pays for gas may spend.
fees:
  - chainId: ${chainId}
    gasCeiling: 1000000
    maxFeePerGas: "200 gwei"
    maxPriorityFeePerGas: "5 gwei"
    maxCostPerTransaction: "0.05 ETH"
    maxCostPerDay: "0.5 ETH"

# What no rule allows is refused.
rules:
${tokens.map(({ symbol }) => paymentRule(`pay-${symbol.toLowerCase()}`, symbol, chainId, maxPerTransaction, maxPer24h, two)).join('')}${paymentRule(`pay-${native.toLowerCase()}`, native, chainId, '1', '2', two)}  - id: sign-text
    effect: allow
    kind: message
    format: text
    chainId: ${chainId}
    approvals: { count: ${two}, group: treasurers }
    initiatorMayApprove: true
  - id: change-owners
    effect: allow
    kind: safe-admin
    functions: [swapOwner]
    chainId: ${chainId}
    approvals: { count: ${most}, group: treasurers }
    initiatorMayApprove: true
    delay: 24h
`
}

function mapping(entries: Readonly<Record<string, Address>>): string {
  return Object.entries(entries)
    .map(([name, address]) => `  ${JSON.stringify(name)}: "${address}"\n`)
    .join('')
}

function paymentRule(
  id: string,
  asset: string,
  chainId: number,
  perTransaction: string,
  per24h: string,
  count: number,
): string {
  return `  - id: ${id}
    effect: allow
    kind: transfer
    asset: ${asset}
    chainId: ${chainId}
    recipients: addressBook
    maxPerTransaction: "${perTransaction}"
    maxPer24h: "${per24h}"
    approvals: { count: ${count}, group: treasurers }
    # Two different people either way: in a small team the one who proposes is one of them.
    initiatorMayApprove: true
`
}
