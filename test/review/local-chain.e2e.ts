import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../src/build/plan.ts'
import type { Chain } from '../../src/chain/chain.ts'
import { deployCanonicalSafe, deployLocalContract, mintTestToken } from '../../src/chain/local/deploy-safe.ts'
import { type LocalRpc, localRpc } from '../../src/chain/local/local-rpc.ts'
import { LOCAL_ACCOUNTS, type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { addressWord, concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { agree } from '../../src/review/agreement.ts'
import { makeReview, type ReviewInput } from '../../src/review/make-review.ts'
import { protocolKitHash, protocolKitMessageHash } from '../../src/review/protocol-kit.ts'
import { simulate } from '../../src/review/simulate.ts'
import { encodeErc20Transfer } from '../../src/safe/abi.ts'
import { canonicalDeployments } from '../../src/safe/deployments.ts'
import { safeMessageDigests, safeTxDigests } from '../../src/safe/hash.ts'
import { textMessageHash } from '../../src/safe/message.ts'
import { encodeMultiSend } from '../../src/safe/multi-send.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import { planSafeCreation } from '../../src/treasury/create.ts'
import { readSafeState } from '../../src/treasury/state.ts'
import { safeTx as arbitraryTx, SLOW_RUNS } from '../safe/arbitraries.ts'

const owners = LOCAL_ACCOUNTS.slice(1, 4).map(({ address }) => address)
const ACME: Address = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB'
const versions = ['1.4.1', '1.5.0'] as const
type Version = (typeof versions)[number]

let node: LocalChain
let rpc: LocalRpc
let chain: Chain
let token: Address
let falseToken: Address
let trojan: Address
const safes = {} as Record<Version, Address>

beforeAll(async () => {
  node = await startLocalChain()
  rpc = localRpc(node.url)
  chain = createRpcChain({ name: 'local', chainId: node.chainId, urls: [node.url] })
  token = await deployLocalContract(node.url, 'TestToken')
  falseToken = await deployLocalContract(node.url, 'FalseToken', [1000n])
  trojan = await deployLocalContract(node.url, 'StorageTrojan')
  for (const version of versions) {
    await deployCanonicalSafe(node.url, version)
    const creation = planSafeCreation({ version, chainId: node.chainId, owners, threshold: 2, saltNonce: 7n })
    await rpc.transact({ to: creation.to, data: creation.data })
    safes[version] = creation.predicted
    await rpc.transact({ to: creation.predicted, value: 10n ** 18n })
    await mintTestToken(node.url, token, creation.predicted, 1000n)
  }
})

afterAll(async () => {
  await node?.stop()
})

const planOf = (version: Version, changes: Partial<SafeTx>): Extract<Plan, { kind: 'safe-tx' }> => ({
  kind: 'safe-tx',
  domain: { chainId: BigInt(node.chainId), safe: safes[version], version },
  safeTx: {
    to: ACME,
    value: 1n,
    data: '0x',
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: ZERO_ADDRESS,
    refundReceiver: ZERO_ADDRESS,
    nonce: 0n,
    ...changes,
  },
})
const library = (version: Version): Address => canonicalDeployments(version).MultiSendCallOnly.address
const pay = (amount: bigint): { to: Address; value: bigint; data: Hex } => ({
  to: token,
  value: 0n,
  data: encodeErc20Transfer(ACME, amount),
})
const run = (version: Version, changes: Partial<SafeTx>) => simulate(chain, safes[version], planOf(version, changes))

async function reviewInput(version: Version, plan: Plan, more: Partial<ReviewInput> = {}): Promise<ReviewInput> {
  return {
    plan,
    chain,
    account: await readSafeState(chain, safes[version]),
    addressBook: [{ name: 'acme', address: ACME }],
    assets: [
      { symbol: 'USDC', token, decimals: 6 },
      { symbol: 'ETH', token: null, decimals: 18 },
    ],
    caps: null,
    now: 1000,
    expiresAt: 2000,
    protocolKitHash,
    protocolKitMessageHash,
    enforcement: { chain: [], pipeline: [] },
    ...more,
  }
}

describe.each(versions)('when a Safe %s is asked', (version) => {
  it('computes the same hash as Coffer and protocol-kit for random transactions', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTx, async (tx) => {
        const plan = planOf(version, { ...tx, nonce: tx.nonce & 0xffffffffn })
        const ours = safeTxDigests(plan.domain, plan.safeTx).digest
        expect(await agree(plan, ours, chain, { protocolKitHash })).toEqual({ ours, chain: ours, protocolKit: ours })
      }),
      { numRuns: SLOW_RUNS },
    )
  })

  it('computes the same message hash through its handler', async () => {
    const plan: Plan = { kind: 'safe-message', domain: planOf(version, {}).domain, message: textMessageHash('Hello') }
    const ours = safeMessageDigests(plan.domain, plan.message).digest
    expect(await agree(plan, ours, chain, { protocolKitHash, protocolKitMessageHash })).toEqual({
      ours,
      chain: ours,
      protocolKit: ours,
    })
  })

  it('simulates a payment, a revert with its reason, and a token that answers false', async () => {
    expect(await run(version, {})).toMatchObject({ status: 'succeeded' })
    expect(await run(version, { ...pay(1000n) })).toMatchObject({ status: 'succeeded' })
    expect(await run(version, { ...pay(1001n) })).toMatchObject({
      status: 'reverted',
      reason: expect.stringMatching(/./) as string,
    })
    expect(await run(version, { value: 2n * 10n ** 18n })).toMatchObject({
      status: 'reverted',
      reason: expect.stringContaining('The Safe holds') as string,
    })
    expect(await run(version, { to: falseToken, value: 0n, data: encodeErc20Transfer(ACME, 1n) })).toMatchObject({
      status: 'reverted',
      reason: expect.stringContaining('answered false') as string,
    })
  })

  it('simulates a batch as a whole: what one call spends the next lacks', async () => {
    const batch = (...amounts: bigint[]): Partial<SafeTx> => ({
      to: library(version),
      value: 0n,
      operation: 1,
      data: encodeMultiSend(amounts.map(pay)),
    })
    expect(await run(version, batch(600n, 400n))).toEqual({
      status: 'succeeded',
      reason: null,
      balanceChanges: null,
      storageChanges: null,
    })
    expect(await run(version, batch(600n, 401n))).toMatchObject({
      status: 'reverted',
      reason: expect.stringMatching(/./) as string,
    })
  })

  it('says that it did not run where the Safe cannot simulate', async () => {
    const plan = planOf(version, { operation: 1, to: library(version), data: encodeMultiSend([pay(1n)]) })
    expect(await simulate(chain, token, plan)).toMatchObject({ status: 'not-run' })
    expect(
      await simulate(chain, safes[version], { ...plan, domain: { ...plan.domain, version: '1.1.1' } }),
    ).toMatchObject({ status: 'not-run' })
  })
})

