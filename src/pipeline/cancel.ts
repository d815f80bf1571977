import { cancellation } from '../build/cancellation.ts'
import { lowerCaps } from '../build/fees.ts'
import type { FeeCaps } from '../build/plan.ts'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Secret } from '../sign/signer.ts'
import { openContext } from './context.ts'
import { parseEnvelope } from './envelope-text.ts'
import { type Job, requireCaps, requirePayer, rowsOf, sendStored, storeSigned } from './payer-transaction.ts'
import { spentToday } from './limits.ts'
import type { Parts } from './parts.ts'
import { reconcile } from './reconcile.ts'
import { loadStored } from './stored.ts'

export interface CancelInput {
  readonly id: string
  /** Secret of the payer's key. */
  readonly secret: Secret
  readonly caps?: Partial<FeeCaps> | undefined
}

export interface Cancelling {
  readonly id: string
  /** The empty transfer that competes for the payer's nonce. */
  readonly transactionHash: Hex
  readonly payerNonce: number
}

/**
 * Takes the payer's nonce of a sent, unmined execution by an empty transfer to itself, within the same caps. One
 * of the two lands. The Safe transaction stays signed and live; only `reject` burns its nonce.
 * @throws REQUEST_CLOSED when nothing is waiting to be mined, FEE_CAP, COST_CAP, COST_CAP_DAY, PAYER_MISSING
 */
export async function cancel(parts: Parts, input: CancelInput): Promise<Cancelling> {
  const first = await loadStored(parts, await parts.ledger.registers(), input.id)
  await reconcile(parts, first.request.treasury)
  const stored = await loadStored(parts, await parts.ledger.registers(), input.id)
  const context = await openContext(parts, stored.request.treasury)
  const caps = lowerCaps(requireCaps(context), input.caps ?? {})
  const payer = requirePayer(context)
  const signer = await parts.openSigner(payer, input.secret)
  try {
    const job: Job = { parts, context, stored, caps, payer, signer, data: '0x' }
    const row = await parts.withPayerLock(context.chain.chainId, payer.address, async () => {
      const count = await context.chain.transactionCount(payer.address, 'latest')
      const latest = (await rowsOf(parts, input.id)).filter(({ nonce }) => nonce >= count).at(-1)
      if (latest === undefined)
        throw new CustodyError('REQUEST_CLOSED', `Request ${input.id} has no transaction waiting to be mined.`, {
          next: 'Run coffer show to see where it stands.',
        })
      const previous = parseEnvelope(latest.envelope)
      // The database may have been edited; the signer itself refuses another payer.
      if (previous.chainId !== context.chain.chainId || previous.nonce !== latest.nonce) {
        throw new CustodyError(
          'REQUEST_ALTERED',
          `The stored transaction ${latest.hash} is not the one that was built for ${input.id}.`,
        )
      }
      const envelope = cancellation({
        previous,
        quote: await context.chain.fees(),
        caps,
        spentToday: spentToday(
          await parts.ledger.registers(),
          context.chain.chainId,
          payer.address,
          parts.clock.now(),
          latest.nonce,
        ),
      })
      const cancelling = await storeSigned(job, envelope)
      await sendStored(job, cancelling)
      return cancelling
    })
    return { id: input.id, transactionHash: row.hash as Hex, payerNonce: row.nonce }
  } finally {
    await signer.close()
  }
}
