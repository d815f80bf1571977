import type { Envelope } from '../build/plan.ts'

/** Reads an envelope back from its stored text, where bigints are decimal strings. */
export function parseEnvelope(text: string): Envelope {
  const stored = JSON.parse(text) as Record<keyof Envelope, string & number>
  return {
    type: stored.type,
    chainId: stored.chainId,
    from: stored.from,
    nonce: stored.nonce,
    to: stored.to,
    value: BigInt(stored.value),
    data: stored.data,
    gasLimit: BigInt(stored.gasLimit),
    maxFeePerGas: BigInt(stored.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(stored.maxPriorityFeePerGas),
    l1DataFee: BigInt(stored.l1DataFee),
    worstCaseCost: BigInt(stored.worstCaseCost),
  }
}
