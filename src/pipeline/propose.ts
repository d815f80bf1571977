import { shortName } from '../chain/names.ts'
import { CustodyError } from '../errors.ts'
import type { Decision } from '../policy/decision.ts'
import { bookOn, principalOf } from '../policy/names.ts'
import { parseWei } from '../primitives/amount.ts'
import type { Hex } from '../primitives/hex.ts'
import { type Json, parseJson } from '../primitives/json.ts'
import { buildPlan } from '../build/safe-tx.ts'
import { parseCallInput } from '../request/call.ts'
import { digestRequest } from '../request/digest.ts'
import { parseExpiry } from '../request/expiry.ts'
import { newRequestId } from '../request/id.ts'
import { parsePayouts } from '../request/payouts-csv.ts'
import { parseRecipient, parseTransferInput, type TransferContext } from '../request/transfer.ts'
import { encodeErc20Transfer } from '../safe/abi.ts'
import type { Call } from '../safe/safe-tx.ts'
import type { Action, RefundFields, Request } from '../request/request.ts'
import { parseTransactionBuilder } from '../request/transaction-builder.ts'
import type { Review } from '../review/review.ts'
import type { Secret } from '../sign/signer.ts'
import { verifyCreator } from '../quorum/creator.ts'
import { signRequest } from '../sign/statement.ts'
import { type Context, type Naming, namingOf, openContext } from './context.ts'
import { assertApproved, judge } from './judge.ts'
import { loggedRows } from './logged-rows.ts'
import type { Parts } from './parts.ts'
import { reconcile } from './reconcile.ts'
import { loadStored, planDigests } from './stored.ts'

export type ProposedAction =
  | { readonly kind: 'transfer'; readonly asset: string; readonly to: string; readonly amount: string }
  | {
      readonly kind: 'call'
      readonly to: string
      readonly value?: string | undefined
      readonly sig?: string | undefined
      readonly args?: readonly string[] | undefined
      readonly abi?: string | undefined
      readonly method?: string | undefined
      readonly data?: string | undefined
      readonly delegatecall?: boolean | undefined
    }
  | { readonly kind: 'batch'; readonly text: string; readonly format: 'csv' | 'json' }
  | { readonly kind: 'message'; readonly text?: string | undefined; readonly typedData?: string | undefined }

export interface ProposeInput {
  readonly treasury: string
  readonly action: ProposedAction
  readonly memo?: string | undefined
  /** `7d`; default 7 days. */
  readonly expires?: string | undefined
  readonly nonce?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly refund?: RefundFields | undefined
  /** Key of the creator, when they sign the request. */
  readonly key?: string | undefined
  readonly secret?: Secret | undefined
}

/** Keys that rejections of requests use, so that nobody can take them first. */
export const REJECTION_KEY = 'reject:'

export interface Proposed {
  readonly request: Request
  readonly digest: Hex
  readonly review: Review
  readonly decision: Decision
  readonly naming: Naming
  /** false when the idempotency key was known and nothing new was made. */
  readonly created: boolean
}

/**
 * Parses, builds, reviews and judges a request; stores it only when policy would let it through with the
 * approvals that it then waits for. A refusal is logged and nothing else changes.
 * @throws the code of what is wrong with the input, POLICY_DENIED and its kin, NONCE_TAKEN, IDEMPOTENCY_CONFLICT
 */
