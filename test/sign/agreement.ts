import { recoverAddress as ethersRecover, Signature } from 'ethers'
import { recoverAddress as viemRecover } from 'viem'
import { expect } from 'vitest'
import type { Address } from '../../src/primitives/address.ts'
import { type EcdsaSignature, recoverAddress, SECP256K1_HALF_N } from '../../src/primitives/ecdsa.ts'
import type { Hex } from '../../src/primitives/hex.ts'

/** The signature has low s, and noble, ethers and viem all recover its address. */
export async function expectAgreement(digest: Hex, signature: EcdsaSignature, address: Address): Promise<void> {
  const { r, s, yParity } = signature
  expect(r).toMatch(/^0x[0-9a-f]{64}$/)
  expect(s).toMatch(/^0x[0-9a-f]{64}$/)
  expect(BigInt(s) > 0n && BigInt(s) <= SECP256K1_HALF_N).toBe(true)
  expect(recoverAddress(digest, signature)).toBe(address)
  expect(ethersRecover(digest, Signature.from({ r, s, yParity }))).toBe(address)
  expect(await viemRecover({ hash: digest, signature: { r, s, yParity } })).toBe(address)
}
