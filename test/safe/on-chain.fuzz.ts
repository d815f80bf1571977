import fc from 'fast-check'
import { privateKeyToAccount, sign } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Address, compareAddress } from '../../src/primitives/address.ts'
import { byteLength, type Hex } from '../../src/primitives/hex.ts'
import { encodeApproveHash } from '../../src/safe/abi.ts'
import { safeMessageDigests, safeTxDigests, safeTxPreimage } from '../../src/safe/hash.ts'
import { nestedMessage } from '../../src/safe/nested.ts'
import type { SafeDomain, SafeTx } from '../../src/safe/safe-tx.ts'
import { packSignatures } from '../../src/safe/pack-signatures.ts'
import { ethSignDigest, type OwnerSignature, parseOwnerSignature } from '../../src/safe/signature.ts'
import {
  handlerAbi,
  type LocalChainClients,
  safeAbi,
  type SafeContracts,
  withLocalChain,
} from '../support/local-chain.ts'
import { bytes, bytesOf, flipBit, flipped, privateKey, RUNS, safeTx, SLOW_RUNS } from './arbitraries.ts'

const VERSIONS = ['1.3.0', '1.4.1', '1.5.0'] as const
type Version = (typeof VERSIONS)[number]

let chain: LocalChainClients
let contracts: Record<Version, SafeContracts>

beforeAll(async () => {
  chain = await withLocalChain()
  contracts = {
    '1.3.0': await chain.deploySafes('1.3.0'),
    '1.4.1': await chain.deploySafes('1.4.1'),
    '1.5.0': await chain.deploySafes('1.5.0'),
  }
})
afterAll(() => chain.stop())

const fields = (tx: SafeTx) =>
  [
    tx.to,
    tx.value,
    tx.data,
    tx.operation,
    tx.safeTxGas,
    tx.baseGas,
    tx.gasPrice,
    tx.gasToken,
    tx.refundReceiver,
    tx.nonce,
  ] as const
const domainOf = (version: Version, safe: Address): SafeDomain => ({ chainId: chain.chainId, safe, version })

/** Whether the real Safe takes these signatures for the hash. A node that fails is an error, not a refusal. */
async function accepted(safe: Address, digest: Hex, preimage: Hex, packed: Hex): Promise<boolean> {
  try {
    await chain.reader.readContract({
      address: safe,
      abi: safeAbi,
      functionName: 'checkSignatures',
      args: [digest, preimage, packed],
    })
    return true
  } catch (error) {
    if (/revert/i.test((error as Error).message)) return false
    throw error
  }
}

async function ecdsa(key: Hex, digest: Hex, kind: 'ecdsa' | 'eth-sign'): Promise<OwnerSignature> {
  const made = await sign({ hash: kind === 'ecdsa' ? digest : ethSignDigest(digest), privateKey: key, to: 'hex' })
  const v = parseInt(made.slice(130), 16) + (kind === 'ecdsa' ? 0 : 4)
  return parseOwnerSignature(digest, `${made.slice(0, 130)}${v.toString(16)}` as Hex).parsed
}

describe.each(VERSIONS)('Safe %s', (version) => {
  let safe: Address
  beforeAll(async () => {
    safe = await contracts[version].createSafe([chain.account.address], 1)
  })

  it('answers to the version the test believes it has', async () => {
    expect(await chain.reader.readContract({ address: safe, abi: safeAbi, functionName: 'VERSION' })).toBe(version)
  })

  it('getTransactionHash equals our safeTxHash, encodeTransactionData our preimage', async () => {
    await fc.assert(
      fc.asyncProperty(safeTx, async (tx) => {
        const call = { address: safe, abi: safeAbi, args: fields(tx) } as const
        const hash = await chain.reader.readContract({ ...call, functionName: 'getTransactionHash' })
        const preimage = await chain.reader.readContract({ ...call, functionName: 'encodeTransactionData' })
        expect(hash).toBe(safeTxDigests(domainOf(version, safe), tx).digest)
        expect(preimage).toBe(safeTxPreimage(domainOf(version, safe), tx))
      }),
      { numRuns: RUNS },
    )
  })

  it('the handler’s message hash equals our SafeMessage digest, domainSeparator our Domain Hash', async () => {
    const separator = await chain.reader.readContract({ address: safe, abi: safeAbi, functionName: 'domainSeparator' })
    await fc.assert(
      fc.asyncProperty(bytes(), async (message) => {
        const ours = safeMessageDigests(domainOf(version, safe), message)
        expect(ours.domainHash).toBe(separator)
        expect(
          await chain.reader.readContract({
            address: contracts[version].handler,
            abi: handlerAbi,
            functionName: 'getMessageHashForSafe',
            args: [safe, message],
          }),
        ).toBe(ours.digest)
      }),
      { numRuns: RUNS },
    )
  })

  it('isValidSignature takes a SafeMessage signature over the 32-byte hash, and none over another', async () => {
    await fc.assert(
      fc.asyncProperty(bytesOf(32), privateKey, async (hash, key) => {
        const owned = await contracts[version].createSafe([privateKeyToAccount(key).address], 1)
        const signed = packSignatures([
          await ecdsa(key, safeMessageDigests(domainOf(version, owned), hash).digest, 'ecdsa'),
        ])
        const ask = (about: Hex) =>
          chain.reader.readContract({
            address: owned,
            abi: safeAbi,
            functionName: 'isValidSignature',
            args: [about, signed],
          })
        expect(await ask(hash)).toBe('0x1626ba7e')
        await expect(ask(flipBit(hash, 3))).rejects.toThrow(/revert/i)
      }),
      { numRuns: Math.min(SLOW_RUNS, 10) },
    )
  })
})

