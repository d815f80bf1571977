import { toChecksum, ZERO_ADDRESS } from '../primitives/address.ts'
import { formatAmount } from '../primitives/amount.ts'
import { formatTime } from '../primitives/time.ts'
import type { Request } from '../request/request.ts'
import { describeAmount, describeEffect, nameOf, type Names, recipientOf, type Wire } from './describe-effect.ts'
import type { DecodedCall, Review, Severity } from './review.ts'
import { TextPage } from './text-page.ts'

export interface RenderOptions extends Names {
  /** Columns of the terminal; at least 72 are used. */
  readonly width: number
  /** The name of the chain in the home; the id is always shown. */
  readonly chainName?: string | null
  /** SHA-256 of the canonical request, which approvals bind to. */
  readonly requestDigest?: string | null
}

type WireReview = Wire<Review>
type WireRequest = Wire<Request>

/**
 * The review as a person reads it before approving: plain text, full addresses and hashes, nothing shortened.
 * What it says about the effect comes from the decoded bytes that would be signed, not from the request's own
 * words. Takes the objects themselves or what `--json` made of them.
 */
export function renderReview(review: WireReview, request: WireRequest, options: RenderOptions): string {
  const page = new TextPage(options.width)
  renderWho(page, review, request, options)
  renderWhat(page, review, request, options)
  renderFindings(page, review)
  renderCall(page, review, options)
  renderDigests(page, review, options)
  renderTerms(page, review, request, options)
  renderSimulation(page, review, options)
  renderEnforcement(page, review)
  return page.toString()
}

function renderWho(page: TextPage, { account }: WireReview, request: WireRequest, { chainName }: RenderOptions): void {
  const { creator } = request
  page.heading(`REVIEW OF ${request.id}`)
  page.heading('WHO')
  page.field(
    'Creator',
    creator.address === null
      ? `${creator.principal} (did not sign the request)`
      : `${creator.principal} (signed with ${creator.address})`,
  )
  page.field('Treasury', request.treasury)
  page.field('Safe', account.address)
  page.field('', `version ${account.version}, ${account.threshold} of ${account.owners.length} owners`)
  page.field(
    'Chain',
    chainName === undefined || chainName === null ? String(account.chainId) : `${chainName} (${account.chainId})`,
  )
}

function renderWhat(page: TextPage, review: WireReview, request: WireRequest, options: RenderOptions): void {
  const { effects } = review
  page.heading('WHAT')
  page.text(
    effects.length === 1
      ? `${describeEffect(effects[0] as (typeof effects)[number], options)}.`
      : `${effects.length} effects in one transaction; all happen or none does.`,
  )
  if (request.action.kind === 'rejection') page.field('Rejects', request.action.rejects)
  if (request.memo !== null) page.field('Memo', request.memo)
  if (review.message !== null) page.quoted(review.message)
  page.heading('WHERE')
  for (const effect of effects) {
    if (effects.length > 1) page.text(`${effect.where}: ${describeEffect(effect, options)}.`)
    const address = recipientOf(effect)
    if (address !== null)
      page.text(addressLine(address, effect.where === 'refund', options), effects.length > 1 ? 4 : 2)
  }
  if (effects.every((effect) => recipientOf(effect) === null)) page.text('No address receives anything.')
}

function addressLine(address: string, isRefund: boolean, names: Names): string {
  const full = toChecksum(address)
  if (isRefund && full === ZERO_ADDRESS) return 'whoever sends the transaction'
  return `${full} ${nameOf(full, names) ?? '(not in the address book)'}`
}

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

function renderFindings(page: TextPage, { findings }: WireReview): void {
  page.heading(
    findings.length === 0
      ? 'FINDINGS: none'
      : `FINDINGS: ${SEVERITIES.flatMap((severity) => {
          const count = findings.filter((finding) => finding.severity === severity).length
          return count === 0 ? [] : [`${count} ${severity}`]
        }).join(', ')}`,
  )
  for (const severity of SEVERITIES) {
    for (const finding of findings.filter((each) => each.severity === severity)) {
      page.text(`[${severity.toUpperCase()}] ${finding.title} (${finding.id}, ${finding.where})`)
      page.text(finding.detail, 4)
      page.text(`-> ${finding.fix}`, 4)
    }
  }
}

function renderCall(page: TextPage, { call }: WireReview, options: RenderOptions): void {
  if (call === null) return
  page.heading('CALL, DECODED')
  renderDecoded(page, call, 2, '', options)
}

function renderDecoded(
  page: TextPage,
  call: Wire<DecodedCall>,
  indent: number,
  label: string,
  options: RenderOptions,
): void {
  // Deep nesting must not push a full address over the edge of the page.
  const at = Math.min(indent, 18)
  page.text(
    `${label}${call.operation === 1 ? 'DELEGATECALL' : 'call'} ${call.toName ?? nameOf(call.to, options) ?? '(no name)'}`,
    at,
  )
  page.text(call.to, at + 2)
  if (BigInt(call.value) > 0n) page.text(`value ${describeAmount(null, call.value, options)}`, at + 2)
  page.text(call.signature ?? (call.selector === null ? 'no function' : `UNKNOWN function ${call.selector}`), at + 2)
  for (const argument of call.arguments) page.text(`${argument.name} (${argument.type}): ${argument.value}`, at + 4)
  call.inner.forEach((inner, i) => renderDecoded(page, inner, indent + 4, `[${i}] `, options))
}

