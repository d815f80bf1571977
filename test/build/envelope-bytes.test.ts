import { Transaction } from 'ethers'
import fc from 'fast-check'
import { recoverTransactionAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../src/build/plan.ts'
import { unsignedBytes } from '../../src/build/serialize.ts'
import { toChecksum } from '../../src/primitives/address.ts'
import { SECP256K1_N } from '../../src/primitives/ecdsa.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { bytesToHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { signEnvelope } from '../../src/sign/envelope.ts'
import type { Signer } from '../../src/sign/signer.ts'
import { testSigner } from '../broadcast/test-signer.ts'
import eip155 from '../vectors/eip-155-transaction.json' with { type: 'json' }

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 50) }
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
const uint = (max: bigint) => fc.oneof(fc.bigInt({ min: 0n, max }), fc.bigInt({ min: 0n, max: 300n }))
// Lengths on both sides of every RLP boundary: one byte, 55 and 56 bytes, 255 and 256 bytes.
const data = fc.constantFrom(0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 900).chain(bytes)

const anyEnvelope: fc.Arbitrary<Envelope> = fc
  .record({
    type: fc.constantFrom('eip1559' as const, 'legacy' as const),
    chainId: fc.constantFrom(1, 10, 137, 31337, 7_777_777),
    from: fc.constant(testSigner(uintWord(1n)).address),
    nonce: fc.nat(100_000),
    to: bytes(20).map(toChecksum),
    value: uint((1n << 128n) - 1n),
    data,
    gasLimit: fc.bigInt({ min: 1n, max: 1n << 40n }),
    maxFeePerGas: uint(10n ** 15n),
    maxPriorityFeePerGas: uint(10n ** 15n),
    l1DataFee: uint(10n ** 18n),
  })
  .map((fields) => {
    const tip =
      fields.type === 'legacy'
        ? 0n
        : fields.maxPriorityFeePerGas > fields.maxFeePerGas
          ? fields.maxFeePerGas
          : fields.maxPriorityFeePerGas
    return {
      ...fields,
      maxPriorityFeePerGas: tip,
      worstCaseCost: fields.gasLimit * fields.maxFeePerGas + fields.l1DataFee,
    }
  })

function throughEthers(envelope: Envelope): Transaction {
  const { chainId, nonce, to, value, data: payload, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = envelope
  const common = { chainId, nonce, to, value, data: payload, gasLimit }
  return Transaction.from(
    envelope.type === 'legacy'
      ? { ...common, type: 0, gasPrice: maxFeePerGas }
      : { ...common, type: 2, maxFeePerGas, maxPriorityFeePerGas },
  )
}

describe('when an envelope becomes bytes', () => {
  it('G1 is encoded as ethers encodes it, for any fields', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        expect(unsignedBytes(envelope)).toBe(throughEthers(envelope).unsignedSerialized)
      }),
      runs,
    )
  })

  it('gives the published signing data of EIP-155', () => {
    expect(unsignedBytes(vectorEnvelope)).toBe(eip155.signingData)
    expect(keccak256(unsignedBytes(vectorEnvelope))).toBe(eip155.signingHash)
  })
})

describe('when an envelope is signed', () => {
  it('gives the published transaction of EIP-155', async () => {
    const signed = await signEnvelope(vectorEnvelope, testSigner(eip155.privateKey as Hex))
    expect(signed).toEqual({ raw: eip155.signedTransaction, hash: keccak256(eip155.signedTransaction as Hex) })
  })

  it('G2 reads back in ethers and viem as the same fields, hash and sender, for any fields and key', async () => {
    const key = fc.bigInt({ min: 1n, max: SECP256K1_N - 1n }).map(uintWord)
    await fc.assert(
      fc.asyncProperty(anyEnvelope, key, async (drawn, privateKey) => {
        const signer = testSigner(privateKey)
        const envelope = { ...drawn, from: signer.address }
        const { raw, hash } = await signEnvelope(envelope, signer)
        const read = Transaction.from(raw)
        expect(read.unsignedSerialized).toBe(throughEthers(envelope).unsignedSerialized)
        expect([read.hash, read.from]).toEqual([hash, signer.address])
        expect(await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })).toBe(signer.address)
      }),
      runs,
    )
  })

  it('signs exactly the digest of the bytes that build priced, once', async () => {
    const digests: Hex[] = []
    const honest = testSigner(uintWord(1n))
    const watched: Signer = {
      ...honest,
      sign: async (digest) => {
        digests.push(digest)
        return honest.sign(digest)
      },
    }
    await signEnvelope(sample, watched)
    expect(digests).toEqual([keccak256(unsignedBytes(sample))])
  })
})