/** One owner of a random Safe: what it is, and how it confirms. */
type Owner =
  | { readonly kind: 'ecdsa' | 'eth-sign' | 'approved-hash'; readonly key: Hex }
  | {
      readonly kind: 'contract'
      readonly child: Version
      readonly keys: readonly [Hex, Hex]
      readonly inner: 'ecdsa' | 'eth-sign'
    }

const owner: fc.Arbitrary<Owner> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('ecdsa' as const, 'eth-sign' as const, 'approved-hash' as const),
      key: privateKey,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('contract' as const),
      child: fc.constantFrom(...VERSIONS),
      keys: fc.tuple(privateKey, privateKey).filter(([a, b]) => a !== b),
      inner: fc.constantFrom('ecdsa' as const, 'eth-sign' as const),
    }),
  },
)

interface Placed {
  readonly owner: Owner
  readonly address: Address
}

async function place(parent: Version, one: Owner): Promise<Placed> {
  if (one.kind !== 'contract') return { owner: one, address: privateKeyToAccount(one.key).address }
  // The handler of 1.5.0 has no isValidSignature(bytes,bytes), which older parents call.
  const handler = contracts[parent !== '1.5.0' && one.child === '1.5.0' ? '1.4.1' : one.child].handler
  const keys = one.keys.map((key) => privateKeyToAccount(key).address)
  return { owner: one, address: await contracts[one.child].createSafe(keys, 2, handler) }
}

async function confirm(domain: SafeDomain, tx: SafeTx, placed: Placed): Promise<OwnerSignature> {
  const { digest } = safeTxDigests(domain, tx)
  const one = placed.owner
  if (one.kind === 'contract') {
    const message = safeMessageDigests(domainOf(one.child, placed.address), nestedMessage(domain, tx)).digest
    const data = packSignatures([
      await ecdsa(one.keys[0], message, one.inner),
      await ecdsa(one.keys[1], message, 'ecdsa'),
    ])
    return { kind: 'contract', owner: placed.address, data }
  }
  if (one.kind !== 'approved-hash') return ecdsa(one.key, digest, one.kind)
  await chain.sendAs(placed.address, domain.safe, encodeApproveHash(digest))
  return { kind: 'approved-hash', owner: placed.address }
}

/** Bytes that decide. Safe itself ignores the s of an approved hash, bytes above an address, and a longer tail. */
function decidingBytes(signatures: readonly OwnerSignature[]): readonly number[] {
  const sorted = [...signatures].sort((a, b) => compareAddress(a.owner, b.owner))
  let tail = 65 * sorted.length
  return sorted.flatMap((one, index) => {
    const all = Array.from({ length: 65 }, (_, byte) => 65 * index + byte)
    if (one.kind === 'ecdsa' || one.kind === 'eth-sign') return all
    if (one.kind === 'approved-hash') return [...all.slice(12, 32), all[64] as number]
    const inner = Array.from({ length: byteLength(one.data) }, (_, byte) => tail + 32 + byte)
    tail += 32 + byteLength(one.data)
    return [...all.slice(12), ...inner]
  })
}

