import type { Plan } from '../build/plan.ts'
import { type Address, sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import { formatDuration, type Seconds } from '../primitives/time.ts'
import type { SafeState, SafeTx } from '../safe/safe-tx.ts'
import { accountFindings } from './account-findings.ts'
import { recipientFindings } from './recipient-findings.ts'
import type { Effect, Finding, Severity, Simulation } from './review.ts'

export interface NamedAddress {
  readonly name: string
  readonly address: Address
}

export interface KnownAsset {
  readonly symbol: string
  /** null is the native coin. */
  readonly token: Address | null
  readonly decimals: number
}

/** All that findings are made from; nothing here is asked of the chain again. */
export interface FindingsInput {
  readonly plan: Plan
  readonly effects: readonly Effect[]
  /** What the decoder and the message reader found already. */
  readonly decoded: readonly Finding[]
  readonly account: SafeState
  readonly addressBook: readonly NamedAddress[]
  readonly assets: readonly KnownAsset[]
  readonly simulation: Simulation
  readonly now: Seconds
  readonly expiresAt: Seconds
  /** Owners whose code is an EIP-7702 delegation. */
  readonly delegatedOwners: readonly Address[]
  /** Recipients with no code, no coin and no transaction. */
  readonly unusedRecipients: readonly Address[]
}

const LONG_EXPIRY_SECONDS = 30 * 86_400
const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

/** Every finding, worst first, in the order of the plan within one severity. */
export function findingsOf(input: FindingsInput): readonly Finding[] {
  const findings = [
    ...input.decoded,
    ...effectFindings(input),
    ...recipientFindings(input),
    ...(input.plan.kind === 'safe-tx'
      ? transactionFindings(input.plan.safeTx, input.account, input.effects, input.simulation)
      : []),
    ...accountFindings(input.account, input.delegatedOwners),
    ...expiryFindings(input.now, input.expiresAt),
  ]
  return findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

function effectFindings({ effects }: FindingsInput): Finding[] {
  return effects.flatMap((effect): Finding[] => {
    // Nested delegatecalls were found by the decoder, which sees more levels than there are effects.
    if (effect.kind === 'delegatecall' && effect.where === 'call')
      return [
        {
          id: 'delegatecall-unknown',
          severity: 'critical',
          where: effect.where,
          title: 'A delegatecall to unknown code: the Safe itself could be rewritten',
          detail: `The code at ${effect.to} would run as the Safe and could replace its owners or its whole code. It is not a readable batch through a pinned batch library.`,
          fix: 'Do not sign it, here or elsewhere; find out who proposed it.',
        },
      ]
    if (effect.kind === 'safe-admin')
      return [
        {
          id: 'safe-admin',
          severity: 'high',
          where: effect.where,
          title: `${effect.name} changes who controls this Safe, or what guards it`,
          detail: `Selector ${effect.selector} on the Safe itself.`,
          fix: 'Confirm with every owner, over another channel, that the change is meant.',
        },
      ]
    return []
  })
}

function transactionFindings(
  tx: SafeTx,
  account: SafeState,
  effects: readonly Effect[],
  simulation: Simulation,
): Finding[] {
  const findings: Finding[] = []
  if (tx.gasPrice !== 0n || tx.baseGas !== 0n || tx.gasToken !== ZERO_ADDRESS || tx.refundReceiver !== ZERO_ADDRESS)
    findings.push({
      id: 'refund-fields',
      severity: 'high',
      where: 'refund',
      title: 'Gas refund fields are set: a payment can hide in them',
      detail: `gasPrice ${tx.gasPrice}, baseGas ${tx.baseGas}, gasToken ${tx.gasToken}, refundReceiver ${tx.refundReceiver}. A refund in a token has no upper price.`,
      fix: 'Propose it with all refund fields zero; the payer pays the gas.',
    })
  if (tx.safeTxGas !== 0n)
    findings.push({
      id: 'safe-tx-gas',
      severity: 'medium',
      where: 'call',
      title: 'A failure inside would still use the nonce',
      detail: `safeTxGas is ${tx.safeTxGas}; with zero the whole transaction would revert instead.`,
      fix: 'Propose it with safeTxGas zero.',
    })
  if (tx.nonce > account.nonce)
    findings.push({
      id: 'nonce-gap',
      severity: 'high',
      where: 'nonce',
      title: 'Other transactions come before this one',
      detail: `The nonce is ${tx.nonce} and the Safe stands at ${account.nonce}: once signed, this stays executable until then, and what comes before can change what it does.`,
      fix: `Execute or reject the nonces from ${account.nonce} first.`,
    })
  if (tx.nonce < account.nonce)
    findings.push({
      id: 'nonce-used',
      severity: 'high',
      where: 'nonce',
      title: 'The nonce is used already',
      detail: `The nonce is ${tx.nonce} and the Safe stands at ${account.nonce}: this can no longer be executed.`,
      fix: 'Propose again.',
    })
  return [...findings, ...simulationFindings(simulation, account, effects)]
}

// Singleton, modules, owners, owner count, threshold, and the guard, module guard and handler of 1.3.0 to 1.5.0.
const CORE_SLOTS = new Set([
  ...[0n, 1n, 2n, 3n, 4n].map((slot) => `0x${slot.toString(16).padStart(64, '0')}`),
  '0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8',
  '0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947',
  '0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5',
])

function simulationFindings(simulation: Simulation, account: SafeState, effects: readonly Effect[]): Finding[] {
  if (simulation.status === 'not-run')
    return [
      {
        id: 'simulation-not-run',
        severity: 'medium',
        where: 'simulation',
        title: 'Could not simulate: not the same as no effect',
        detail: simulation.reason ?? 'No reason was given.',
        fix: 'Simulate it elsewhere before signing, or add an RPC URL that can.',
      },
    ]
  if (simulation.status === 'reverted')
    return [
      {
        id: 'simulation-reverted',
        severity: 'high',
        where: 'simulation',
        title: 'It would fail as things stand now',
        detail: simulation.reason ?? 'No reason came back.',
        fix: 'Mend the cause or the request; do not sign a failing transaction again and again.',
      },
    ]
  const core = (simulation.storageChanges ?? []).find(
    ({ account: changed, slot }) => sameAddress(changed, account.address) && CORE_SLOTS.has(slot.toLowerCase()),
  )
  if (core === undefined || effects.some(({ kind }) => kind === 'safe-admin')) return []
  return [
    {
      id: 'safe-storage',
      severity: 'critical',
      where: 'simulation',
      title: 'The simulation shows the Safe itself being changed',
      detail: `Slot ${core.slot} goes from ${core.before} to ${core.after}, and no call of the plan says so.`,
      fix: 'Do not sign it; find out who proposed it.',
    },
  ]
}

function expiryFindings(now: Seconds, expiresAt: Seconds): Finding[] {
  const left = expiresAt - now
  if (left <= 0)
    return [
      {
        id: 'expired',
        severity: 'high',
        where: 'expiry',
        title: 'The request has expired',
        detail: 'Its time is over; nobody may approve it any more.',
        fix: 'Propose again.',
      },
    ]
  if (left <= LONG_EXPIRY_SECONDS) return []
  return [
    {
      id: 'expiry-long',
      severity: 'low',
      where: 'expiry',
      title: 'The request lives long',
      detail: `It can be approved for ${formatDuration(left - (left % 86_400))} or more. A Safe signature itself never expires.`,
      fix: 'Give a shorter expiry.',
    },
  ]
}
