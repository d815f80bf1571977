import { CustodyError } from '../errors.ts'
import { principalOf } from '../policy/names.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { concatHex, type Hex, addressWord } from '../primitives/hex.ts'
import { approversOf } from '../quorum/approval.ts'
import { ownerDigest } from '../sign/owner.ts'
import type { SafeDomain, SafeState } from '../safe/safe-tx.ts'
import { packSignatures } from '../safe/pack-signatures.ts'
import { type OwnerSignature, parseOwnerSignature } from '../safe/signature.ts'
import type { Context } from './context.ts'
import type { Parts } from './parts.ts'
import type { Stored } from './stored.ts'

/** What people gave to a request so far, every signature recovered again just now. */
export interface Collected {
  /** Complete owner signatures by distinct current owners. */
  readonly owners: readonly OwnerSignature[]
  /** Owners who signed or are about to. */
  readonly committed: readonly Address[]
  /** Principals who approved, each once. */
  readonly approvedBy: readonly string[]
  /** Owner Safes whose own threshold is not complete yet. */
  readonly partial: readonly { readonly safe: Address; readonly have: number; readonly need: number }[]
}

/** Hardhat's; its node is the operator's own. */
const LOCAL_CHAIN_ID = 31337

// keccak256('approvedHashes(address,bytes32)')[0:4]
const APPROVED_HASHES: Hex = '0x7d832974'

/** The domain of an owner Safe, for the SafeMessage that its members sign. */
export function domainOf(state: SafeState): SafeDomain {
  return { chainId: BigInt(state.chainId), safe: state.address, version: state.version }
}

/** @throws REQUEST_ALTERED when a stored signature is not what it says */
export async function collect(parts: Parts, context: Context, stored: Stored): Promise<Collected> {
  const { account, chain, policy } = context
  const rows = await parts.ledger.db
    .selectFrom('signatures')
    .selectAll()
    .where('request_id', '=', stored.row.id)
    .execute()
  const owners: OwnerSignature[] = []
  const committed = new Set<Address>()
  for (const row of rows.filter(({ via }) => via === '')) {
    const owner = account.owners.find((address) => sameAddress(address, row.owner))
    if (owner === undefined) continue
    committed.add(owner)
    if (row.signature === null) continue
    const parsed = reread(stored, ownerDigest(stored.plan, null), row.signature as Hex, owner)
    owners.push(parsed)
  }
  const partial: { safe: Address; have: number; need: number }[] = []
  for (const via of new Set(rows.map((row) => row.via).filter((address) => address !== ''))) {
    const owner = account.owners.find((address) => sameAddress(address, via))
    if (owner === undefined) continue
    const child = await parts.readSafe(chain, owner)
    const members = rows.filter(
      (row) =>
        row.via === via && row.signature !== null && child.owners.some((address) => sameAddress(address, row.owner)),
    )
    const parsed = members.map((row) =>
      reread(stored, ownerDigest(stored.plan, domainOf(child)), row.signature as Hex, row.owner as Address),
    )
    committed.add(owner)
    if (parsed.length < child.threshold) partial.push({ safe: owner, have: parsed.length, need: child.threshold })
    else owners.push({ kind: 'contract', owner, data: packSignatures(parsed.slice(0, child.threshold)) })
  }
  if (stored.plan.kind === 'safe-tx') {
    for (const owner of account.owners.filter(
      (address) => !owners.some((signature) => sameAddress(signature.owner, address)),
    )) {
      if (await approvedOnChain(context, owner, stored.digests.digest)) {
        committed.add(owner)
        owners.push({ kind: 'approved-hash', owner })
      }
    }
  }
  // An approval on chain is known from the nodes alone; one node by itself is not let to speak for a person.
  const corroborated = context.chainRecord.urls.length > 1 || context.chainRecord.chainId === LOCAL_CHAIN_ID
  const evident = owners.filter(({ kind }) => kind !== 'approved-hash' || corroborated)
  const approvedBy = new Set<string>(evident.map(({ owner }) => principalOf(policy, owner) ?? `owner:${owner}`))
  const approvals = await parts.ledger.db
    .selectFrom('approvals')
    .selectAll()
    .where('request_id', '=', stored.row.id)
    .execute()
  const subject = { chainId: stored.request.chainId, requestDigest: stored.digest, effectDigest: stored.digests.digest }
  const given = approvals.map((row) => ({
    signer: row.address as Address,
    logSize: row.log_size,
    logRoot: row.log_root as Hex,
    signature: row.signature as Hex,
  }))
  for (const name of approversOf(subject, given, (address) => principalOf(policy, address) ?? `owner:${address}`))
    approvedBy.add(name)
  return { owners, committed: [...committed], approvedBy: [...approvedBy], partial }
}

function reread(stored: Stored, digest: Hex, signature: Hex, owner: Address): OwnerSignature {
  const { owner: recovered, parsed } = parseOwnerSignature(digest, signature)
  if (!sameAddress(recovered, owner)) {
    throw new CustodyError(
      'REQUEST_ALTERED',
      `A stored signature of ${owner} on ${stored.row.id} recovers to ${recovered}.`,
    )
  }
  return parsed
}

async function approvedOnChain({ chain, account }: Context, owner: Address, hash: Hex): Promise<boolean> {
  const result = await chain.call({ to: account.address, data: concatHex(APPROVED_HASHES, addressWord(owner), hash) })
  return result.ok && result.data.length === 66 && BigInt(result.data) !== 0n
}
