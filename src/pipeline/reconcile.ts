import type { Chain } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Work } from '../store/ledger.ts'
import type { ChainRecord, Registers, TreasuryRecord } from '../store/registers.ts'
import type { RequestRow } from '../store/schema.ts'
import { loggedRows } from './logged-rows.ts'
import { outflowOf } from './outflow.ts'
import { countOutside, release, reserveAgain, settle } from './limits.ts'
import type { Parts, SeenExecution } from './parts.ts'
import { recordAfter } from './safe-admin.ts'
import { settleFees } from './settle-fees.ts'
import { loadStored } from './stored.ts'

export interface Landing {
  readonly success: boolean
  readonly transactionHash: Hex | null
  readonly blockNumber: string
  readonly blockHash: Hex
  /** Sent by somebody else: by Coffer of another home, a Safe app, cast. */
  readonly outside: boolean
  readonly final: boolean
}

/**
 * Holds what is stored against what the chain says now: executions that landed, here or outside Coffer, close
 * their requests and those that competed for the nonce; what a reorganisation took back is open again.
 * @throws what the chain port throws; nothing is concluded from silence
 */
export async function reconcile(parts: Parts, name: string): Promise<void> {
  const registers = await parts.ledger.registers()
  const treasury = registers.treasuries.get(name)
  const record = treasury === undefined ? undefined : registers.chains.get(treasury.chain)
  if (treasury === undefined || record === undefined) return
  const chain = await parts.openChain(record)
  await reconcileTreasury(parts, chain, record, treasury)
}

export async function reconcileTreasury(
  parts: Parts,
  chain: Chain,
  record: ChainRecord,
  treasury: TreasuryRecord,
): Promise<void> {
  const account = await parts.readSafe(chain, treasury.safe)
  const registers = await parts.ledger.registers()
  const logged = await loggedRows(parts, registers, treasury)
  // A row that was edited says nothing: what it reserved stays reserved, and whoever opens it gets the alarm.
  const rows = logged.flatMap(({ row }) => (row === null ? [] : [row]))
  const seen = await parts.findExecutions(chain, treasury.safe, BigInt(treasury.fromBlock))
  const head = (await chain.block('latest'))?.number ?? 0n
  const byHash = new Map(seen.map((execution) => [execution.safeTxHash.toLowerCase(), execution]))
  // In the order of the chain, and what was taken back in the opposite one: changes of the Safe itself build on each other.
  const inOrder = rows
    .filter(({ nonce }) => nonce !== null)
    .sort((a, b) => (BigInt(a.nonce ?? 0) < BigInt(b.nonce ?? 0) ? -1 : 1))
  for (const row of inOrder.toReversed()) {
    const free = BigInt(row.nonce ?? 0) >= account.nonce && !byHash.has(row.effect_digest)
    if (free && row.state !== 'open' && row.state !== 'signed' && row.state !== 'withdrawn') await reopen(parts, row)
  }
  for (const row of inOrder) {
    const landed = byHash.get(row.effect_digest)
    if (landed !== undefined) await close(parts, chain, row, landed, head, record.confirmations)
    else if (row.state !== 'withdrawn' && BigInt(row.nonce ?? 0) < account.nonce)
      await supersede(parts, row, head, record.confirmations)
  }
  await settleFees(parts, chain, treasury)
  await recordOutside(parts, chain, treasury, seen)
}

