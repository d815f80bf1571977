import { CustodyError } from '../../errors.ts'
import type { Address } from '../../primitives/address.ts'
import { byteLength, concatHex, type Hex, uintWord } from '../../primitives/hex.ts'
import type { CallResult, ChainCall } from '../chain.ts'

/** GasPriceOracle, the same on every OP-stack chain. @see OP Stack specification, "Predeploys" */
export const GAS_PRICE_ORACLE: Address = '0x420000000000000000000000000000000000000F'
/** `getL1FeeUpperBound(uint256)`, from the Fjord upgrade on. */
const UPPER_BOUND_SELECTOR: Hex = '0xf1c7a58b'
/** `getL1Fee(bytes)` */
const FEE_SELECTOR: Hex = '0x49948e0e'

interface OracleReads {
  code(address: Address): Promise<Hex>
  call(call: ChainCall): Promise<CallResult>
}

/**
 * wei for posting the transaction to layer 1. The greater of the oracle's two answers, because the sum is
 * held against a cap.
 * @returns null where the chain has no oracle
 * @throws CHAIN_ANSWER_INVALID when there is an oracle and it names no fee
 */
export async function readL1DataFee(reads: OracleReads, unsigned: Hex): Promise<bigint | null> {
  if ((await reads.code(GAS_PRICE_ORACLE)) === '0x') return null
  const length = BigInt(byteLength(unsigned))
  const padding: Hex = `0x${'00'.repeat((32 - (byteLength(unsigned) % 32)) % 32)}`
  const answers = await Promise.all([
    reads.call({ to: GAS_PRICE_ORACLE, data: concatHex(UPPER_BOUND_SELECTOR, uintWord(length)) }),
    reads.call({
      to: GAS_PRICE_ORACLE,
      data: concatHex(FEE_SELECTOR, uintWord(32n), uintWord(length), unsigned, padding),
    }),
  ])
  const fees = answers
    .filter((answer) => answer.ok && byteLength(answer.data) === 32)
    .map((answer) => BigInt(answer.data))
  if (fees.length === 0) {
    throw new CustodyError(
      'CHAIN_ANSWER_INVALID',
      `Expected a layer-1 fee from the gas-price oracle ${GAS_PRICE_ORACLE}, got none.`,
    )
  }
  return fees.reduce((high, fee) => (fee > high ? fee : high))
}