describe('when the key or its answer is wrong', () => {
  const honest = testSigner(uintWord(1n))
  const other = testSigner(uintWord(2n))

  it('G1 refuses the key of another account before it is used', async () => {
    let used = false
    const signer: Signer = {
      ...other,
      sign: async (digest) => {
        used = true
        return other.sign(digest)
      },
    }
    await expect(signEnvelope(sample, signer)).rejects.toThrowWithCode('KEY_MISMATCH')
    expect(used).toBe(false)
  })

  it.each<[string, Signer['sign']]>([
    ['of another key', (digest) => other.sign(digest)],
    ['of another digest', (digest) => honest.sign(keccak256(digest))],
    [
      'with the other parity',
      async (digest) => {
        const signature = await honest.sign(digest)
        return { ...signature, yParity: signature.yParity === 0 ? 1 : 0 }
      },
    ],
    [
      'with a high s',
      async (digest) => {
        const { r, s, yParity } = await honest.sign(digest)
        return { r, s: uintWord(SECP256K1_N - BigInt(s)), yParity: yParity === 0 ? 1 : 0 }
      },
    ],
    ['of zeros', async () => ({ r: uintWord(0n), s: uintWord(0n), yParity: 0 })],
  ])('G7 throws away a signature %s', async (_what, sign) => {
    await expect(signEnvelope(sample, { ...honest, sign })).rejects.toThrowWithCode('SIGNATURE_MISMATCH')
  })
})

describe('when a stored envelope was altered', () => {
  it.each<[string, Partial<Envelope>]>([
    ['a raised fee', { maxFeePerGas: 10n ** 12n }],
    ['a raised gas limit', { gasLimit: 10n ** 6n }],
    ['a tip above the fee', { maxPriorityFeePerGas: 10n ** 12n }],
    ['a negative value', { value: -1n }],
    ['a target that is no address', { to: '0x12' }],
    ['half a byte of data', { data: '0x123' }],
    ['a fractional nonce', { nonce: 1.5 }],
    ['chain id zero, which any chain would take', { chainId: 0 }],
    ['another type', { type: 'blob' as 'legacy' }],
  ])('G2 refuses %s before the key is used', async (_what, change) => {
    const unused: Signer = { ...testSigner(uintWord(1n)), sign: () => Promise.reject(new Error('the key was used')) }
    await expect(signEnvelope({ ...sample, ...change }, unused)).rejects.toThrowWithCode('REQUEST_ALTERED')
  })
})

const sample: Envelope = {
  type: 'eip1559',
  chainId: 31337,
  from: testSigner(uintWord(1n)).address,
  nonce: 1,
  to: '0x3535353535353535353535353535353535353535',
  value: 0n,
  data: '0x6a761202',
  gasLimit: 100_000n,
  maxFeePerGas: 20n,
  maxPriorityFeePerGas: 2n,
  l1DataFee: 0n,
  worstCaseCost: 2_000_000n,
}

const vectorEnvelope: Envelope = {
  type: 'legacy',
  chainId: eip155.chainId,
  from: eip155.from as Hex,
  nonce: eip155.nonce,
  to: eip155.to as Hex,
  value: BigInt(eip155.value),
  data: '0x',
  gasLimit: BigInt(eip155.gasLimit),
  maxFeePerGas: BigInt(eip155.gasPrice),
  maxPriorityFeePerGas: 0n,
  l1DataFee: 0n,
  worstCaseCost: BigInt(eip155.gasLimit) * BigInt(eip155.gasPrice),
}
