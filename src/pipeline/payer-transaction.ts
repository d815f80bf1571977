import { sql } from 'kysely'
import { buildEnvelope } from '../build/envelope.ts'
import type { Envelope, FeeCaps } from '../build/plan.ts'
import { submit } from '../broadcast/submit.ts'
import { CustodyError } from '../errors.ts'
import { feeCaps } from '../policy/caps.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { toJsonText } from '../primitives/json.ts'
import { signEnvelope } from '../sign/envelope.ts'
import type { KeyRecord, Signer } from '../sign/signer.ts'
import { decodeExecTransaction, encodeExecTransaction } from '../safe/exec.ts'
import type { Registers } from '../store/registers.ts'
import type { ExecutionRow } from '../store/schema.ts'
import { type Context } from './context.ts'
import { parseEnvelope } from './envelope-text.ts'
import { isFrozen } from './freeze.ts'
import { spentToday } from './limits.ts'
import type { Parts } from './parts.ts'
import { type Stored } from './stored.ts'

// The outer transaction of the account that pays: recorded, signed, stored, and only then sent; at most one lands
// for each of its nonces.

export interface Job {
  readonly parts: Parts
  readonly context: Context
  readonly stored: Stored
  readonly caps: FeeCaps
  readonly payer: KeyRecord
  readonly signer: Signer
  readonly data: Hex
  readonly url?: string
}

export function requireCaps(context: Context): FeeCaps {
  const caps = feeCaps(context.policy, context.chain.chainId)
  if (caps === null)
    throw new CustodyError(
      'POLICY_DENIED',
      `The policy has no fee caps for chain ${context.chain.chainId}, so nothing may be spent on fees.`,
      { next: 'Add the chain under fees in the policy.' },
    )
  return caps
}

export function requirePayer(context: Context): KeyRecord {
  const record = context.treasury.payer === null ? undefined : context.registers.keys.get(context.treasury.payer)
  if (record === undefined)
    throw new CustodyError('PAYER_MISSING', `Treasury ${context.treasury.name} has no payer key in this home.`)
  return record
}

/** Signed transactions of a request that were not displaced for good, oldest first. */
export function rowsOf(parts: Parts, id: string): Promise<ExecutionRow[]> {
  return parts.ledger.db
    .selectFrom('executions')
    .selectAll()
    .where('request_id', '=', id)
    .where('state', '!=', 'dropped')
    .orderBy('at')
    .orderBy(sql`rowid`)
    .execute()
}

// Under the payer's lock: what was stored before is taken up again; else one envelope is built, recorded, signed
// and stored. A crash between recording and storing leaves nothing that could have been sent.
export async function storeFirst(job: Job): Promise<readonly ExecutionRow[]> {
  const { parts, context } = job
  const count = await context.chain.transactionCount(job.payer.address, 'latest')
  const before = (await rowsOf(parts, job.stored.row.id)).filter((row) => row.nonce >= count)
  if (before.length > 0) return before
  // Somebody executed it since this run looked: then there is nothing to sign, only an outcome to find.
  if ((await parts.readSafe(context.chain, context.treasury.safe)).nonce !== context.account.nonce)
    return rowsOf(parts, job.stored.row.id)
  const taken = await parts.ledger.db
    .selectFrom('executions')
    .select('nonce')
    .where('chain_id', '=', context.chain.chainId)
    .where('payer', '=', job.payer.address)
    .where('state', 'in', ['stored', 'sent'])
    .where('nonce', '>=', count)
    .execute()
  const pending = await context.chain.transactionCount(job.payer.address, 'pending')
  let nonce = Math.max(count, pending)
  while (taken.some((row) => row.nonce === nonce)) nonce += 1
  const envelope = await buildEnvelope({
    chain: context.chain,
    from: job.payer.address,
    nonce,
    to: context.treasury.safe,
    data: job.data,
    value: 0n,
    caps: job.caps,
    spentToday: spentToday(
      await parts.ledger.registers(),
      context.chain.chainId,
      job.payer.address,
      parts.clock.now(),
      nonce,
    ),
  })
  return [await storeSigned(job, envelope)]
}

