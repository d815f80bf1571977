import type { Chain } from '../chain/chain.ts'
import { CustodyError, excerpt } from '../errors.ts'
import { keccak256 } from '../primitives/hash.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'

/**
 * `sent`: a node has the bytes. `nonce-used`: the payer nonce is taken, perhaps by these very bytes; only
 * `observe` can tell. Retrying a `nonce-used` is pointless.
 */
export type Submission = { readonly kind: 'sent' } | { readonly kind: 'nonce-used'; readonly reason: string }

/**
 * Sends signed bytes that the caller has stored already; sending them again is harmless. `url` names a
 * broadcast RPC of its own, such as a private relay.
 * @throws BROADCAST_REFUSED when the node refuses for another reason and does not know the transaction;
 * REQUEST_ALTERED when the bytes are not those of the hash; what the chain port throws
 */
export async function submit(chain: Chain, raw: Hex, hash: Hex, url?: string): Promise<Submission> {
  const bytes = parseHex(raw, 'signed transaction')
  const computed = keccak256(bytes)
  if (computed !== hash.toLowerCase()) {
    throw new CustodyError(
      'REQUEST_ALTERED',
      `Expected stored bytes of transaction ${excerpt(hash, 66)}, got bytes of ${computed}; nothing was sent.`,
    )
  }
  const answer = await chain.send(bytes, url)
  if (answer.accepted) return { kind: 'sent' }
  const reason = excerpt(answer.reason, 200)
  if (answer.nonceTooLow) return { kind: 'nonce-used', reason }
  // Nodes word "already known" in many ways; asking is surer than matching text.
  if (await chain.knows(hash)) return { kind: 'sent' }
  throw new CustodyError(
    'BROADCAST_REFUSED',
    `Expected ${chain.name} to take transaction ${hash}, got the refusal "${reason}".`,
    { details: { reason, hash } },
  )
}
