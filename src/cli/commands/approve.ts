import type { Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { toJsonText } from '../../primitives/json.ts'
import { safeMessageDigests, safeTxDigests } from '../../safe/hash.ts'
import type { Result } from '../../service/operations.ts'
import { command, type Shell } from '../command.ts'
import type { Outcome } from '../outcome.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import type { Session } from '../session.ts'
import { fields, wrap } from '../text/wrap.ts'
import { refuseExisting, writeNew } from './policy.ts'
import { renderView } from './request.ts'
import { signatureFrom } from './signature-file.ts'

interface ApproveFlags extends SecretFlags {
  readonly key?: string
  readonly digest?: string
  readonly asSafe?: string
  readonly export?: string
  readonly signature?: string
  readonly owner?: string
}

export function approvalCommands(shell: Shell): readonly Command[] {
  return [
    command<[string, ApproveFlags]>(
      shell,
      {
        name: 'approve',
        summary: 'review a request and approve it with a key of this home, or with any other signer',
        example: 'coffer approve r1ng6m2k8rbk1pq4qeqnq7cy --key alice',
        setUp: (made) =>
          withSecretFlags(made.argument('<id>'))
            .option('--key <name>', 'approve with this key')
            .option('--digest <safeTxHash>', 'the digest you reviewed; needed where there is no terminal')
            .option(
              '--as-safe <treasury or address>',
              'the key is an owner of this Safe, which is an owner of the treasury',
            )
            .option('--export <file>', 'write the EIP-712 document for another signer (Ledger, phone, MetaMask, cast)')
            .option('--signature <hex or file>', 'hand in a signature made elsewhere')
            .option('--owner <address>', 'who is said to have made the signature'),
      },
      (session, id, flags) => {
        if (flags.export !== undefined) return exportTo(session, id, flags.export)
        if (flags.signature !== undefined) return handIn(session, id, flags.signature, flags.owner)
        if (flags.key === undefined)
          throw new CustodyError('INPUT_REQUIRED', 'Who approves is not said.', {
            next: 'Give --key NAME, or --export FILE and later --signature HEX for another signer.',
          })
        return approveWith(session, id, flags, flags.key)
      },
    ),
  ]
}

async function approveWith(session: Session, id: string, flags: ApproveFlags, name: string): Promise<Outcome> {
  const key = await session.call('key.show', { name })
  let { digest } = flags
  if (digest === undefined) {
    if (!session.io.interactive)
      throw new CustodyError('INPUT_REQUIRED', 'There is no terminal to show the review at.', {
        next: 'Read the review with coffer show ID, then give --digest SAFETXHASH.',
      })
    const view = await session.call('show', { id })
    digest = recompute(view)
    session.io.err(`${renderView(view, session.io.width)}\n\n`)
    const answer = await session.io.ask(
      `Compare the EIP-712 Digest on a second screen. Type its last 6 characters to approve: `,
    )
    if (answer.trim().toLowerCase() !== digest.slice(-6))
      throw new CustodyError(
        'APPROVAL_DIGEST',
        'The characters are not the last six of the digest; nothing was approved.',
      )
  }
  const secret = await secretOf(session.io, flags, name, secretName(key))
  const done = await session.call('approve', { id, digest, key: name, secret, asSafe: flags.asSafe })
  return { json: done, text: renderApproved(done, session.io.width) }
}

// The door computes the digest from the fields it shows, so that a signer process gone wrong cannot show one thing
// and sign another.
function recompute(view: Result<'show'>): string {
  const { plan } = view
  const { digest } =
    plan.kind === 'safe-tx' ? safeTxDigests(plan.domain, plan.safeTx) : safeMessageDigests(plan.domain, plan.message)
  if (digest !== view.safeTxHash)
    throw new CustodyError('HASH_MISMATCH', `The fields shown hash to ${digest}, the signer says ${view.safeTxHash}.`)
  return digest
}

export function renderApproved(done: Result<'approve'>, width: number): string {
  return fields(
    [
      ['Approved', done.id],
      [done.signed ? 'Signed by' : 'Approved by', done.owner],
      ['Signatures', `${done.have} of ${done.need}`],
      ['Owed', done.owed ?? (done.ready ? 'nothing' : 'more owner signatures')],
      ['Next', done.ready ? `coffer execute ${done.id}` : `coffer approve ${done.id} --key NAME`],
    ],
    width,
  )
}

async function exportTo(session: Session, id: string, file: string): Promise<Outcome> {
  // Before anything else: the export reserves limits, and a file in the way must not cost them.
  refuseExisting(file)
  const exported = await session.call('approve.export', { id })
  writeNew(file, toJsonText(exported.typedData, 2))
  return {
    json: exported,
    text: `${wrap(`Wrote ${file}. The limits are reserved from now on, because a signature may exist that Coffer never sees.`, session.io.width)}\n${fields(
      [
        ['EIP-712 Digest', exported.digests.digest],
        ['Domain Hash', exported.digests.domainHash],
        ['Message Hash', exported.digests.messageHash],
        ['Sign with', `cast wallet sign --data --from-file ${file}, or eth_signTypedData_v4`],
        ['Then', `coffer approve ${id} --signature HEX`],
      ],
      session.io.width,
    )}`,
  }
}

async function handIn(session: Session, id: string, signature: string, owner: string | undefined): Promise<Outcome> {
  const done = await session.call('approve.signature', { id, signature: signatureFrom(signature), owner })
  return { json: done, text: renderApproved(done, session.io.width) }
}
