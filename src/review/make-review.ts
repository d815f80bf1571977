import type { FeeCaps, Plan } from '../build/plan.ts'
import type { Chain } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { type Address, sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import { keccak256 } from '../primitives/hash.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Action } from '../request/request.ts'
import { pinnedBatchLibrary } from '../safe/deployments.ts'
import { safeMessageDigests, safeTxDigests } from '../safe/hash.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import { agree, type ForeignHashes } from './agreement.ts'
import { decodeWithFindings } from './decode.ts'
import { effectsOf } from './effects.ts'
import { findingsOf, type KnownAsset, type NamedAddress } from './findings.ts'
import { readMessage } from './read-message.ts'
import { beneficiary } from './recipient-findings.ts'
import type { Effect, Review } from './review.ts'
import { simulate } from './simulate.ts'

export interface ReviewInput extends ForeignHashes {
  readonly plan: Plan
  /** What was asked for. A message cannot be reviewed without it, because its plan holds a hash only; for calls it gives the claimed signature. */
  readonly action?: Action | null
  /** Read from the chain just now. */
  readonly account: SafeState
  readonly chain: Chain
  readonly addressBook: readonly NamedAddress[]
  readonly assets: readonly KnownAsset[]
  readonly caps: FeeCaps | null
  readonly now: Seconds
  readonly expiresAt: Seconds
  readonly enforcement: Review['enforcement']
}

const DELEGATION = /^0xef0100[0-9a-f]{40}$/i

/**
 * Reviews a plan against the chain as it stands. Whoever signs or judges afterwards uses only what stands here.
 * @throws HASH_MISMATCH when any computation of the digest differs or the Safe does not answer
 * @throws OPAQUE_MESSAGE, SAFE_CHANGED when the plan is for another Safe, chain or version than the account
 * @throws CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID, CHAIN_DISAGREEMENT from the port
 */
export async function makeReview(input: ReviewInput): Promise<Review> {
  const { plan, account, chain } = input
  assertSameAccount(plan, account, chain)
  const digests =
    plan.kind === 'safe-tx' ? safeTxDigests(plan.domain, plan.safeTx) : safeMessageDigests(plan.domain, plan.message)
  const agreement = await agree(plan, digests.digest, chain, input)
  const read = plan.kind === 'safe-message' ? readMessage(input.action ?? null, plan.message) : null
  const decoded = plan.kind === 'safe-tx' ? decodeWithFindings(plan.safeTx, decodeContext(input)) : null
  const pinned = await pinnedBatchTarget(plan, chain)
  const effects = effectsOf(plan, {
    multiSend: (address) => pinned !== null && sameAddress(address, pinned),
    message: read?.facts ?? null,
  })
  const simulation = await simulate(chain, account.address, plan)
  const findings = findingsOf({
    plan,
    effects,
    account,
    simulation,
    decoded: [...(decoded?.findings ?? []), ...(read?.findings ?? [])],
    addressBook: input.addressBook,
    assets: input.assets,
    now: input.now,
    expiresAt: input.expiresAt,
    delegatedOwners: await filterAsync(account.owners, async (owner) => DELEGATION.test(await chain.code(owner))),
    unusedRecipients: await filterAsync(recipientsOf(effects), (address) => isUnused(chain, address)),
  })
  return {
    digests,
    agreement,
    effects,
    findings,
    simulation,
    account,
    call: decoded?.call ?? null,
    message: read?.shown ?? null,
    caps: input.caps,
    enforcement: input.enforcement,
  }
}

function assertSameAccount(plan: Plan, account: SafeState, chain: Chain): void {
  const { domain } = plan
  const plain = (version: string): string => version.replace(/\+.*$/, '')
  const same =
    sameAddress(domain.safe, account.address) &&
    domain.chainId === BigInt(account.chainId) &&
    chain.chainId === account.chainId &&
    plain(domain.version) === plain(account.version)
  if (!same) {
    throw new CustodyError(
      'SAFE_CHANGED',
      `The plan is for the Safe ${domain.safe} (${domain.version}) on chain ${domain.chainId}; the account read is ${account.address} (${account.version}) on chain ${account.chainId}.`,
    )
  }
}

function decodeContext({
  account,
  action,
  addressBook,
  assets,
}: ReviewInput): Parameters<typeof decodeWithFindings>[1] {
  return {
    safe: account.address,
    claimedSignature: action?.kind === 'call' ? action.signature : null,
    nameOf: (address) =>
      sameAddress(address, account.address)
        ? 'this Safe'
        : (addressBook.find((entry) => sameAddress(entry.address, address))?.name ??
          assets.find(({ token }) => token !== null && sameAddress(token, address))?.symbol ??
          null),
  }
}

// An address alone proves nothing on a chain where somebody else may have deployed: the code is hashed each time.
async function pinnedBatchTarget(plan: Plan, chain: Chain): Promise<Address | null> {
  if (plan.kind !== 'safe-tx' || plan.safeTx.operation !== 1) return null
  return pinnedBatchLibrary(plan.safeTx.to, keccak256(await chain.code(plan.safeTx.to))) ? plan.safeTx.to : null
}

function recipientsOf(effects: readonly Effect[]): readonly Address[] {
  const paid = effects.flatMap((effect) =>
    effect.kind === 'transfer' || effect.kind === 'nft' ? (beneficiary(effect) ?? []) : [],
  )
  return [...new Set(paid)].filter((address) => address !== ZERO_ADDRESS)
}

async function isUnused(chain: Chain, address: Address): Promise<boolean> {
  const [code, balance, count] = await Promise.all([
    chain.code(address),
    chain.balance(address),
    chain.transactionCount(address, 'latest'),
  ])
  return code === '0x' && balance === 0n && count === 0
}

async function filterAsync<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const kept: T[] = []
  for (const item of items) if (await keep(item)) kept.push(item)
  return kept
}
