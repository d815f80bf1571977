import { lowerCaps } from '../build/fees.ts'
import type { FeeCaps } from '../build/plan.ts'
import { replacement } from '../build/replacement.ts'
import { feePaid, type SentTransaction } from '../broadcast/observation.ts'
import { requireExecuted } from '../broadcast/outcome.ts'
import { waitForExecution } from '../broadcast/wait.ts'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import { authorise } from '../quorum/authorise.ts'
import type { Secret } from '../sign/signer.ts'
import { encodeExecTransaction } from '../safe/exec.ts'
import { packSignatures } from '../safe/pack-signatures.ts'
import type { ExecutionRow } from '../store/schema.ts'
import { openRequest } from './approve.ts'
import { openContext } from './context.ts'
import { parseEnvelope } from './envelope-text.ts'
import { isFrozen } from './freeze.ts'
import { assertApproved, ruleIdsOf } from './judge.ts'
import { reserve, spentToday } from './limits.ts'
import type { Parts } from './parts.ts'
import { reconcile, type Landing } from './reconcile.ts'
import {
  cancels,
  type Job,
  ownEnvelope,
  requireCaps,
  requirePayer,
  sendStored,
  storeFirst,
  storeSigned,
} from './payer-transaction.ts'
import { recordPaid } from './settle-fees.ts'
import { loadStored } from './stored.ts'

export interface ExecuteInput {
  readonly id: string
  /** Secret of the payer's key. */
  readonly secret: Secret
  /** wei; flags may only lower what the policy caps. */
  readonly caps?: Partial<FeeCaps> | undefined
  /** A private relay to send to instead of the chain's own URLs. */
  readonly broadcastUrl?: string | undefined
  /** Seconds to wait for the outcome; default 180. */
  readonly waitSeconds?: number | undefined
  /** Seconds after which a transaction in the pool is replaced; default 60. */
  readonly stuckAfterSeconds?: number | undefined
}

export interface Executed {
  readonly id: string
  readonly safeTxHash: Hex
  readonly transactionHash: Hex
  readonly blockNumber: bigint
  readonly success: true
  readonly final: boolean
  /** null when somebody else sent it. gas in gas units, fees in wei. */
  readonly gasUsed: bigint | null
  readonly gasLimit: bigint | null
  readonly fee: bigint | null
  readonly worstCaseCost: bigint | null
  readonly caps: FeeCaps
  readonly outside: boolean
}

/**
 * Takes a complete request to the chain, exactly once: signed bytes are stored before they are sent, sent again
 * after a crash, never signed again. Running it twice gives the same outcome (G4).
 * @throws APPROVAL_MISSING, SIGNATURE_WAITS, FROZEN, REQUEST_ALTERED, REQUEST_CLOSED, NONCE_NOT_NEXT, FEE_CAP,
 *   COST_CAP, COST_CAP_DAY, GAS_CEILING, PAYER_MISSING, PAYER_FUNDS, EXECUTION_FAILED, EXECUTION_REVERTED,
 *   EXECUTION_OUTSIDE, EXECUTION_PENDING
 */
export async function execute(parts: Parts, input: ExecuteInput): Promise<Executed> {
  const landed = await alreadyLanded(parts, input)
  if (landed !== null) return landed
  const opened = await openOrLanded(parts, input)
  if ('transactionHash' in opened) return opened
  const { context, stored, collected, judgement } = opened
  if (stored.plan.kind !== 'safe-tx')
    throw new CustodyError('USAGE', 'A message is signed, not executed.', {
      next: 'Run coffer show to get the packed signature.',
    })
  const caps = lowerCaps(requireCaps(context), input.caps ?? {})
  const payer = requirePayer(context)
  assertApproved(judgement.decision)
  const now = parts.clock.now()
  const authorised = authorise({
    decision: judgement.decision,
    request: stored.request,
    requestDigest: stored.digest,
    effectDigest: stored.digests.digest,
    signatures: collected.owners,
    owners: context.account.owners,
    threshold: context.account.threshold,
    now,
    frozen: isFrozen(context.registers, now),
  })
  if (stored.plan.safeTx.nonce !== context.account.nonce) {
    // Another process may have executed it between the two looks at the chain.
    const meanwhile = await alreadyLanded(parts, input)
    if (meanwhile !== null) return meanwhile
    throw new CustodyError(
      'NONCE_NOT_NEXT',
      `The Safe runs nonce ${context.account.nonce} next; this request has ${stored.plan.safeTx.nonce}.`,
    )
  }
  const data = encodeExecTransaction(
    stored.plan.safeTx,
    packSignatures(authorised.signatures.slice(0, context.account.threshold)),
  )
  const signer = await parts.openSigner(payer, input.secret)
  try {
    await parts.ledger.commit(async (work) => {
      if (isFrozen(work.registers, parts.clock.now()) && stored.request.action.kind !== 'rejection')
        throw new CustodyError('FROZEN', 'Coffer is frozen; nothing is executed but rejections.')
      reserve(
        work,
        {
          request: stored.row.id,
          treasury: stored.request.treasury,
          chainId: stored.request.chainId,
          ruleIds: ruleIdsOf(context),
          now: parts.clock.now(),
          actor: parts.actor,
        },
        judgement.decision.reservations,
      )
    })
    const job: Job = {
      parts,
      context,
      stored,
      caps,
      payer,
      signer,
      data,
      ...(input.broadcastUrl !== undefined && { url: input.broadcastUrl }),
    }
    const sent = await parts.withPayerLock(context.chain.chainId, payer.address, () => storeFirst(job))
    // The newest displaces what came before it under the same nonce.
    const newest = sent.at(-1)
    if (newest !== undefined) await sendStored(job, newest)
    return await watch(job, input, sent)
  } finally {
    await signer.close()
  }
}