export async function propose(parts: Parts, input: ProposeInput): Promise<Proposed> {
  if (input.idempotencyKey?.startsWith(REJECTION_KEY) === true) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected an idempotency key that does not begin with "${REJECTION_KEY}"; those are for rejections.`,
    )
  }
  await reconcile(parts, input.treasury)
  const context = await openContext(parts, input.treasury)
  const action = parseAction(context, input.action)
  return proposeAction(parts, context, action, input)
}

export async function proposeAction(
  parts: Parts,
  context: Context,
  action: Action,
  input: Omit<ProposeInput, 'treasury' | 'action'> & { readonly takesNonce?: bigint },
): Promise<Proposed> {
  const now = parts.clock.now()
  const signer = input.key === undefined ? null : await openCreator(parts, context, input.key, input.secret)
  try {
    const idempotencyKey = input.idempotencyKey ?? newRequestId(now)
    const known = await parts.ledger.db
      .selectFrom('requests')
      .selectAll()
      .where('idempotency_key', '=', idempotencyKey)
      .executeTakeFirst()
    const request: Request = {
      format: 'coffer-request/v1',
      id: known?.id ?? newRequestId(now),
      idempotencyKey,
      chainId: context.chain.chainId,
      treasury: context.treasury.name,
      safe: context.treasury.safe,
      nonce:
        action.kind === 'message'
          ? null
          : known !== undefined && known.nonce !== null
            ? BigInt(known.nonce)
            : (input.takesNonce ?? (await chooseNonce(parts, context, input.nonce))),
      action,
      refund: input.refund ?? null,
      memo: parseMemo(input.memo),
      creator: {
        principal: creatorName(context, signer?.address ?? null, parts.actor),
        address: signer?.address ?? null,
      },
      createdAt: known?.created_at ?? now,
      expiresAt: known?.expires_at ?? parseExpiry(input.expires ?? '7d', now),
    }
    const digested = digestRequest(request)
    const plan = buildPlan(request, { version: context.account.version })
    const digests = planDigests(plan)
    const { review, decision } = await judge(parts, context, request, plan, [])
    if (known !== undefined) {
      await loadStored(parts, await parts.ledger.registers(), known.id)
      if (known.digest !== digested.digest)
        throw new CustodyError(
          'IDEMPOTENCY_CONFLICT',
          `The idempotency key of request ${known.id} was used for another request.`,
        )
      return { request, digest: digested.digest, review, decision, naming: namingOf(context), created: false }
    }
    await refuseOrPass(parts, request, digested.digest, review, decision)
    const statement = { chainId: request.chainId, requestDigest: digested.digest }
    const signature = signer === null ? null : await signRequest(statement, signer)
    if (signer !== null && signature !== null) verifyCreator(statement, signer.address, signature)
    const stored = await parts.ledger.commit(async ({ tx, record }) => {
      const twin = await tx
        .selectFrom('requests')
        .select('id')
        .where('idempotency_key', '=', idempotencyKey)
        .executeTakeFirst()
      if (twin !== undefined) return false
      if (request.nonce !== null && action.kind !== 'rejection') {
        const taken = await tx
          .selectFrom('requests')
          .select('id')
          .where('chain_id', '=', request.chainId)
          .where('safe', '=', request.safe)
          .where('nonce', '=', request.nonce.toString())
          .where('state', 'in', ['open', 'signed'])
          .executeTakeFirst()
        if (taken !== undefined && input.nonce === undefined) return false
        if (taken !== undefined)
          throw new CustodyError('NONCE_TAKEN', `Request ${taken.id} holds nonce ${request.nonce}.`)
      }
      const seq = record({
        type: 'request.proposed',
        actor: request.creator.principal,
        data: {
          id: request.id,
          digest: digested.digest,
          effectDigest: digests.digest,
          request: parseJson(digested.canonical) as Json,
          creatorSignature: signature,
        },
      })
      record({
        type: 'review.made',
        actor: 'coffer',
        data: {
          id: request.id,
          findings: review.findings.map(({ id, severity }) => ({ id, severity })),
          simulation: review.simulation.status,
        },
      })
      record({
        type: 'policy.decided',
        actor: 'coffer',
        data: {
          id: request.id,
          verdict: decision.verdict,
          policyHash: decision.policyHash,
          rules: decision.spoke.map(({ rule, effect, where }) => ({ rule, effect, where })),
        },
      })
      await tx
        .insertInto('requests')
        .values({
          id: request.id,
          treasury: request.treasury,
          chain_id: request.chainId,
          safe: request.safe,
          nonce: request.nonce?.toString() ?? null,
          kind: action.kind,
          state: 'open',
          body: digested.canonical,
          digest: digested.digest,
          effect_digest: digests.digest,
          seq,
          idempotency_key: idempotencyKey,
          created_at: request.createdAt,
          expires_at: request.expiresAt,
          exported: 0,
          outcome: null,
        })
        .execute()
      return true
    })
    // Somebody else took the key or the nonce since both were looked up: look again, and take what is there now.
    if (!stored) return await proposeAction(parts, context, action, { ...input, idempotencyKey })
    return { request, digest: digested.digest, review, decision, naming: namingOf(context), created: true }
  } finally {
    await signer?.close()
  }
}

async function refuseOrPass(
  parts: Parts,
  request: Request,
  digest: Hex,
  review: Review,
  decision: Decision,
): Promise<void> {
  try {
    assertApproved(decision)
    if (review.simulation.status === 'reverted' && request.nonce === review.account.nonce) {
      throw new CustodyError(
        'SIMULATION_FAILED',
        `The transaction would fail: ${review.simulation.reason ?? 'no reason given'}.`,
      )
    }
  } catch (error) {
    if (error instanceof CustodyError) {
      await parts.ledger.commit(async ({ record }) => {
        record({
          type: 'request.refused',
          actor: request.creator.principal,
          data: {
            id: request.id,
            digest,
            treasury: request.treasury,
            kind: request.action.kind,
            code: error.code,
            message: error.message,
          },
        })
      })
      // The review goes with the refusal, so that a person sees what would have been signed.
      throw new CustodyError(error.code, error.message, {
        next: error.next,
        details: { ...error.details, safeTxHash: review.digests.digest, findings: review.findings },
      })
    }
    throw error
  }
}

async function chooseNonce(parts: Parts, context: Context, asked: string | undefined): Promise<bigint> {
  const registers = await parts.ledger.registers()
  const logged = await loggedRows(parts, registers, { chainId: context.chain.chainId, safe: context.treasury.safe })
  // A request whose row cannot be believed holds its nonce: it may be signed.
  const held = logged.flatMap(({ id, row }) => {
    const nonce = registers.proposals.get(id)?.nonce ?? null
    return nonce === null || (row !== null && row.state !== 'open' && row.state !== 'signed') ? [] : [BigInt(nonce)]
  })
  const current = context.account.nonce
  if (asked === undefined) {
    let next = current
    while (held.includes(next)) next += 1n
    return next
  }
  if (!/^(0|[1-9][0-9]{0,18})$/.test(asked))
    throw new CustodyError('NONCE_INVALID', `Expected --nonce as a whole number, got "${asked.slice(0, 20)}".`)
  const nonce = BigInt(asked)
  if (nonce < current) throw new CustodyError('NONCE_INVALID', `Nonce ${nonce} is used; the next one is ${current}.`)
  if (held.includes(nonce)) throw new CustodyError('NONCE_TAKEN', `Another open proposal holds nonce ${nonce}.`)
  return nonce
}

function parseAction(context: Context, input: ProposedAction): Action {
  const { policy, chain } = context
  const book = {
    assets: policy.assets.filter((asset) => asset.chainId === chain.chainId),
    addressBook: bookOn(policy, chain.chainId),
    chainPrefix: shortName(chain.chainId),
  }
  switch (input.kind) {
    case 'transfer':
      return parseTransferInput(input, book)
    case 'call': {
      const to = parseRecipient(input.to, book).address
      const value = input.value === undefined ? 0n : parseWei(input.value, '--value')
      const { call, signature } = parseCallInput({
        sig: input.sig,
        args: input.args,
        abi: input.abi,
        method: input.method,
        data: input.data,
        to,
        value,
      })
      return input.delegatecall === true ? { kind: 'safe-tx', call, operation: 1 } : { kind: 'call', call, signature }
    }
    case 'batch':
      return {
        kind: 'batch',
        calls:
          input.format === 'json' ? parseTransactionBuilder(input.text, chain.chainId) : payoutCalls(input.text, book),
      }
    case 'message':
      if (input.typedData !== undefined)
        return { kind: 'message', format: 'typed-data', typedData: parseJson(input.typedData, 'typed data') as Json }
      if (input.text === undefined || input.text === '')
        throw new CustodyError('USAGE', 'Expected a text or typed data to sign.')
      return { kind: 'message', format: 'text', text: input.text }
  }
}

function payoutCalls(text: string, book: TransferContext): readonly Call[] {
  return parsePayouts(text).map(({ line, ...row }): Call => {
    try {
      const { token, recipient, amount } = parseTransferInput(row, book)
      return token === null
        ? { to: recipient, value: amount, data: '0x' }
        : { to: token, value: 0n, data: encodeErc20Transfer(recipient, amount) }
    } catch (error) {
      if (error instanceof CustodyError)
        throw new CustodyError(error.code, `Line ${line}: ${error.message}`, { next: error.next, details: { line } })
      throw error
    }
  })
}

function parseMemo(memo: string | undefined): string | null {
  if (memo === undefined || memo === '') return null
  if (memo.length > 200 || /\p{Cc}/u.test(memo))
    throw new CustodyError('FIELD_INVALID', 'Expected a memo of at most 200 characters without control characters.')
  return memo
}

function creatorName(context: Context, address: Hex | null, actor: string): string {
  return address === null ? actor : (principalOf(context.policy, address) ?? `key:${address}`)
}

async function openCreator(parts: Parts, context: Context, name: string, secret: Secret | undefined) {
  const record = context.registers.keys.get(name)
  if (record === undefined)
    throw new CustodyError('NOT_FOUND', `There is no key "${name}".`, { next: 'Run coffer key list.' })
  return parts.openSigner(record, secret ?? '')
}