function renderDigests(
  page: TextPage,
  { digests, agreement, message }: WireReview,
  { requestDigest }: RenderOptions,
): void {
  const isMessage = digests.calldataDigest === null
  page.heading('DIGESTS (ERC-8213)')
  const hash = (label: string, value: string): void => {
    page.text(label)
    page.text(value, 4)
  }
  hash(`EIP-712 Digest (${isMessage ? 'SafeMessage hash' : 'safeTxHash'})`, digests.digest)
  hash('Domain Hash', digests.domainHash)
  hash('Message Hash', digests.messageHash)
  if (digests.calldataDigest !== null) hash('Calldata Digest', digests.calldataDigest)
  if (requestDigest !== undefined && requestDigest !== null)
    hash('Request digest (what approvals bind to)', requestDigest)
  page.heading('COMPUTED BY')
  page.field('Coffer', agreement.ours === digests.digest ? 'the EIP-712 Digest above' : `DIFFERENT: ${agreement.ours}`)
  for (const [side, value] of [
    ['The chain', agreement.chain],
    ['protocol-kit', agreement.protocolKit],
  ] as const) {
    page.field(
      side,
      value === null
        ? `not computed${isMessage && message !== null ? ' (messages: where a handler answers)' : ''}`
        : value === agreement.ours
          ? 'the same'
          : `DIFFERENT: ${value}`,
    )
  }
}

function renderTerms(
  page: TextPage,
  { account, caps }: WireReview,
  request: WireRequest,
  { assets }: RenderOptions,
): void {
  const coin = assets.find(({ token }) => token === null)
  const price = (wei: bigint | string): string => `${formatAmount(BigInt(wei), 9)} gwei`
  const cost = (wei: bigint | string): string =>
    coin === undefined ? `${BigInt(wei)} wei` : `${formatAmount(BigInt(wei), coin.decimals)} ${coin.symbol}`
  page.heading('NONCE, EXPIRY, FEES')
  page.field(
    'Nonce',
    request.nonce === null
      ? 'none: a message takes no nonce'
      : `${request.nonce} (the Safe stands at ${account.nonce})`,
  )
  page.field('Expires', formatTime(request.expiresAt))
  if (request.nonce === null) {
    page.text('The expiry binds Coffer only: a signed message stays valid as long as its owners do.', 4)
    return
  }
  page.text('The expiry binds Coffer only: a signed Safe transaction stays valid until its nonce is used.', 4)
  if (caps === null) {
    page.field('Fee caps', 'none are set for this chain')
    return
  }
  page.field(
    'Fee caps',
    `at most ${caps.gasCeiling} gas, ${price(caps.maxFeePerGas)} per gas, tip ${price(caps.maxPriorityFeePerGas)}`,
  )
  page.field('', `at most ${cost(caps.maxCostPerTransaction)} for one transaction, ${cost(caps.maxCostPerDay)} a day`)
}

function renderSimulation(page: TextPage, { simulation, account }: WireReview, options: RenderOptions): void {
  page.heading(
    `SIMULATION at block ${account.blockNumber}: ${simulation.status === 'not-run' ? 'NOT RUN' : simulation.status}`,
  )
  if (simulation.reason !== null) page.text(simulation.reason)
  if (simulation.status !== 'succeeded') {
    page.text('No effect is shown here; that does not mean there is none.')
    return
  }
  if (simulation.balanceChanges === null) page.text('Balance changes: the node cannot tell; not the same as none.')
  else if (simulation.balanceChanges.length === 0) page.text('Balance changes: none.')
  for (const { account: who, token, change } of simulation.balanceChanges ?? []) {
    const gain = BigInt(change) >= 0n
    page.text(`${gain ? '+' : ''}${describeAmount(token, change, options)}`)
    page.text(
      `${toChecksum(who)} ${toChecksum(who) === toChecksum(account.address) ? 'this Safe' : (nameOf(who, options) ?? '(not in the address book)')}`,
      4,
    )
  }
  if (simulation.storageChanges !== null) page.text(`Storage changes: ${simulation.storageChanges.length}.`)
}

function renderEnforcement(page: TextPage, { enforcement }: WireReview): void {
  page.heading('ENFORCED BY THE CHAIN')
  for (const rule of enforcement.chain) page.text(`- ${rule}`)
  if (enforcement.chain.length === 0) page.text('- nothing beyond the Safe itself')
  page.heading('ENFORCED BY COFFER ONLY: enough owners outside Coffer can go around it')
  for (const rule of enforcement.pipeline) page.text(`- ${rule}`)
  if (enforcement.pipeline.length === 0) page.text('- nothing')
}
