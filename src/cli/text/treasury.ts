import { ZERO_ADDRESS } from '../../primitives/address.ts'
import { formatAmount } from '../../primitives/amount.ts'
import type { Finding } from '../../review/review.ts'
import type { TreasuryView } from '../../registers/show-treasury.ts'
import { fields, wrap } from './wrap.ts'

const orNone = (address: string): string => (address === ZERO_ADDRESS ? 'none' : address)

export function renderTreasury(view: TreasuryView, width: number): string {
  const { treasury, account } = view
  return [
    fields(
      [
        ['Treasury', treasury.name],
        ['Safe', account.address],
        ['Chain', `${treasury.chain} (${treasury.chainId})`],
        ['Version', account.version],
        ['Singleton', account.singleton],
        ['Code hashes', `proxy ${account.proxyCodeHash}, singleton ${account.singletonCodeHash}`],
        ['Nonce', String(account.nonce)],
        ['Threshold', `${account.threshold} of ${account.owners.length}`],
        ...account.owners.map((owner, index) => [index === 0 ? 'Owners' : '', owner] as const),
        ['Modules', account.modules.length === 0 ? 'none' : account.modules.join(' ')],
        ['Guard', orNone(account.guard)],
        ['Module guard', orNone(account.moduleGuard)],
        ['Fallback', orNone(account.fallbackHandler)],
        ...view.balances.map(
          ({ symbol, amount, decimals }, index) =>
            [index === 0 ? 'Balances' : '', `${formatAmount(amount, decimals)} ${symbol}`] as const,
        ),
        [
          'Payer',
          view.payer === null
            ? 'none'
            : `${view.payer.key} ${view.payer.address}, ${formatAmount(view.payer.balance, 18)} for fees`,
        ],
      ],
      width,
    ),
    '',
    'Enforced by the chain:',
    ...view.enforcedByChain.map((rule) => wrap(`- ${rule}`, width, '  ')),
    'Everything else (policy, limits, delays, fee caps) is enforced by Coffer only:',
    wrap(`any ${account.threshold} owners who sign outside Coffer can go around it.`, width, '  '),
    ...view.changed.map((change) => wrap(`CHANGED OUTSIDE COFFER: ${change}`, width)),
    ...renderFindings(view.findings, width),
  ].join('\n')
}

export function renderFindings(findings: readonly Finding[], width: number): string[] {
  return findings.flatMap((finding) => [
    wrap(`${finding.severity.toUpperCase()}: ${finding.title}. ${finding.detail}`, width),
    wrap(finding.fix, width, '  '),
  ])
}
