import type { Chain } from '../chain/chain.ts'
import { CustodyError, excerpt } from '../errors.ts'
import type { Address } from '../primitives/address.ts'

/** Selector of `nonce()`. */
const NONCE = '0xaffed0e0'

/** How many transactions the Safe has executed. @throws CHAIN_ANSWER_INVALID when it does not answer like a Safe */
export async function readSafeNonce(chain: Chain, safe: Address): Promise<bigint> {
  const answer = await chain.call({ to: safe, data: NONCE })
  if (!answer.ok || !/^0x[0-9a-fA-F]{64}$/.test(answer.data)) {
    throw new CustodyError(
      'CHAIN_ANSWER_INVALID',
      `Expected the nonce of Safe ${safe} as one word, got "${excerpt(answer.ok ? answer.data : answer.reason)}".`,
    )
  }
  return BigInt(answer.data)
}