describe.each(VERSIONS)('a Safe %s with random owners', (version) => {
  it('G2 accepts our packed signatures of every kind, and refuses them with one bit changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(owner, {
          minLength: 1,
          maxLength: 5,
          selector: (one) => (one.kind === 'contract' ? one.keys.join() : one.key),
        }),
        fc.nat(),
        safeTx,
        fc.nat(),
        fc.nat(7),
        fc.constantFrom('to', 'value', 'data', 'operation', 'nonce', 'refundReceiver'),
        async (owners, pick, tx, at, bit, field) => {
          const placed: Placed[] = []
          for (const one of owners) placed.push(await place(version, one))
          fc.pre(new Set(placed.map(({ address }) => address)).size === placed.length)
          const threshold = 1 + (pick % placed.length)
          const safe = await contracts[version].createSafe(
            placed.map(({ address }) => address),
            threshold,
          )
          const domain = domainOf(version, safe)
          const signatures: OwnerSignature[] = []
          for (const one of placed.slice(0, threshold)) signatures.push(await confirm(domain, tx, one))
          const packed = packSignatures(signatures)
          const { digest } = safeTxDigests(domain, tx)
          const preimage = safeTxPreimage(domain, tx)

          expect(await accepted(safe, digest, preimage, packed)).toBe(true)

          const deciding = decidingBytes(signatures)
          const byte = deciding[at % deciding.length] as number
          expect(await accepted(safe, digest, preimage, flipBit(packed, 8 * byte + bit))).toBe(false)

          const other = flipped(tx, field, at)
          expect(await accepted(safe, safeTxDigests(domain, other).digest, safeTxPreimage(domain, other), packed)).toBe(
            false,
          )
        },
      ),
      { numRuns: SLOW_RUNS },
    )
  })
})

const keyOf = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`
const simple = fc.sample(safeTx, { numRuns: 1, seed: 7 })[0] as SafeTx

describe.each(VERSIONS)('a parent Safe %s', (parent) => {
  it.each(VERSIONS)('counts a child Safe %s among owners of every other kind', async (child) => {
    const owners: Owner[] = [
      { kind: 'ecdsa', key: keyOf(11) },
      { kind: 'eth-sign', key: keyOf(12) },
      { kind: 'approved-hash', key: keyOf(13) },
      { kind: 'contract', child, keys: [keyOf(14), keyOf(15)], inner: 'eth-sign' },
    ]
    const placed: Placed[] = []
    for (const one of owners) placed.push(await place(parent, one))
    const safe = await contracts[parent].createSafe(
      placed.map(({ address }) => address),
      4,
    )
    const domain = domainOf(parent, safe)
    const signatures: OwnerSignature[] = []
    for (const one of placed) signatures.push(await confirm(domain, simple, one))
    const { digest } = safeTxDigests(domain, simple)
    expect(await accepted(safe, digest, safeTxPreimage(domain, simple), packSignatures(signatures))).toBe(true)
    expect(await accepted(safe, digest, safeTxPreimage(domain, simple), packSignatures(signatures.slice(1)))).toBe(
      false,
    )
  })

  it('refuses a child that signed the message of the other parent interface', async () => {
    const placed = await place(parent, {
      kind: 'contract',
      child: '1.4.1',
      keys: [keyOf(14), keyOf(15)],
      inner: 'ecdsa',
    })
    const safe = await contracts[parent].createSafe([placed.address], 1)
    const domain = domainOf(parent, safe)
    const { digest } = safeTxDigests(domain, simple)
    const wrong = parent === '1.5.0' ? safeTxPreimage(domain, simple) : digest
    const message = safeMessageDigests(domainOf('1.4.1', placed.address), wrong).digest
    const data = packSignatures([await ecdsa(keyOf(14), message, 'ecdsa'), await ecdsa(keyOf(15), message, 'ecdsa')])
    expect(
      await accepted(
        safe,
        digest,
        safeTxPreimage(domain, simple),
        packSignatures([{ kind: 'contract', owner: placed.address, data }]),
      ),
    ).toBe(false)
  })
})

describe('a child Safe 1.5.0 with its own handler', () => {
  it('cannot answer a parent before 1.5.0, but can approve the hash there', async () => {
    const child = await contracts['1.5.0'].createSafe([privateKeyToAccount(keyOf(14)).address], 1)
    const safe = await contracts['1.4.1'].createSafe([child], 1)
    const domain = domainOf('1.4.1', safe)
    const { digest } = safeTxDigests(domain, simple)
    const message = safeMessageDigests(domainOf('1.5.0', child), nestedMessage(domain, simple)).digest
    const data = packSignatures([await ecdsa(keyOf(14), message, 'ecdsa')])
    const preimage = safeTxPreimage(domain, simple)
    expect(await accepted(safe, digest, preimage, packSignatures([{ kind: 'contract', owner: child, data }]))).toBe(
      false,
    )
    await chain.sendAs(child, safe, encodeApproveHash(digest))
    expect(await accepted(safe, digest, preimage, packSignatures([{ kind: 'approved-hash', owner: child }]))).toBe(true)
  })
})
