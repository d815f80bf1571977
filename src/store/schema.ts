import { type LogStateTable, type LogTable, logSchema } from './log.ts'

/**
 * Request-level state. Registers (chains, keys, treasuries, policies, freezes, limits) have no tables: they are
 * read from the log itself, so that nobody can edit them in the database without breaking the log.
 * Money is decimal text in base units or wei; times are whole seconds.
 */
export type RequestState =
  /** Waits for people; nothing that completes the threshold exists. */
  | 'open'
  /** The threshold is complete, or the bytes to sign were handed out: live on chain until its nonce is used. */
  | 'signed'
  | 'executed'
  /** ExecutionFailure: the nonce is used, the inner call failed. */
  | 'failed'
  /** Another transaction took the nonce. */
  | 'superseded'
  /** Closed with no signature ever made. */
  | 'withdrawn'

export interface RequestRow {
  readonly id: string
  readonly treasury: string
  readonly chain_id: number
  readonly safe: string
  readonly nonce: string | null
  readonly kind: string
  readonly state: RequestState
  /** RFC 8785 text of the request; its SHA-256 is `digest`. */
  readonly body: string
  readonly digest: string
  /** safeTxHash or SafeMessage hash. */
  readonly effect_digest: string
  /** The log entry that recorded it. */
  readonly seq: number
  readonly idempotency_key: string
  readonly created_at: number
  readonly expires_at: number
  /** 1 once the typed data left Coffer, so a signature may exist elsewhere. */
  readonly exported: number
  readonly outcome: string | null
}

export interface SignatureRow {
  readonly request_id: string
  readonly owner: string
  /** Address of the owner Safe whose member this is; empty for a direct owner. */
  readonly via: string
  /** null while only intended: recorded before the key is touched. */
  readonly signature: string | null
  readonly at: number
}

export interface ApprovalRow {
  readonly request_id: string
  readonly address: string
  readonly principal: string
  /** Approval typed-data signature; null where the owner signature itself is the evidence. */
  readonly signature: string | null
  readonly log_size: number
  readonly log_root: string
  readonly at: number
}

export interface ExecutionRow {
  readonly hash: string
  readonly request_id: string
  readonly chain_id: number
  readonly payer: string
  readonly nonce: number
  readonly envelope: string
  /** Signed bytes, stored before they are sent. */
  readonly raw: string
  readonly state: 'stored' | 'sent' | 'mined' | 'dropped'
  /** wei: the worst case until mined, then what was paid. */
  readonly cost: string
  readonly at: number
  readonly block_number: string | null
  readonly block_hash: string | null
}

export interface Schema {
  log: LogTable
  log_state: LogStateTable
  requests: RequestRow
  signatures: SignatureRow
  approvals: ApprovalRow
  executions: ExecutionRow
}

export const SCHEMA_VERSION = 1

export const schemaStatements: readonly string[] = [
  ...logSchema,
  `create table if not exists requests (
    id text primary key, treasury text not null, chain_id integer not null, safe text not null, nonce text,
    kind text not null, state text not null, body text not null, digest text not null, effect_digest text not null,
    seq integer not null, idempotency_key text not null unique, created_at integer not null, expires_at integer not null,
    exported integer not null default 0, outcome text) strict`,
  'create index if not exists requests_by_safe on requests (chain_id, safe, state)',
  `create table if not exists signatures (
    request_id text not null references requests (id), owner text not null, via text not null, signature text,
    at integer not null, primary key (request_id, owner, via)) strict`,
  `create table if not exists approvals (
    request_id text not null references requests (id), address text not null, principal text not null, signature text,
    log_size integer not null, log_root text not null, at integer not null, primary key (request_id, address)) strict`,
  `create table if not exists executions (
    hash text primary key, request_id text not null references requests (id), chain_id integer not null, payer text not null,
    nonce integer not null, envelope text not null, raw text not null, state text not null, cost text not null,
    at integer not null, block_number text, block_hash text) strict`,
  'create index if not exists executions_by_payer on executions (chain_id, payer, nonce)',
]
