import { type Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { ZERO_ADDRESS } from '../../primitives/address.ts'
import { renderReview } from '../../review/render.ts'
import type { Params, Result } from '../../service/operations.ts'
import { command, group, type Shell } from '../command.ts'
import type { Outcome } from '../outcome.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import type { Session } from '../session.ts'
import { readText, wholeNumber } from './flags.ts'

interface CommonFlags extends SecretFlags {
  readonly treasury?: string
  readonly memo?: string
  readonly expires?: string
  readonly nonce?: string
  readonly idempotencyKey?: string
  readonly key?: string
  readonly safeTxGas?: string
}

const common = (made: Command): Command =>
  withSecretFlags(made)
    .option('--treasury <name>', 'treasury, where the home has several')
    .option('--memo <text>', 'why, at most 200 characters; part of what is approved')
    .option('--expires <duration>', 'when it can no longer be approved or executed', '7d')
    .option('--nonce <number>', 'Safe nonce; the next free one when left out')
    .option('--idempotency-key <text>', 'the same key yields at most one proposal')
    .option('--key <name>', 'sign the request as its creator with this key')
    .option(
      '--safe-tx-gas <gas>',
      'least gas of the inner call; above 0, a failing call uses up the nonce (default: 0)',
    )

export function proposeCommands(shell: Shell): Command {
  return group('propose', 'propose a payment, a call, a batch or a message', [
    command<[CommonFlags & { asset: string; to: string; amount: string }]>(
      shell,
      {
        name: 'transfer',
        summary: 'pay an asset of the policy to a recipient',
        example:
          'coffer propose transfer --treasury ops --asset USDC --to acme-supplies --amount 12500.00 --memo "invoice 42"',
        setUp: (made) =>
          common(made)
            .requiredOption('--asset <symbol>', 'symbol in the policy')
            .requiredOption('--to <name or address>', 'name of the address book, or address')
            .requiredOption('--amount <decimal>', 'exact amount'),
      },
      (session, flags) =>
        propose(session, flags, { kind: 'transfer', asset: flags.asset, to: flags.to, amount: flags.amount }),
    ),
    command<
      [
        readonly string[],
        CommonFlags & {
          to: string
          value?: string
          sig?: string
          abi?: string
          method?: string
          data?: string
          delegatecall?: boolean
        },
      ]
    >(
      shell,
      {
        name: 'call',
        summary: 'call a contract',
        example: "coffer propose call --treasury ops --to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --sig 'pause()'",
        setUp: (made) =>
          common(made.argument('[args...]', 'arguments of --sig or --method'))
            .requiredOption('--to <name or address>', 'the contract')
            .option('--value <amount>', 'native coin to send along, with its unit, such as "0.1 ETH"')
            .option('--sig <signature>', "function signature, such as 'transfer(address,uint256)'")
            .option('--abi <file>', 'ABI as JSON')
            .option('--method <name>', 'function of the ABI')
            .option('--data <hex>', 'raw calldata')
            .option(
              '--delegatecall',
              'run the code in the Safe itself; policy refuses this for everything but pinned batch libraries',
            ),
      },
      (session, args, flags) =>
        propose(session, flags, {
          kind: 'call',
          to: flags.to,
          args: [...args],
          value: flags.value,
          sig: flags.sig,
          method: flags.method,
          data: flags.data,
          abi: flags.abi === undefined ? undefined : readText(flags.abi, 'the ABI'),
          delegatecall: flags.delegatecall,
        }),
    ),
    command<[string, CommonFlags & { format?: string }]>(
      shell,
      {
        name: 'batch',
        summary: 'CSV payouts (to,asset,amount[,memo]) or Safe Transaction Builder JSON, in one transaction',
        example: 'coffer propose batch payouts.csv --treasury ops',
        setUp: (made) =>
          common(made.argument('<file>')).option(
            '--format <format>',
            'csv or json; by the name of the file when left out',
          ),
      },
      (session, file, flags) => {
        const format = flags.format ?? (file.endsWith('.json') ? 'json' : 'csv')
        if (format !== 'csv' && format !== 'json')
          throw new CustodyError('USAGE', `Expected --format csv or json, got "${format.slice(0, 20)}".`)
        return propose(session, flags, { kind: 'batch', text: readText(file, 'the batch'), format })
      },
    ),
    command<[CommonFlags & { text?: string; typedData?: string }]>(
      shell,
      {
        name: 'message',
        summary: 'sign a text (EIP-191) or typed data (EIP-712) as the Safe',
        example: 'coffer propose message --treasury ops --text "We control this account."',
        setUp: (made) =>
          common(made).option('--text <text>', 'the text').option('--typed-data <file>', 'EIP-712 document as JSON'),
      },
      (session, flags) =>
        propose(session, flags, {
          kind: 'message',
          text: flags.text,
          typedData: flags.typedData === undefined ? undefined : readText(flags.typedData, 'the typed data'),
        }),
    ),
  ])
}

async function propose(session: Session, flags: CommonFlags, action: Params<'propose'>['action']): Promise<Outcome> {
  const treasury = flags.treasury ?? (await onlyTreasury(session))
  const secret =
    flags.key === undefined
      ? undefined
      : await secretOf(session.io, flags, flags.key, secretName(await session.call('key.show', { name: flags.key })))
  const made = await session.call('propose', {
    treasury,
    action,
    memo: flags.memo,
    expires: flags.expires,
    nonce: flags.nonce,
    idempotencyKey: flags.idempotencyKey,
    key: flags.key,
    secret,
    refund: refundOf(flags.safeTxGas),
  })
  return { json: made, text: renderProposed(made, session.io.width) }
}

// Refunds to whoever executes are a way to hide a payment, so there are no flags for them and policy refuses them.
function refundOf(safeTxGas: string | undefined): Params<'propose'>['refund'] {
  if (safeTxGas === undefined) return undefined
  return {
    safeTxGas: BigInt(wholeNumber(safeTxGas, '--safe-tx-gas')),
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: ZERO_ADDRESS,
    refundReceiver: ZERO_ADDRESS,
  }
}

export function renderProposed(made: Result<'propose'>, width: number): string {
  const review = renderReview(made.review, made.request, { width, ...made.naming, requestDigest: made.digest })
  return `${review.trimEnd()}\n\n${made.created ? 'Proposed' : 'Known already'}: ${made.request.id}\nNext: coffer approve ${made.request.id} --key NAME`
}

async function onlyTreasury(session: Session): Promise<string> {
  const [only, ...others] = await session.call('treasury.list', {})
  if (only === undefined)
    throw new CustodyError('NOT_FOUND', 'There is no treasury in this home.', {
      next: 'Run coffer treasury create or adopt.',
    })
  if (others.length > 0)
    throw new CustodyError('USAGE', 'The home has several treasuries.', { next: 'Name one with --treasury.' })
  return only.name
}
