import type { Decision } from '../policy/decision.ts'
import { CustodyError } from '../errors.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { canonicalJson, type Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'
import { describeOwed } from '../quorum/permit.ts'
import type { Request } from '../request/request.ts'
import type { Review } from '../review/review.ts'
import { packSignatures } from '../safe/pack-signatures.ts'
import { parseStoredRequest } from '../request/digest.ts'
import type { ProposalRecord, Registers } from '../store/registers.ts'
import type { RequestRow } from '../store/schema.ts'
import { type Context, type Naming, namingOf, openContext } from './context.ts'
import { isFrozen } from './freeze.ts'
import { judge } from './judge.ts'
import { loggedRows } from './logged-rows.ts'
import type { Parts } from './parts.ts'
import { type Landing, reconcile } from './reconcile.ts'
import { collect } from './signatures.ts'
import { loadStored } from './stored.ts'

export interface Summary {
  readonly id: string
  readonly treasury: string
  readonly chainId: number
  readonly kind: string
  readonly nonce: string | null
  /** The stored state; `expired` for an open one whose time has passed. */
  readonly state: RequestRow['state'] | 'expired' | 'altered'
  /** A signature that completes the threshold exists or may exist, and the nonce is free: it can land at any time. */
  readonly liveOnChain: boolean
  /** Its time has passed; what is signed stays valid on chain all the same. */
  readonly expired: boolean
  readonly safeTxHash: Hex
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
  readonly memo: string | null
  readonly action: Request['action']
  readonly outcome: Landing | null
}

export interface RequestView extends Summary {
  readonly request: Request
  readonly digest: Hex
  readonly review: Review | null
  readonly decision: Decision | null
  readonly signatures: {
    readonly have: number
    readonly need: number
    readonly owners: readonly Address[]
    readonly partial: readonly { readonly safe: Address; readonly have: number; readonly need: number }[]
  }
  readonly approvedBy: readonly string[]
  /** In words; null when nothing is owed. */
  readonly owed: string | null
  /** Signatures in Safe's packed form once the threshold is met: for execTransaction or EIP-1271. */
  readonly packed: Hex | null
  readonly frozen: boolean
  readonly naming: Naming | null
  /** The ten fields and the Safe, to act without Coffer. */
  readonly plan: Awaited<ReturnType<typeof loadStored>>['plan']
}

function summarise(row: RequestRow, now: Seconds): Summary {
  const request = parseStoredRequest(row.body)
  const over = now >= row.expires_at && (row.state === 'open' || row.state === 'signed')
  const liveOnChain = (row.state === 'signed' || (row.state === 'open' && row.exported === 1)) && row.nonce !== null
  return {
    id: row.id,
    treasury: row.treasury,
    chainId: row.chain_id,
    kind: row.kind,
    nonce: row.nonce,
    state: over && !liveOnChain ? 'expired' : row.state,
    liveOnChain,
    expired: over,
    safeTxHash: row.effect_digest as Hex,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    memo: request.memo,
    action: request.action,
    outcome: row.outcome === null || row.state === 'superseded' ? null : (JSON.parse(row.outcome) as Landing),
  }
}

/** Requests, newest first. `state` as shown, or `live`. */
export async function list(
  parts: Parts,
  filter: { readonly state?: string | undefined; readonly treasury?: string | undefined },
): Promise<readonly Summary[]> {
  const registers = await parts.ledger.registers()
  for (const name of registers.treasuries.keys()) {
    if (filter.treasury !== undefined && filter.treasury !== name) continue
    await reconcile(parts, name)
  }
  const now = parts.clock.now()
  const fresh = await parts.ledger.registers()
  const all: Summary[] = []
  for (const { id, row } of await loggedRows(parts, fresh, null)) {
    all.push(row === null ? await summariseFromLog(parts, fresh, id) : summarise(row, now))
  }
  return all
    .filter((each) => filter.treasury === undefined || each.treasury === filter.treasury)
    .filter(
      (each) =>
        filter.state === undefined || each.state === filter.state || (filter.state === 'live' && each.liveOnChain),
    )
    .toReversed()
}

// The row is gone or was edited, so the log's own copy is shown. It may be signed, so it counts as live.
async function summariseFromLog(parts: Parts, registers: Registers, id: string): Promise<Summary> {
  const proposal = registers.proposals.get(id) as ProposalRecord
  const [logged] = await parts.ledger.entries(proposal.seq)
  const request = parseStoredRequest(canonicalJson(logged?.entry.data['request'] as Json))
  return {
    id,
    treasury: request.treasury,
    chainId: request.chainId,
    kind: request.action.kind,
    nonce: proposal.nonce,
    state: 'altered',
    liveOnChain: proposal.nonce !== null,
    expired: false,
    safeTxHash: proposal.effectDigest,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    memo: request.memo,
    action: request.action,
    outcome: null,
  }
}

/** One request with its review of this moment. Closed ones are shown without a new review. @throws NOT_FOUND, REQUEST_ALTERED */
export async function show(parts: Parts, id: string): Promise<RequestView> {
  const first = await loadStored(parts, await parts.ledger.registers(), id)
  await reconcile(parts, first.request.treasury)
  const stored = await loadStored(parts, await parts.ledger.registers(), id)
  const now = parts.clock.now()
  const base = { ...summarise(stored.row, now), request: stored.request, digest: stored.digest, plan: stored.plan }
  const closed = stored.row.state !== 'open' && stored.row.state !== 'signed'
  const context = closed
    ? await contextOrNull(parts, stored.request.treasury)
    : await openContext(parts, stored.request.treasury)
  if (context === null) {
    return {
      ...base,
      review: null,
      decision: null,
      signatures: { have: 0, need: 0, owners: [], partial: [] },
      approvedBy: [],
      owed: null,
      packed: null,
      frozen: false,
      naming: null,
    }
  }
  const collected = await collect(parts, context, stored)
  const need = context.account.threshold
  const judgement = closed ? null : await judge(parts, context, stored.request, stored.plan, collected.approvedBy)
  return {
    ...base,
    review: judgement?.review ?? null,
    decision: judgement?.decision ?? null,
    signatures: {
      have: collected.owners.length,
      need,
      owners: collected.owners.map(({ owner }) => owner),
      partial: collected.partial,
    },
    approvedBy: collected.approvedBy,
    owed: judgement === null ? null : describeOwed(judgement.decision),
    packed: collected.owners.length >= need ? packSignatures(collected.owners.slice(0, need)) : null,
    frozen: isFrozen(context.registers, now),
    naming: namingOf(context),
  }
}

// A closed request is shown even when its Safe has changed since.
async function contextOrNull(parts: Parts, treasury: string): Promise<Context | null> {
  try {
    return await openContext(parts, treasury)
  } catch (error) {
    if (error instanceof CustodyError) return null
    throw error
  }
}
