import type { Plan } from '../build/plan.ts'
import type { Chain } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { addressWord, byteLength, type Hex, uintWord } from '../primitives/hex.ts'
import { bytesTail, encodeCall } from '../safe/abi.ts'
import type { SafeDomain, SafeTx } from '../safe/safe-tx.ts'
import type { Agreement } from './review.ts'

const GET_TRANSACTION_HASH: Hex = '0xd8d11f78'
const GET_MESSAGE_HASH: Hex = '0x0a1028c4'

/** The second, foreign computation. Null leaves it out, which the review then shows. */
export interface ForeignHashes {
  readonly protocolKitHash: ((domain: SafeDomain, tx: SafeTx) => Promise<Hex> | Hex) | null
  readonly protocolKitMessageHash?: ((domain: SafeDomain, message: Hex) => Promise<Hex> | Hex) | null
}

/**
 * Compares our digest with the Safe's own and with a foreign library's. For a transaction the Safe must answer;
 * for a message only Safes whose handler has `getMessageHash` can.
 * @throws HASH_MISMATCH naming the side that differs or does not answer
 * @throws CHAIN_UNREACHABLE, CHAIN_ANSWER_INVALID, CHAIN_DISAGREEMENT from the port
 */
export async function agree(plan: Plan, ours: Hex, chain: Chain, foreign: ForeignHashes): Promise<Agreement> {
  const chainHash = await askChain(plan, chain)
  if (chainHash === null && plan.kind === 'safe-tx') {
    throw new CustodyError(
      'HASH_MISMATCH',
      `The chain did not compute the safeTxHash: the Safe ${plan.domain.safe} gave no hash of 32 bytes.`,
    )
  }
  const protocolKit = await askProtocolKit(plan, foreign)
  for (const [side, hash] of [
    ['the chain', chainHash],
    ['protocol-kit', protocolKit],
  ] as const) {
    if (hash !== null && hash.toLowerCase() !== ours) {
      throw new CustodyError('HASH_MISMATCH', `Ours is ${ours}, but ${side} computes ${hash}.`, {
        details: { side, ours, theirs: hash },
      })
    }
  }
  return { ours, chain: chainHash, protocolKit }
}

async function askChain(plan: Plan, chain: Chain): Promise<Hex | null> {
  const data =
    plan.kind === 'safe-tx' ? transactionQuestion(plan.safeTx) : encodeCall(GET_MESSAGE_HASH, [bytesTail(plan.message)])
  const result = await chain.call({ to: plan.domain.safe, data })
  return result.ok && byteLength(result.data) === 32 ? (result.data.toLowerCase() as Hex) : null
}

function transactionQuestion(tx: SafeTx): Hex {
  return encodeCall(GET_TRANSACTION_HASH, [
    addressWord(tx.to),
    uintWord(tx.value),
    bytesTail(tx.data),
    uintWord(BigInt(tx.operation)),
    uintWord(tx.safeTxGas),
    uintWord(tx.baseGas),
    uintWord(tx.gasPrice),
    addressWord(tx.gasToken),
    addressWord(tx.refundReceiver),
    uintWord(tx.nonce),
  ])
}

async function askProtocolKit(plan: Plan, foreign: ForeignHashes): Promise<Hex | null> {
  try {
    if (plan.kind === 'safe-tx')
      return foreign.protocolKitHash === null ? null : await foreign.protocolKitHash(plan.domain, plan.safeTx)
    return (await foreign.protocolKitMessageHash?.(plan.domain, plan.message)) ?? null
  } catch (cause) {
    throw new CustodyError('HASH_MISMATCH', 'protocol-kit did not compute the hash, so nothing confirms ours.', {
      cause,
    })
  }
}
