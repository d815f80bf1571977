import { parseTransaction, serializeTransaction } from 'viem/utils'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Envelope } from './plan.ts'

/**
 * The bytes the payer signs: EIP-1559 type 2 or EIP-155 legacy. They are parsed back and every field is
 * compared, so that an encoder which drops or alters a field cannot get its way unseen.
 * @throws INTERNAL when a field does not survive the way there and back
 * @see EIP-1559, EIP-155
 */
export function unsignedBytes(envelope: Unsigned): Hex {
  const common = {
    chainId: envelope.chainId,
    nonce: envelope.nonce,
    to: envelope.to,
    value: envelope.value,
    data: envelope.data,
    gas: envelope.gasLimit,
  }
  const bytes =
    envelope.type === 'eip1559'
      ? serializeTransaction({
          ...common,
          type: 'eip1559',
          maxFeePerGas: envelope.maxFeePerGas,
          maxPriorityFeePerGas: envelope.maxPriorityFeePerGas,
        })
      : serializeTransaction({ ...common, type: 'legacy', gasPrice: envelope.maxFeePerGas })
  assertSameFields(bytes, envelope)
  return bytes
}

/** An envelope before its costs are known. */
export type Unsigned = Omit<Envelope, 'worstCaseCost' | 'l1DataFee'>

function assertSameFields(bytes: Hex, envelope: Unsigned): void {
  const parsed = parseTransaction(bytes)
  // The parser leaves zero and empty fields out.
  const got = [
    parsed.type,
    parsed.chainId ?? 0,
    parsed.nonce ?? 0,
    parsed.to?.toLowerCase() ?? null,
    parsed.value ?? 0n,
    parsed.data?.toLowerCase() ?? '0x',
    parsed.gas ?? 0n,
    (envelope.type === 'legacy' ? parsed.gasPrice : parsed.maxFeePerGas) ?? 0n,
    parsed.maxPriorityFeePerGas ?? 0n,
    parsed.accessList?.length ?? 0,
  ]
  const expected = [
    envelope.type,
    envelope.chainId,
    envelope.nonce,
    envelope.to.toLowerCase(),
    envelope.value,
    envelope.data.toLowerCase(),
    envelope.gasLimit,
    envelope.maxFeePerGas,
    envelope.maxPriorityFeePerGas,
    0,
  ]
  const wrong = expected.findIndex((field, index) => field !== got[index])
  if (wrong !== -1) {
    throw new CustodyError(
      'INTERNAL',
      `Expected field ${wrong} of the transaction to read ${String(expected[wrong])} after encoding, got ${String(got[wrong])}.`,
    )
  }
}
