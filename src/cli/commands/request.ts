import type { Command } from 'commander'
import { formatAmount } from '../../primitives/amount.ts'
import { formatTime } from '../../primitives/time.ts'
import { renderReview } from '../../review/render.ts'
import type { Result } from '../../service/operations.ts'
import { command, type Shell } from '../command.ts'
import { fields, table, wrap } from '../text/wrap.ts'
import { renderProposed } from './propose.ts'

type Row = Result<'list'>[number]

export function requestCommands(shell: Shell): readonly Command[] {
  return [
    command<[{ state?: string; treasury?: string; csv?: boolean }]>(
      shell,
      {
        name: 'list',
        summary: 'list the requests',
        example: 'coffer list --state open',
        setUp: (made) =>
          made
            .option('--state <state>', 'open, signed, executed, failed, superseded, withdrawn, expired or live')
            .option('--treasury <name>', 'of one treasury')
            .option('--csv', 'comma-separated values'),
      },
      async (session, flags) => {
        const rows = await session.call('list', { state: flags.state, treasury: flags.treasury })
        const cells = rows.map((row) => [row.id, row.treasury, row.nonce ?? '-', stateOf(row), describe(row)])
        if (flags.csv === true)
          return {
            json: rows,
            text: [['id', 'treasury', 'nonce', 'state', 'what'], ...cells]
              .map((line) => line.map(csv).join(','))
              .join('\n'),
          }
        return {
          json: rows,
          text: rows.length === 0 ? 'No requests.' : table(['ID', 'TREASURY', 'NONCE', 'STATE', 'WHAT'], cells),
        }
      },
    ),
    command<[string, object]>(
      shell,
      {
        name: 'show',
        summary: 'one request: review, approvals, what is owed, outcome',
        example: 'coffer show r1ng6m2k8rbk1pq4qeqnq7cy',
        setUp: (made) => made.argument('<id>'),
      },
      async (session, id) => {
        const view = await session.call('show', { id })
        return { json: view, text: renderView(view, session.io.width) }
      },
    ),
    command<[string, { memo?: string }]>(
      shell,
      {
        name: 'reject',
        summary: 'close a request; where a signature may exist, by the empty transaction that takes its nonce',
        example: 'coffer reject r1ng6m2k8rbk1pq4qeqnq7cy',
        setUp: (made) => made.argument('<id>').option('--memo <text>', 'why'),
      },
      async (session, id, flags) => {
        const rejected = await session.call('reject', { id, memo: flags.memo })
        return {
          json: rejected,
          text: rejected.withdrawn
            ? wrap(`Withdrawn: ${id}. Nobody had signed it, so nothing needs to go on chain.`, session.io.width)
            : renderProposed(rejected.proposed, session.io.width),
        }
      },
    ),
  ]
}

const csv = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

function stateOf(row: Row): string {
  return row.liveOnChain ? `LIVE ON CHAIN (${row.state}${row.expired ? ', expired' : ''})` : row.state
}

function describe({ action }: Row): string {
  switch (action.kind) {
    case 'transfer':
      return `${formatAmount(action.amount, action.decimals)} ${action.asset} to ${action.recipientName ?? action.recipient}`
    case 'call':
      return `call ${action.signature ?? 'unknown function'} of ${action.call.to}`
    case 'safe-tx':
      return `${action.operation === 1 ? 'delegatecall' : 'call'} of ${action.call.to}`
    case 'batch':
      return `batch of ${action.calls.length} calls`
    case 'message':
      return `message (${action.format})`
    case 'rejection':
      return `rejects ${action.rejects}`
  }
}

export function renderView(view: Result<'show'>, width: number): string {
  const review =
    view.review === null || view.naming === null
      ? ''
      : `${renderReview(view.review, view.request, { width, ...view.naming, requestDigest: view.digest }).trimEnd()}\n\n`
  const { signatures } = view
  const landed = view.outcome
  return (
    review +
    fields(
      [
        ['Request', `${view.id} (${describe(view)})`],
        ['State', stateOf(view)],
        ...(view.liveOnChain
          ? [
              [
                '',
                `a complete signature never expires: until nonce ${view.nonce ?? ''} is used this can be executed by anybody who holds it; coffer reject ${view.id} burns the nonce`,
              ] as const,
            ]
          : []),
        ['safeTxHash', view.safeTxHash],
        ['Expires', formatTime(view.expiresAt)],
        ...(view.review === null
          ? []
          : [
              [
                'Signatures',
                `${signatures.have} of ${signatures.need}${signatures.owners.length === 0 ? '' : `: ${signatures.owners.join(', ')}`}`,
              ] as const,
              ['Approved by', view.approvedBy.length === 0 ? 'nobody yet' : view.approvedBy.join(', ')] as const,
              [
                'Owed',
                view.owed ??
                  (signatures.have >= signatures.need
                    ? 'nothing'
                    : `${signatures.need - signatures.have} owner signature${signatures.need - signatures.have === 1 ? '' : 's'}`),
              ] as const,
            ]),
        ...signatures.partial.map(
          (part) => ['Owner Safe', `${part.safe}: ${part.have} of ${part.need} of its own owners`] as const,
        ),
        ...(landed === null
          ? []
          : [
              [
                'Outcome',
                `${landed.success ? 'executed' : 'failed'} in ${landed.transactionHash ?? 'an unknown transaction'}, block ${landed.blockNumber}${landed.final ? '' : ', not final yet'}${landed.outside ? ', sent outside Coffer' : ''}`,
              ] as const,
            ]),
        ...(view.packed === null || landed !== null
          ? []
          : [['Signatures', wrap(`packed, for execTransaction or isValidSignature: ${view.packed}`, width)] as const]),
        ...(view.frozen ? [['FROZEN', 'only rejections go through'] as const] : []),
      ],
      width,
    )
  )
}
