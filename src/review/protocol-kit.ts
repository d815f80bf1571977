import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { SafeDomain, SafeTx } from '../safe/safe-tx.ts'

// Only this shape is used, so that the types of the package, and its heavy import, stay out until it is asked.
interface ProtocolKit {
  readonly calculateSafeTransactionHash: (safe: string, tx: object, version: string, chainId: bigint) => string
  readonly calculateSafeMessageHash: (safe: string, message: string, version: string, chainId: bigint) => string
}

const load = async (): Promise<ProtocolKit> => {
  try {
    return (await import('@safe-global/protocol-kit')) as unknown as ProtocolKit
  } catch (cause) {
    throw new CustodyError(
      'DEPENDENCY_MISSING',
      'Expected @safe-global/protocol-kit for the second computation of the hash; it cannot be loaded.',
      { cause },
    )
  }
}

/** The safeTxHash as protocol-kit computes it, without a provider. @throws DEPENDENCY_MISSING */
export async function protocolKitHash(domain: SafeDomain, tx: SafeTx): Promise<Hex> {
  const kit = await load()
  const fields = {
    to: tx.to,
    value: tx.value.toString(),
    data: tx.data,
    operation: tx.operation,
    safeTxGas: tx.safeTxGas.toString(),
    baseGas: tx.baseGas.toString(),
    gasPrice: tx.gasPrice.toString(),
    gasToken: tx.gasToken,
    refundReceiver: tx.refundReceiver,
    nonce: Number(tx.nonce),
  }
  // protocol-kit takes the nonce as a number; one that it would round is none it can check.
  if (BigInt(fields.nonce) !== tx.nonce)
    throw new CustodyError('HASH_MISMATCH', `protocol-kit cannot hash the nonce ${tx.nonce} exactly.`)
  return kit.calculateSafeTransactionHash(domain.safe, fields, plain(domain.version), domain.chainId) as Hex
}

/** The SafeMessage hash as protocol-kit computes it. `message` as in `Plan`. @throws DEPENDENCY_MISSING */
export async function protocolKitMessageHash(domain: SafeDomain, message: Hex): Promise<Hex> {
  const kit = await load()
  return kit.calculateSafeMessageHash(domain.safe, message, plain(domain.version), domain.chainId) as Hex
}

const plain = (version: string): string => version.replace(/\+.*$/, '')