async function close(
  parts: Parts,
  chain: Chain,
  row: RequestRow,
  landed: SeenExecution,
  head: bigint,
  confirmations: number,
): Promise<void> {
  const ours = await parts.ledger.db
    .selectFrom('executions')
    .selectAll()
    .where('hash', '=', landed.transactionHash)
    .executeTakeFirst()
  const state = landed.success ? 'executed' : 'failed'
  const final = head - landed.blockNumber + 1n >= BigInt(confirmations)
  const outcome: Landing = {
    success: landed.success,
    transactionHash: landed.transactionHash,
    blockNumber: landed.blockNumber.toString(),
    blockHash: landed.blockHash,
    outside: ours === undefined,
    final,
  }
  if (row.state === state && row.outcome === JSON.stringify(outcome)) return
  const receipt = ours === undefined ? null : await chain.receipt(landed.transactionHash)
  const changes = landed.success && row.state !== 'executed' ? await changeOf(parts, row) : null
  // Signed and sent around Coffer: nothing was reserved, so what it moved is counted as it landed.
  const unreserved = landed.success && row.state !== 'executed' && !isReserved(await parts.ledger.registers(), row.id)
  const moved = unreserved ? await outflowOf(chain, row.safe as Address, landed) : null
  if (unreserved && moved === null) return
  await parts.ledger.commit(async (work) => {
    const now = await work.tx
      .selectFrom('requests')
      .select(['state', 'outcome'])
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow()
    if (now.state === state && now.outcome === JSON.stringify(outcome)) return
    await work.tx
      .updateTable('requests')
      .set({ state, outcome: JSON.stringify(outcome) })
      .where('id', '=', row.id)
      .execute()
    if (now.state !== state) {
      work.record({
        type: `execution.${landed.success ? 'mined' : 'failed'}`,
        actor: 'coffer',
        data: { id: row.id, safeTxHash: row.effect_digest, ...outcome },
      })
      if (landed.success) settle(work, row.id)
      if (moved !== null)
        countOutside(work, { request: row.id, treasury: row.treasury, chainId: row.chain_id }, moved.amounts)
      if (changes !== null) followChange(work, row, changes)
    }
    if (final) {
      if (!landed.success) release(work, row.id)
      work.record({
        type: 'execution.final',
        actor: 'coffer',
        data: { id: row.id, blockNumber: outcome.blockNumber, blockHash: outcome.blockHash },
      })
    }
    if (ours !== undefined && receipt !== null) {
      const cost = receipt.gasUsed * receipt.effectiveGasPrice + (receipt.l1Fee ?? 0n)
      await work.tx
        .updateTable('executions')
        .set({ state: 'mined', cost: cost.toString(), block_number: outcome.blockNumber, block_hash: landed.blockHash })
        .where('hash', '=', landed.transactionHash)
        .execute()
      await work.tx
        .updateTable('executions')
        .set({ state: 'dropped' })
        .where('chain_id', '=', ours.chain_id)
        .where('payer', '=', ours.payer)
        .where('nonce', '=', ours.nonce)
        .where('hash', '!=', ours.hash)
        .execute()
      const open = work.registers.spending.get(`${ours.chain_id} ${ours.payer} ${ours.nonce}`)?.open
      if (open === true)
        work.record({
          type: 'execution.paid',
          actor: 'coffer',
          data: {
            id: row.id,
            hash: ours.hash,
            spending: {
              chainId: ours.chain_id,
              payer: ours.payer,
              nonce: ours.nonce,
              cost: cost.toString(),
              open: false,
            },
          },
        })
    }
  })
}

function isReserved(registers: Registers, id: string): boolean {
  return [...registers.reservations.values()].some(({ request, state }) => request === id && state !== 'released')
}

type Change = (record: TreasuryRecord) => TreasuryRecord

// What the request does to the Safe itself. A row that was tampered with says nothing about that, so the record
// stays, and a change of the Safe shows as the difference it is.
async function changeOf(parts: Parts, row: RequestRow): Promise<Change | null> {
  try {
    const { plan } = await loadStored(parts, await parts.ledger.registers(), row.id)
    return (record) => recordAfter(record, plan)
  } catch (error) {
    if (error instanceof CustodyError && error.code === 'REQUEST_ALTERED') return null
    throw error
  }
}

function followChange(work: Work, row: RequestRow, change: Change): void {
  const before = work.registers.treasuries.get(row.treasury)
  if (before === undefined) return
  const treasury = change(before)
  if (treasury === before) return
  work.record({
    type: 'treasury.changed',
    actor: 'coffer',
    data: { id: row.id, treasury: treasury as unknown as Json, before: before as unknown as Json },
  })
}

// The record as it was before a request that was taken back had changed it.
async function recordBefore(parts: Parts, row: RequestRow): Promise<Json | null> {
  const entries = await parts.ledger.entries()
  const last = entries.findLast(({ entry }) => entry.type === 'treasury.changed' && entry.data['id'] === row.id)?.entry
  return last?.data['before'] ?? null
}