export async function storeSigned(job: Job, envelope: Envelope): Promise<ExecutionRow> {
  const { parts, stored } = job
  const spending = {
    chainId: envelope.chainId,
    payer: envelope.from,
    nonce: envelope.nonce,
    cost: envelope.worstCaseCost.toString(),
    open: true,
  }
  await parts.ledger.commit(async (work) => {
    assertThawed(job, work.registers, envelope)
    // The budget is judged again where nobody else can write.
    const spent = spentToday(work.registers, envelope.chainId, envelope.from, parts.clock.now(), envelope.nonce)
    if (spent + envelope.worstCaseCost > job.caps.maxCostPerDay) {
      throw new CustodyError(
        'COST_CAP_DAY',
        `The payer has ${job.caps.maxCostPerDay} wei a day; ${spent} are spent or set aside and ${envelope.worstCaseCost} are asked.`,
      )
    }
    work.record({
      type: 'execution.intended',
      actor: parts.actor,
      data: {
        id: stored.row.id,
        safeTxHash: stored.digests.digest,
        payer: envelope.from,
        nonce: envelope.nonce,
        gasLimit: envelope.gasLimit.toString(),
        maxFeePerGas: envelope.maxFeePerGas.toString(),
      },
    })
  })
  const signed = await signEnvelope(envelope, job.signer)
  const row: ExecutionRow = {
    hash: signed.hash,
    request_id: stored.row.id,
    chain_id: envelope.chainId,
    payer: envelope.from,
    nonce: envelope.nonce,
    envelope: toJsonText(envelope),
    raw: signed.raw,
    state: 'stored',
    cost: envelope.worstCaseCost.toString(),
    at: parts.clock.now(),
    block_number: null,
    block_hash: null,
  }
  await parts.ledger.commit(async (work) => {
    await work.tx
      .insertInto('executions')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    work.record({
      type: 'execution.stored',
      actor: 'coffer',
      data: { id: stored.row.id, hash: signed.hash, raw: signed.raw, spending },
    })
  })
  return row
}

// A freeze stops what is under way as well: nothing more is signed or sent but rejections and cancellations.
function assertThawed(
  job: Job,
  registers: Registers,
  { from, to }: { readonly from: Address; readonly to: Address },
): void {
  const passes = job.stored.request.action.kind === 'rejection' || sameAddress(from, to)
  if (!passes && isFrozen(registers, job.parts.clock.now()))
    throw new CustodyError('FROZEN', 'Coffer is frozen; nothing is sent but rejections.')
}

export async function sendStored(job: Job, row: ExecutionRow): Promise<void> {
  if (row.state === 'mined') return
  assertThawed(job, await job.parts.ledger.registers(), parseEnvelope(row.envelope))
  await submit(job.context.chain, row.raw as Hex, row.hash as Hex, job.url)
  if (row.state === 'sent') return
  await job.parts.ledger.commit(async (work) => {
    await work.tx
      .updateTable('executions')
      .set({ state: 'sent' })
      .where('hash', '=', row.hash)
      .where('state', '=', 'stored')
      .execute()
    work.record({ type: 'execution.sent', actor: 'coffer', data: { id: row.request_id, hash: row.hash } })
  })
}

// A replacement is signed from what the database says of the first transaction, which somebody may have edited:
// only its fees are taken on trust, and these are bound by the caps.
export function ownEnvelope({ context, payer, stored }: Job, row: ExecutionRow): Envelope {
  const envelope = parseEnvelope(row.envelope)
  // An owner who signed since may stand in for another in what would be packed now.
  const execution =
    stored.plan.kind === 'safe-tx'
      ? encodeExecTransaction(stored.plan.safeTx, decodeExecTransaction(envelope.data).signatures)
      : null
  const same =
    envelope.chainId === context.chain.chainId &&
    sameAddress(envelope.from, payer.address) &&
    envelope.nonce === row.nonce &&
    sameAddress(envelope.to, context.treasury.safe) &&
    envelope.value === 0n &&
    envelope.data === execution
  if (!same)
    throw new CustodyError(
      'REQUEST_ALTERED',
      `The stored transaction ${row.hash} of ${stored.row.id} is not the one that was built for it.`,
    )
  return envelope
}

/** Whether a stored transaction only takes the payer's nonce. */
export const cancels = (row: ExecutionRow): boolean => {
  const { from, to } = parseEnvelope(row.envelope)
  return sameAddress(from, to)
}
