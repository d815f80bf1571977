import type { Chain } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import type { BlockReference, ObserveInput, Observation } from './observation.ts'
import { findOutside } from './outside.ts'
import { invalid, isCanonical, type Mined, readMined } from './receipt.ts'
import { readSafeNonce } from './safe-nonce.ts'

/**
 * What became of an effect, from the chain as it stands now and from nothing remembered, so that a reorganised
 * execution simply reads as pending or missing again.
 * @throws RECEIPT_INVALID when a node's claims do not prove what they say; what the chain port throws
 */
export async function observe(chain: Chain, asked: ObserveInput): Promise<Observation> {
  // A resumed caller may name the same transaction twice.
  const input = { ...asked, sent: [...new Map(asked.sent.map((sent) => [sent.hash.toLowerCase(), sent])).values()] }
  const mined: Mined[] = []
  for (const sent of input.sent) {
    const found = await readMined(chain, sent, input)
    if (found !== null) mined.push(found)
  }
  const ran = mined.filter((found) => found.kind === 'executed' || found.kind === 'inner-failure')
  const [first, second] = ran
  if (first !== undefined && second !== undefined) {
    // A reorganisation between the two receipts can show both; on one chain there is only one.
    if (!(await isCanonical(chain, first.block)) || !(await isCanonical(chain, second.block))) return pending(input)
    throw invalid(second.hash, 'at most one execution of the SafeTx', `another in ${first.hash}`)
  }

  const consumed = (await readSafeNonce(chain, input.safe)) > input.safeNonce
  if (first !== undefined) {
    if (consumed) return first
    // Either the node lies, or a reorganisation or a lagging replica came between the two reads.
    if ((await headOf(chain)).number < first.block.number || !(await isCanonical(chain, first.block)))
      return pending(input)
    throw invalid(first.hash, `the Safe nonce to be above ${input.safeNonce}`, 'a Safe that has not used it')
  }
  if (consumed) return (await findOutside(chain, input)) ?? pending(input)
  return observePool(chain, input, mined)
}

/** The block at the tip. @throws CHAIN_ANSWER_INVALID when the node has none */
export async function headOf(chain: Chain): Promise<BlockReference> {
  const head = await chain.block('latest')
  if (head === null)
    throw new CustodyError('CHAIN_ANSWER_INVALID', `Expected the latest block of ${chain.name}, got none.`)
  return { number: head.number, hash: head.hash }
}

// Here the Safe nonce is free: the question is whether one of our transactions can land still.
async function observePool(chain: Chain, input: ObserveInput, mined: readonly Mined[]): Promise<Observation> {
  const count = await chain.transactionCount(input.payer, 'latest')
  const taken = new Set(
    input.sent.filter(({ hash }) => mined.some((found) => found.hash === hash)).map(({ nonce }) => nonce),
  )
  const live = input.sent.filter(({ nonce }) => nonce >= count && !taken.has(nonce))
  const known: (typeof live)[number]['hash'][] = []
  for (const { hash } of live) if (await chain.knows(hash)) known.push(hash)
  if (known.length > 0) return { kind: 'pending', known }
  if (live.length > 0 || input.sent.length === 0) return { kind: 'missing', missing: live.map(({ hash }) => hash) }

  const last = mined.at(-1)
  if (last !== undefined) return last
  const block = await headOf(chain)
  // One of ours may have been mined between the reads above; the next look then finds its receipt.
  for (const { hash } of input.sent) if ((await chain.receipt(hash)) !== null) return pending(input)
  return { kind: 'displaced', block }
}

function pending(input: ObserveInput): Observation {
  return { kind: 'pending', known: input.sent.map(({ hash }) => hash) }
}