describe.each(versions)('when a plan of a Safe %s is reviewed', (version) => {
  it('reviews a payment to the address book without a finding', async () => {
    const review = await makeReview(await reviewInput(version, planOf(version, pay(5n))))
    expect(review.effects).toEqual([{ where: 'call', kind: 'transfer', token, recipient: ACME, amount: 5n }])
    expect(review.agreement).toEqual({
      ours: review.digests.digest,
      chain: review.digests.digest,
      protocolKit: review.digests.digest,
    })
    expect(review.findings.filter(({ severity }) => severity !== 'info')).toEqual([])
    expect(review.findings.map(({ id }) => id)).toEqual(['recipient-unused'])
    expect(review.call).toMatchObject({ toName: 'USDC', signature: 'transfer(address,uint256)' })
  })

  it('judges each call of a batch through the library whose code is pinned', async () => {
    const review = await makeReview(
      await reviewInput(
        version,
        planOf(version, { to: library(version), value: 0n, operation: 1, data: encodeMultiSend([pay(1n), pay(2n)]) }),
      ),
    )
    expect(review.effects).toMatchObject([
      { where: 'batch[0]', kind: 'transfer', amount: 1n },
      { where: 'batch[1]', kind: 'transfer', amount: 2n },
    ])
    expect(review.findings.filter(({ severity }) => severity === 'critical' || severity === 'high')).toEqual([])
  })

  it('G1 finds the trojan, also with a batch as its calldata', async () => {
    for (const data of [encodeErc20Transfer(ACME, 0n), encodeMultiSend([pay(1n)])]) {
      const review = await makeReview(
        await reviewInput(version, planOf(version, { to: trojan, value: 0n, operation: 1, data })),
      )
      expect(review.effects).toEqual([{ where: 'call', kind: 'delegatecall', to: trojan, data }])
      expect(review.findings[0]).toMatchObject({ id: 'delegatecall-unknown', severity: 'critical' })
    }
  })

  it('G1 takes a pinned address with other code for unknown code', async () => {
    const swapped: Chain = {
      ...chain,
      code: async (address) => (address === library(version) ? '0x6000' : chain.code(address)),
    }
    const plan = planOf(version, { to: library(version), value: 0n, operation: 1, data: encodeMultiSend([pay(1n)]) })
    const review = await makeReview(await reviewInput(version, plan, { chain: swapped }))
    expect(review.effects).toMatchObject([{ kind: 'delegatecall' }])
  })
})

describe('when a message is reviewed', () => {
  const plan = (): Plan => ({
    kind: 'safe-message',
    domain: planOf('1.5.0', {}).domain,
    message: textMessageHash('Hello'),
  })

  it('shows the text and proves that it is the one', async () => {
    const review = await makeReview(
      await reviewInput('1.5.0', plan(), { action: { kind: 'message', format: 'text', text: 'Hello' } }),
    )
    expect(review).toMatchObject({ message: 'Hello', call: null, effects: [{ kind: 'message', format: 'text' }] })
    expect(review.agreement.chain).toBe(review.digests.digest)
  })

  it('G1 refuses a hash without its text, and a text with another hash', async () => {
    await expect(makeReview(await reviewInput('1.5.0', plan()))).rejects.toThrowWithCode('OPAQUE_MESSAGE')
    await expect(
      makeReview(await reviewInput('1.5.0', plan(), { action: { kind: 'message', format: 'text', text: 'Hello!' } })),
    ).rejects.toThrowWithCode('HASH_MISMATCH')
  })
})

