import {
  calculateSafeMessageHash,
  calculateSafeTransactionHash,
  preimageSafeTransactionHash,
} from '@safe-global/protocol-kit'
import { TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { hashDomain, hashStruct, hashTypedData } from 'viem'
import { describe, expect, it } from 'vitest'
import { domainHasChainId, safeMessageDigests, safeTxDigests, safeTxPreimage } from '../../src/safe/hash.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import { safeMessageTypedData, safeTxTypedData, type TypedDataDocument } from '../../src/safe/typed-data.ts'
import { address, bytes, flipped, RUNS, safeTx, SLOW_RUNS, uint256, VERSIONS } from './arbitraries.ts'

const domain = fc.record({ chainId: uint256, safe: address, version: fc.constantFrom(...VERSIONS) })

// protocol-kit takes text for numbers and has no versions 1.1.0 and 1.4.0 of its own, but hashes them alike.
type KitTx = Parameters<typeof calculateSafeTransactionHash>[1]
// Its types know a double for the nonce and an enum of its own; its encoder takes what is given.
const kitTx = (tx: SafeTx): KitTx => {
  const texts = {
    value: String(tx.value),
    safeTxGas: String(tx.safeTxGas),
    baseGas: String(tx.baseGas),
    gasPrice: String(tx.gasPrice),
  }
  return { ...tx, ...texts } as unknown as KitTx
}

const ethersHash = (document: TypedDataDocument): string => {
  const { EIP712Domain: _, ...types } = document.types
  return TypedDataEncoder.hash(
    document.domain,
    types as unknown as Record<string, { name: string; type: string }[]>,
    document.message,
  )
}

describe('random transactions on random domains', () => {
  it('hash as ethers, viem and protocol-kit hash them', () => {
    fc.assert(
      fc.property(domain, safeTx, (on, tx) => {
        const ours = safeTxDigests(on, tx)
        const document = safeTxTypedData(on, tx)
        const untyped = document as never
        expect(ethersHash(document)).toBe(ours.digest)
        expect(hashTypedData(untyped)).toBe(ours.digest)
        expect(hashDomain(untyped)).toBe(ours.domainHash)
        expect(hashStruct({ ...document, data: document.message })).toBe(ours.messageHash)
      }),
      { numRuns: RUNS },
    )
  })

  it('hash as protocol-kit hashes them, preimage included', () => {
    fc.assert(
      fc.property(domain, safeTx, (on, tx) => {
        expect(calculateSafeTransactionHash(on.safe, kitTx(tx), on.version, on.chainId)).toBe(
          safeTxDigests(on, tx).digest,
        )
        // Its preimage and message hash put the chain id into every domain, old versions too: 1.3.0 and later only.
        if (domainHasChainId(on.version)) {
          expect(preimageSafeTransactionHash(on.safe, kitTx(tx), on.version, on.chainId)).toBe(safeTxPreimage(on, tx))
        }
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('G2 change their digest with every bit of every field', () => {
    const fields = [
      'to',
      'value',
      'data',
      'operation',
      'safeTxGas',
      'baseGas',
      'gasPrice',
      'gasToken',
      'refundReceiver',
      'nonce',
    ] as const
    fc.assert(
      fc.property(domain, safeTx, fc.constantFrom(...fields), fc.nat(), (on, tx, field, bit) => {
        expect(safeTxDigests(on, flipped(tx, field, bit)).digest).not.toBe(safeTxDigests(on, tx).digest)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('random messages', () => {
  it('hash as ethers, viem and protocol-kit hash them', () => {
    fc.assert(
      fc.property(domain, bytes(), (on, message) => {
        const ours = safeMessageDigests(on, message).digest
        const document = safeMessageTypedData(on, message)
        expect(ethersHash(document)).toBe(ours)
        expect(hashTypedData(document as never)).toBe(ours)
        if (domainHasChainId(on.version))
          expect(calculateSafeMessageHash(on.safe, message, on.version, on.chainId)).toBe(ours)
      }),
      { numRuns: RUNS },
    )
  })
})
