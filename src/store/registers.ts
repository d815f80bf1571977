import { CustodyError } from '../errors.ts'
import type { Entry } from '../audit/entry.ts'
import type { LoggedUrl } from '../config/urls.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'
import type { KeyRecord } from '../sign/signer.ts'

export interface ChainRecord {
  readonly name: string
  readonly chainId: number
  readonly urls: readonly LoggedUrl[]
  /** Blocks on top before an execution counts as final. */
  readonly confirmations: number
}

/** A Safe as adopted. Any difference on chain later is a reason to stop. */
export interface TreasuryRecord {
  readonly name: string
  readonly chain: string
  readonly chainId: number
  readonly safe: Address
  readonly version: string
  readonly singleton: Address
  readonly owners: readonly Address[]
  readonly threshold: number
  readonly modules: readonly Address[]
  readonly guard: Address
  readonly moduleGuard: Address
  readonly fallbackHandler: Address
  /** Key that pays for executions; null when there is none yet. */
  readonly payer: string | null
  /** Block from which executions outside Coffer are looked for. */
  readonly fromBlock: string
}

export interface PolicyRecord {
  readonly version: number
  readonly hash: Hex
  readonly previousHash: Hex
  /** The document as written; its canonical form hashes to `hash`. */
  readonly document: string
  readonly signatures: readonly Hex[]
}

export interface FreezeRecord {
  /** Leaf hash of the freeze entry: what a thaw signs. */
  readonly entry: Hex
  readonly by: string
  readonly reason: string
  readonly at: Seconds
  /** Delay of the policy at that moment; a later policy can only lengthen it. */
  readonly thawDelay: Seconds
  /** Signatures of a thaw and when it takes effect; null when nobody asked for one. */
  readonly thaw: { readonly signatures: readonly Hex[]; readonly until: Seconds } | null
}

/** What the log says of a proposal; the row in the database is held against it. */
export interface ProposalRecord {
  readonly digest: Hex
  readonly effectDigest: Hex
  readonly seq: number
  readonly treasury: string
  readonly chainId: number
  readonly safe: Address
  /** Decimal; null for messages. */
  readonly nonce: string | null
}

export interface ReservationRecord {
  readonly request: string
  /** A rule id; `*` for outflow outside Coffer, which counts against every rule. */
  readonly rule: string
  /** Token address, or `native`. */
  readonly token: string
  readonly chainId: number
  readonly treasury: string
  /** Base units. */
  readonly amount: string
  /** `released` counts nowhere; it is kept for a while so that a reorganisation can reserve it again. */
  readonly state: 'reserved' | 'settled' | 'released'
  readonly at: Seconds
}

export interface SpendingRecord {
  readonly chainId: number
  readonly payer: Address
  readonly nonce: number
  /** wei: worst case while open, then what was paid. */
  readonly cost: string
  readonly open: boolean
  readonly at: Seconds
}

/** Settled amounts older than this can no longer matter to a window of 24 hours. */
const FORGET_AFTER: Seconds = 2 * 86_400

/** What the log says about the slow-moving things of a home. Built by reading entries in order, never edited. */
export interface Registers {
  readonly chains: Map<string, ChainRecord>
  readonly treasuries: Map<string, TreasuryRecord>
  readonly keys: Map<string, KeyRecord>
  /** Digest and effect digest of each proposal, by id: what the request rows are held against. */
  readonly proposals: Map<string, ProposalRecord>
  /** Requests that were closed with no signature ever made. */
  readonly withdrawn: Set<string>
  /** Owners who signed a request or were let sign it, by its id. Rows can be deleted; a signature that was made cannot. */
  readonly signers: Map<string, ReadonlySet<Address>>
  /** Requests whose bytes to sign left Coffer. */
  readonly exported: Set<string>
  /** What counts against windows, by request, rule and token. */
  readonly reservations: Map<string, ReservationRecord>
  /** Executions outside Coffer that were counted, by chain, transaction and safeTxHash. */
  readonly outside: Set<string>
  /** What payers set aside or paid for fees, by chain, payer and payer nonce. */
  readonly spending: Map<string, SpendingRecord>
  policy: PolicyRecord | null
  freeze: FreezeRecord | null
  root: Json
}

export function emptyRegisters(): Registers {
  return {
    chains: new Map(),
    treasuries: new Map(),
    keys: new Map(),
    proposals: new Map(),
    withdrawn: new Set(),
    signers: new Map(),
    exported: new Set(),
    reservations: new Map(),
    spending: new Map(),
    outside: new Set(),
    policy: null,
    freeze: null,
    root: null,
  }
}