// A reorganisation gave the nonce back: whatever is signed can land again, so its limits are reserved again.
async function reopen(parts: Parts, row: RequestRow): Promise<void> {
  const before = await recordBefore(parts, row)
  await parts.ledger.commit(async (work) => {
    const now = await work.tx.selectFrom('requests').select('state').where('id', '=', row.id).executeTakeFirstOrThrow()
    if (now.state === 'open' || now.state === 'signed') return
    const { signers, exported, treasuries } = work.registers
    const live =
      now.state !== 'superseded' ||
      exported.has(row.id) ||
      (signers.get(row.id)?.size ?? 0) >= (treasuries.get(row.treasury)?.threshold ?? 1)
    await work.tx
      .updateTable('requests')
      .set({ state: live ? 'signed' : 'open', outcome: null })
      .where('id', '=', row.id)
      .execute()
    await work.tx
      .updateTable('executions')
      .set({ state: 'sent', block_number: null, block_hash: null })
      .where('request_id', '=', row.id)
      .where('state', '=', 'mined')
      .execute()
    reserveAgain(work, row.id)
    if (before !== null)
      work.record({ type: 'treasury.changed', actor: 'coffer', data: { id: row.id, treasury: before } })
    work.record({ type: 'execution.reorganised', actor: 'coffer', data: { id: row.id, safeTxHash: row.effect_digest } })
  })
}

// Closed at once, so that nobody signs it any more; its limits are released only when the nonce is finally used.
async function supersede(parts: Parts, row: RequestRow, head: bigint, confirmations: number): Promise<void> {
  await parts.ledger.commit(async (work) => {
    const now = await work.tx
      .selectFrom('requests')
      .select(['state', 'outcome'])
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow()
    const before = now.state === 'superseded' ? (JSON.parse(now.outcome ?? '{}') as Partial<Superseded>) : {}
    if (before.final === true) return
    const seenAt = before.seenAt ?? head.toString()
    const final = head - BigInt(seenAt) + 1n >= BigInt(confirmations)
    if (now.state === 'superseded' && !final) return
    await work.tx
      .updateTable('requests')
      .set({ state: 'superseded', outcome: JSON.stringify({ seenAt, final } satisfies Superseded) })
      .where('id', '=', row.id)
      .execute()
    if (now.state !== 'superseded')
      work.record({
        type: 'request.superseded',
        actor: 'coffer',
        data: { id: row.id, nonce: row.nonce, safeTxHash: row.effect_digest },
      })
    if (final) release(work, row.id)
  })
}

interface Superseded {
  /** Height at which the nonce was first seen used. */
  readonly seenAt: string
  readonly final: boolean
}

async function recordOutside(
  parts: Parts,
  chain: Chain,
  treasury: TreasuryRecord,
  seen: readonly SeenExecution[],
): Promise<void> {
  const registers = await parts.ledger.registers()
  const known = new Set([...registers.proposals.values()].map(({ effectDigest }) => effectDigest))
  const unknown = seen.filter(
    (execution) =>
      !known.has(execution.safeTxHash.toLowerCase() as Hex) &&
      !registers.outside.has(`${treasury.chainId} ${execution.transactionHash} ${execution.safeTxHash}`),
  )
  for (const execution of unknown) {
    const outflow = execution.success ? await outflowOf(chain, treasury.safe, execution) : { known: true, amounts: [] }
    // Not to be had yet: looked at again next time, and not counted as nothing.
    if (outflow === null) continue
    await parts.ledger.commit(async (work) => {
      if (work.registers.outside.has(`${treasury.chainId} ${execution.transactionHash} ${execution.safeTxHash}`)) return
      work.record({
        type: 'execution.outside',
        actor: 'coffer',
        data: {
          treasury: treasury.name,
          chainId: treasury.chainId,
          safeTxHash: execution.safeTxHash,
          transactionHash: execution.transactionHash,
          success: execution.success,
          blockNumber: execution.blockNumber.toString(),
          outflowKnown: outflow.known,
        },
      })
      if (!outflow.known)
        work.record({
          type: 'alarm.outflow-unknown',
          actor: 'coffer',
          data: {
            treasury: treasury.name,
            safeTxHash: execution.safeTxHash,
            transactionHash: execution.transactionHash,
          },
        })
      countOutside(
        work,
        { request: `outside:${execution.safeTxHash}`, treasury: treasury.name, chainId: treasury.chainId },
        outflow.amounts,
      )
    })
  }
}