async function watch(job: Job, input: ExecuteInput, first: readonly ExecutionRow[]): Promise<Executed> {
  const { parts, context, stored } = job
  const { chain } = context
  const rows = new Map(first.map((row) => [row.hash, row]))
  const outcome = await waitForExecution(chain, {
    safe: context.treasury.safe,
    safeTxHash: stored.digests.digest,
    payer: job.payer.address,
    safeNonce: stored.request.nonce ?? 0n,
    sent: first.map(asSent),
    fromBlock: BigInt(context.treasury.fromBlock),
    findExecutions: (on, safe, from) => parts.findExecutions(on, safe, from),
    confirmations: context.chainRecord.confirmations,
    clock: parts.clock,
    sleep: (seconds) => parts.sleep(seconds * 1000),
    deadline: parts.clock.now() + (input.waitSeconds ?? 180),
    pollSeconds: 1,
    stuckAfterSeconds: input.stuckAfterSeconds ?? 60,
    resend: async (missing) => {
      for (const hash of missing) {
        const row = rows.get(hash)
        if (row !== undefined) await sendStored(job, row)
      }
    },
    replace: () =>
      parts.withPayerLock(chain.chainId, job.payer.address, async () => {
        const latest = [...rows.values()].at(-1)
        if (latest === undefined || cancels(latest)) return null
        const registers = await parts.ledger.registers()
        const envelope = replacement({
          previous: ownEnvelope(job, latest),
          quote: await chain.fees(),
          caps: job.caps,
          spentToday: spentToday(registers, chain.chainId, job.payer.address, parts.clock.now(), latest.nonce),
        })
        parts.progress(`replacing ${latest.hash} with higher fees, within the caps`)
        const row = await storeSigned(job, envelope)
        rows.set(row.hash, row)
        await sendStored(job, row)
        return asSent(row)
      }),
    onObservation: ({ kind }) => parts.progress(`${stored.row.id}: ${kind}`),
  })
  await reconcile(parts, stored.request.treasury)
  if (outcome.observation.kind === 'reverted' || outcome.observation.kind === 'cancelled')
    await recordPaid(parts, outcome.observation.hash, feePaid(outcome.observation.receipt))
  const execution = requireExecuted(outcome)
  const landed = await alreadyLanded(parts, input)
  if (landed === null)
    throw new CustodyError('EXECUTION_PENDING', `${execution.kind}, and gone again: the chain reorganised meanwhile.`)
  return landed
}

const asSent = (row: ExecutionRow): SentTransaction => ({
  hash: row.hash as Hex,
  nonce: row.nonce,
  cancels: cancels(row),
})

// Another process may have executed the request since it was looked for on the chain.
async function openOrLanded(
  parts: Parts,
  input: ExecuteInput,
): Promise<Executed | Awaited<ReturnType<typeof openRequest>>> {
  try {
    return await openRequest(parts, input.id)
  } catch (error) {
    const landed =
      error instanceof CustodyError && error.code === 'REQUEST_CLOSED' ? await alreadyLanded(parts, input) : null
    if (landed !== null) return landed
    throw error
  }
}

// A request that landed answers with its outcome, however often it is asked.
async function alreadyLanded(parts: Parts, input: ExecuteInput): Promise<Executed | null> {
  const first = await loadStored(parts, await parts.ledger.registers(), input.id)
  await reconcile(parts, first.request.treasury)
  const { row, request, digests } = await loadStored(parts, await parts.ledger.registers(), input.id)
  if (row.outcome === null || (row.state !== 'executed' && row.state !== 'failed')) return null
  const landing = JSON.parse(row.outcome) as Landing
  if (row.state === 'failed')
    throw new CustodyError(
      'EXECUTION_FAILED',
      `Transaction ${landing.transactionHash} ran it and the inner call failed; nonce ${request.nonce} is used.`,
    )
  const context = await openContext(parts, request.treasury)
  const hash = landing.transactionHash as Hex
  const own = await parts.ledger.db.selectFrom('executions').selectAll().where('hash', '=', hash).executeTakeFirst()
  const envelope = own === undefined ? null : parseEnvelope(own.envelope)
  const receipt = await context.chain.receipt(hash)
  return {
    id: row.id,
    safeTxHash: digests.digest,
    transactionHash: hash,
    blockNumber: BigInt(landing.blockNumber),
    success: true,
    final: landing.final,
    gasUsed: receipt?.gasUsed ?? null,
    gasLimit: envelope?.gasLimit ?? null,
    fee: own === undefined ? null : BigInt(own.cost),
    worstCaseCost: envelope?.worstCaseCost ?? null,
    caps: requireCaps(context),
    outside: landing.outside,
  }
}