describe('G7 when one side does not agree', () => {
  const other: Hex = `0x${'ee'.repeat(32)}`
  const lying = (answer: Awaited<ReturnType<Chain['call']>>): Chain => ({
    ...chain,
    call: async (call) => (call.data?.startsWith('0xd8d11f78') ? answer : chain.call(call)),
  })

  it.each([
    ['the chain differs', { chain: () => lying({ ok: true, data: other }) }, 'the chain computes'],
    ['the Safe answers nothing', { chain: () => lying({ ok: true, data: '0x' }) }, 'The chain did not compute'],
    ['the Safe reverts', { chain: () => lying({ ok: false, data: '0x', reason: 'no' }) }, 'The chain did not compute'],
    ['protocol-kit differs', { protocolKitHash: () => other }, 'protocol-kit computes'],
    [
      'protocol-kit fails',
      { protocolKitHash: () => Promise.reject(new RangeError('broken')) },
      'protocol-kit did not compute',
    ],
  ] as const)('G7 stops where %s', async (_what, change, words) => {
    const more = 'chain' in change ? { chain: change.chain() } : change
    const review = makeReview(await reviewInput('1.5.0', planOf('1.5.0', {}), more))
    await expect(review).rejects.toThrowWithCode('HASH_MISMATCH')
    await expect(review).rejects.toThrow(words)
  })

  it('refuses a plan for another Safe, chain or version than the one that was read', async () => {
    const plan = planOf('1.5.0', {})
    for (const domain of [
      { ...plan.domain, safe: ACME },
      { ...plan.domain, chainId: 1n },
      { ...plan.domain, version: '1.1.1' },
    ]) {
      await expect(makeReview(await reviewInput('1.5.0', { ...plan, domain }))).rejects.toThrowWithCode('SAFE_CHANGED')
    }
  })

  it('G7 passes on that no node answered', async () => {
    const dead = createRpcChain({ name: 'dead', chainId: node.chainId, urls: ['http://127.0.0.1:1'] })
    await expect(makeReview(await reviewInput('1.5.0', planOf('1.5.0', {}), { chain: dead }))).rejects.toThrowWithCode(
      'CHAIN_UNREACHABLE',
    )
  })
})

describe('when an owner has delegated its account', () => {
  it('finds the delegation and an address that was never used', async () => {
    const delegated: Chain = {
      ...chain,
      code: async (address) => (address === owners[0] ? concatHex('0xef0100', trojan) : chain.code(address)),
    }
    const review = await makeReview(await reviewInput('1.5.0', planOf('1.5.0', {}), { chain: delegated }))
    expect(review.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'high owner-delegated',
      'info recipient-unused',
    ])
  })
})

describe('when the node can trace', () => {
  const slot = (who: Address, mapping: bigint): Hex => keccak256(concatHex(addressWord(who), uintWord(mapping)))
  const traced = (storage: readonly { address: Address; slot: Hex; before: Hex; after: Hex }[]): Chain => ({
    ...chain,
    stateDiff: async () => ({
      balances: [
        { address: ACME, before: 5n, after: 7n },
        { address: token, before: 1n, after: 1n },
      ],
      storage,
    }),
  })
  const from = (): Address => safes['1.5.0']
  const moved = (mapping: bigint) => [
    { address: token, slot: slot(from(), mapping), before: uintWord(1000n), after: uintWord(995n) },
    { address: token, slot: slot(ACME, mapping), before: uintWord(0n), after: uintWord(5n) },
  ]

  it('reads balance changes out of a diff that balanceOf confirms', async () => {
    const result = await simulate(traced(moved(9n)), from(), planOf('1.5.0', pay(5n)))
    expect(result.balanceChanges).toEqual([
      { account: ACME, token: null, change: 2n },
      { account: from(), token, change: -5n },
      { account: ACME, token, change: 5n },
    ])
    expect(result.storageChanges).toHaveLength(2)
  })

  it('G7 says null, not none, when a slot is not explained, another contract changed, or balanceOf disagrees', async () => {
    const stray = { address: token, slot: uintWord(77n), before: uintWord(0n), after: uintWord(1n) }
    for (const storage of [
      [...moved(0n), stray],
      [...moved(0n), { ...stray, address: ACME }],
      [{ ...(moved(0n)[0] as typeof stray), before: uintWord(999n) }],
    ]) {
      expect((await simulate(traced(storage), from(), planOf('1.5.0', pay(5n)))).balanceChanges).toBeNull()
    }
  })
})