/** Folds one verified entry in. `leaf` is the entry's own leaf hash. @throws HOME_TAMPERED when entry 0 is not the root */
export function foldEntry(registers: Registers, entry: Entry, leaf: Hex): void {
  const data = entry.data as Record<string, unknown>
  if (entry.seq === 0) {
    if (entry.type !== 'home.initialised')
      throw new CustodyError('HOME_TAMPERED', 'Log entry 0 does not pin a root of trust.')
    registers.root = entry.data['root'] as Json
    return
  }
  switch (entry.type) {
    case 'chain.added':
      registers.chains.set((data['chain'] as ChainRecord).name, data['chain'] as ChainRecord)
      break
    case 'key.generated':
    case 'key.imported':
      registers.keys.set((data['key'] as KeyRecord).name, data['key'] as KeyRecord)
      break
    case 'treasury.created':
    case 'treasury.adopted':
    case 'treasury.changed':
      registers.treasuries.set((data['treasury'] as TreasuryRecord).name, data['treasury'] as TreasuryRecord)
      break
    case 'policy.activated':
      registers.policy = data['policy'] as PolicyRecord
      break
    case 'freeze.set':
      registers.freeze = {
        entry: leaf,
        by: entry.actor,
        reason: data['reason'] as string,
        thawDelay: (data['thawDelay'] as Seconds | undefined) ?? 0,
        at: entry.time,
        thaw: null,
      }
      break
    case 'freeze.thaw-signed':
      if (registers.freeze !== null && registers.freeze.entry === data['freeze']) {
        registers.freeze = {
          ...registers.freeze,
          thaw: { signatures: data['signatures'] as Hex[], until: data['until'] as Seconds },
        }
      }
      break
    case 'freeze.thawed': {
      const { freeze } = registers
      // Only the freeze that was thawed, and only after its delay.
      const due =
        freeze !== null && freeze.entry === data['freeze'] && freeze.thaw !== null && entry.time >= freeze.thaw.until
      if (due) registers.freeze = null
      break
    }
    case 'request.proposed': {
      const request = data['request'] as { treasury: string; chainId: number; safe: Address; nonce: string | null }
      registers.proposals.set(data['id'] as string, {
        digest: data['digest'] as Hex,
        effectDigest: data['effectDigest'] as Hex,
        seq: entry.seq,
        treasury: request.treasury,
        chainId: request.chainId,
        safe: request.safe,
        nonce: request.nonce,
      })
      break
    }
    case 'request.withdrawn':
      registers.withdrawn.add(data['id'] as string)
      break
    case 'signature.intended':
    case 'signature.collected': {
      const id = data['id'] as string
      registers.signers.set(
        id,
        new Set([...(registers.signers.get(id) ?? []), (data['via'] ?? data['owner']) as Address]),
      )
      break
    }
    case 'request.exported':
      registers.exported.add(data['id'] as string)
      break
    case 'limits.changed':
      for (const change of data['reservations'] as Omit<ReservationRecord, 'at'>[]) {
        const key = `${change.request} ${change.rule} ${change.token}`
        registers.reservations.set(key, { ...change, at: entry.time })
      }
      forget(registers.reservations, entry.time, (reservation) => reservation.state !== 'reserved')
      break
    case 'execution.outside':
      registers.outside.add(
        `${String(data['chainId'])} ${String(data['transactionHash'])} ${String(data['safeTxHash'])}`,
      )
      break
    case 'execution.stored':
    case 'execution.paid': {
      const spent = data['spending'] as Omit<SpendingRecord, 'at'>
      const key = `${spent.chainId} ${spent.payer} ${spent.nonce}`
      const before = registers.spending.get(key)
      // A replacement shares the nonce with what it replaces: only the dearer of the two can be paid.
      const cost =
        spent.open && before?.open === true && BigInt(before.cost) > BigInt(spent.cost) ? before.cost : spent.cost
      registers.spending.set(key, { ...spent, cost, at: entry.time })
      forget(registers.spending, entry.time, (spending) => !spending.open)
      break
    }
  }
}

function forget<T extends { readonly at: Seconds }>(
  records: Map<string, T>,
  now: Seconds,
  closed: (record: T) => boolean,
): void {
  for (const [key, record] of records) if (closed(record) && record.at < now - FORGET_AFTER) records.delete(key)
}
