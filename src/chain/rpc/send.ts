import { CustodyError, excerpt } from '../../errors.ts'
import { keccak256 } from '../../primitives/hash.ts'
import type { Hex } from '../../primitives/hex.ts'
import type { Chain } from '../chain.ts'
import type { RpcNode } from './node.ts'
import { bytes32, invalidAnswer } from './shapes.ts'

type Sent = Awaited<ReturnType<Chain['send']>>

// Each client has its own words; a transaction that is there already has the effect that was wanted.
const KNOWN =
  /already ?known|known transaction|already imported|already exists|existing tx with same hash|already in (?:the )?(?:mem)?pool|duplicate transaction/i
const NONCE_TOO_LOW = /nonce (?:is )?too low|nonce has already been used|old nonce|invalid nonce.*lower|oldnonce/i

/**
 * Sends signed bytes to every node. One that takes them is enough; a refusal counts only when no node took
 * them.
 * @throws CHAIN_UNREACHABLE when no node answered; CHAIN_ANSWER_INVALID when a node names another hash
 */
export async function sendRaw(nodes: readonly RpcNode[], raw: Hex): Promise<Sent> {
  const hash = keccak256(raw)
  const outcomes = await Promise.allSettled(nodes.map((node) => sendTo(node, raw, hash)))
  const sent = outcomes.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value)
  const accepted = sent.find((outcome) => outcome.accepted)
  if (accepted !== undefined) return accepted
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  // A node that did not answer may have taken the bytes, so a refusal by another one decides nothing.
  if (failed !== undefined) throw failed.reason
  const refused = sent[0]
  if (refused === undefined) throw new CustodyError('INTERNAL', 'A chain without nodes was asked to send.')
  return sent.find((outcome) => !outcome.accepted && outcome.nonceTooLow) ?? refused
}

async function sendTo(node: RpcNode, raw: Hex, hash: Hex): Promise<Sent> {
  const answer = await node.ask('eth_sendRawTransaction', [raw])
  if (answer.ok) {
    const named = bytes32(answer.result, 'transaction hash')
    if (named !== hash) throw invalidAnswer('hash of the sent transaction', hash, named)
    return { accepted: true }
  }
  if (KNOWN.test(answer.message)) return { accepted: true }
  return { accepted: false, reason: excerpt(answer.message, 200), nonceTooLow: NONCE_TOO_LOW.test(answer.message) }
}
