import type { Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { formatAmount } from '../../primitives/amount.ts'
import type { Result } from '../../service/operations.ts'
import { command, type Shell } from '../command.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import type { Session } from '../session.ts'
import { fields, wrap } from '../text/wrap.ts'
import { type CapFlags, capsOf, wholeNumber, withCapFlags } from './flags.ts'

interface ExecuteFlags extends SecretFlags, CapFlags {
  readonly broadcastRpc?: string
  readonly wait?: string
  readonly stuckAfter?: string
}

export function executeCommand(shell: Shell): Command {
  return command<[string, ExecuteFlags]>(
    shell,
    {
      name: 'execute',
      summary: 'send a complete request to the chain, exactly once, within the fee caps; safe to run again',
      example: 'coffer execute r1ng6m2k8rbk1pq4qeqnq7cy',
      setUp: (made) =>
        withCapFlags(withSecretFlags(made.argument('<id>')))
          .option(
            '--broadcast-rpc <url>',
            'send to this URL, such as a private relay, instead of the URLs of the chain',
          )
          .option('--wait <seconds>', 'how long to wait for the outcome', '180')
          .option('--stuck-after <seconds>', 'replace within the caps when not mined by then', '60'),
    },
    async (session, id, flags) => {
      const secret = await payerSecret(session, flags, id)
      const done = await session.call('execute', {
        id,
        secret,
        caps: capsOf(flags),
        broadcastUrl: flags.broadcastRpc,
        ...(flags.wait !== undefined && { waitSeconds: wholeNumber(flags.wait, '--wait') }),
        ...(flags.stuckAfter !== undefined && { stuckAfterSeconds: wholeNumber(flags.stuckAfter, '--stuck-after') }),
      })
      return { json: done, text: renderExecuted(done, session.io.width) }
    },
  )
}

export function cancelCommand(shell: Shell): Command {
  return command<[string, SecretFlags & CapFlags]>(
    shell,
    {
      name: 'cancel',
      summary: 'take the payer’s nonce of a sent, unmined execution by an empty transfer, within the fee caps',
      example: 'coffer cancel r1ng6m2k8rbk1pq4qeqnq7cy',
      setUp: (made) => withCapFlags(withSecretFlags(made.argument('<id>'))),
    },
    async (session, id, flags) => {
      const done = await session.call('cancel', {
        id,
        secret: await payerSecret(session, flags, id),
        caps: capsOf(flags),
      })
      return {
        json: done,
        text: `${fields(
          [
            ['Cancelling', done.id],
            ['Transaction', done.transactionHash],
            ['Payer nonce', String(done.payerNonce)],
          ],
          session.io.width,
        )}\n${wrap(`One of the two lands; see coffer show ${id}. The Safe transaction stays signed: coffer reject ${id} burns its nonce.`, session.io.width)}`,
      }
    },
  )
}

async function payerSecret(session: Session, flags: SecretFlags, id: string): Promise<string> {
  const { request } = await session.call('show', { id })
  const treasury = (await session.call('treasury.list', {})).find((each) => each.name === request.treasury)
  if (treasury === undefined || treasury.payer === null)
    throw new CustodyError('PAYER_MISSING', `Treasury ${request.treasury} has no payer key in this home.`)
  return secretOf(
    session.io,
    flags,
    treasury.payer,
    secretName(await session.call('key.show', { name: treasury.payer })),
  )
}

const eth = (wei: bigint): string => `${formatAmount(wei, 18)} ETH`

export function renderExecuted(done: Result<'execute'>, width: number): string {
  return fields(
    [
      ['Executed', done.id],
      ['Transaction', done.transactionHash],
      ['Block', `${done.blockNumber}${done.final ? '' : ' (not final yet)'}`],
      ['Proof', `the Safe logged ExecutionSuccess for ${done.safeTxHash}`],
      ...(done.gasUsed === null
        ? []
        : [
            [
              'Gas',
              `${done.gasUsed} used${done.gasLimit === null ? '' : `, limit ${done.gasLimit}`}, ceiling ${done.caps.gasCeiling}`,
            ] as const,
          ]),
      ...(done.fee === null || done.worstCaseCost === null
        ? []
        : [
            [
              'Fee',
              `${eth(done.fee)} paid, worst case ${eth(done.worstCaseCost)}, cap ${eth(done.caps.maxCostPerTransaction)}`,
            ] as const,
          ]),
      ...(done.outside ? [['Note', 'somebody else sent the signed transaction'] as const] : []),
    ],
    width,
  )
}
