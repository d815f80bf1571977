import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ObserveInput, SentTransaction } from '../../src/broadcast/observation.ts'
import { observe } from '../../src/broadcast/observe.ts'
import { requireExecuted } from '../../src/broadcast/outcome.ts'
import { readSafeNonce } from '../../src/broadcast/safe-nonce.ts'
import { submit } from '../../src/broadcast/submit.ts'
import { waitForExecution } from '../../src/broadcast/wait.ts'
import { cancellation } from '../../src/build/cancellation.ts'
import { buildEnvelope } from '../../src/build/envelope.ts'
import type { Envelope, FeeCaps } from '../../src/build/plan.ts'
import { replacement } from '../../src/build/replacement.ts'
import type { Chain } from '../../src/chain/chain.ts'
import { deployCanonicalSafe } from '../../src/chain/local/deploy-safe.ts'
import { type LocalRpc, localRpc } from '../../src/chain/local/local-rpc.ts'
import { LOCAL_ACCOUNTS, type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { GAS_PRICE_ORACLE } from '../../src/chain/rpc/l1-data-fee.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { encodeExecTransaction } from '../../src/safe/exec.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import { packSignatures } from '../../src/safe/pack-signatures.ts'
import { fromEcdsa } from '../../src/safe/signature.ts'
import { signEnvelope, type SignedEnvelope } from '../../src/sign/envelope.ts'
import type { Signer } from '../../src/sign/signer.ts'
import { planSafeCreation } from '../../src/treasury/create.ts'
import { findExecutions } from '../../src/treasury/watch.ts'
import { testSigner } from './test-signer.ts'

const GWEI = 10n ** 9n
const VENDOR: Address = '0x00000000000000000000000000000000000A11cE'
const caps: FeeCaps = {
  gasCeiling: 1_000_000n,
  maxFeePerGas: 100n * GWEI,
  maxPriorityFeePerGas: 20n * GWEI,
  maxCostPerTransaction: 10n ** 17n,
  maxCostPerDay: 10n ** 18n,
}
const [, ownerA, ownerB, stranger, payer] = LOCAL_ACCOUNTS.map(({ privateKey }) => testSigner(privateKey)) as [
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
]

let node: LocalChain
let rpc: LocalRpc
let chain: Chain
let safe: Address
let clean: unknown

beforeAll(async () => {
  node = await startLocalChain()
  rpc = localRpc(node.url)
  chain = createRpcChain({ name: 'local', chainId: node.chainId, urls: [node.url] })
  await deployCanonicalSafe(node.url, '1.5.0')
  const creation = planSafeCreation({
    version: '1.5.0',
    chainId: node.chainId,
    owners: [ownerA.address, ownerB.address, stranger.address],
    threshold: 2,
    saltNonce: 7n,
  })
  await rpc.transact({ to: creation.to, data: creation.data })
  safe = creation.predicted
  await rpc.transact({ to: safe, value: 10n ** 18n })
  clean = await rpc.result('evm_snapshot', [])
})

afterAll(async () => {
  await node?.stop()
})

beforeEach(async () => {
  await rpc.result('evm_setAutomine', [true])
  await rpc.result('evm_revert', [clean])
  clean = await rpc.result('evm_snapshot', [])
})

interface Prepared {
  readonly safeTxHash: Hex
  readonly data: Hex
}

/** A payment of one wei to the vendor, signed by two owners. */
async function prepare(changes: Partial<SafeTx> = {}): Promise<Prepared> {
  const tx: SafeTx = {
    to: VENDOR,
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
  }
  const { digest } = safeTxDigests({ chainId: BigInt(node.chainId), safe, version: '1.5.0' }, tx)
  const signatures = await Promise.all(
    [ownerA, ownerB].map(async (owner) => ({
      kind: 'ecdsa' as const,
      owner: owner.address,
      signature: fromEcdsa(await owner.sign(digest)),
    })),
  )
  return { safeTxHash: digest, data: encodeExecTransaction(tx, packSignatures(signatures)) }
}

const build = async (data: Hex, from = payer.address): Promise<Envelope> =>
  buildEnvelope({
    chain,
    from,
    nonce: await chain.transactionCount(from, 'latest'),
    to: safe,
    data,
    value: 0n,
    caps,
    spentToday: 0n,
  })

async function send(envelope: Envelope, signer = payer): Promise<SignedEnvelope & SentTransaction> {
  const signed = await signEnvelope(envelope, signer)
  await expect(submit(chain, signed.raw, signed.hash)).resolves.toEqual({ kind: 'sent' })
  return { ...signed, nonce: envelope.nonce }
}

const watching = (safeTxHash: Hex, ...sent: readonly SentTransaction[]): ObserveInput => ({
  safe,
  safeTxHash,
  sent,
  payer: payer.address,
  safeNonce: 0n,
  fromBlock: 0n,
  findExecutions,
})

const mine = (blocks: number) => rpc.result('hardhat_mine', [`0x${blocks.toString(16)}`])

describe('when a payment runs on a real Safe', () => {
  it('G4 is executed once, and the same bytes sent again change nothing', async () => {
    const { safeTxHash, data } = await prepare()
    const sent = await send(await build(data))
    const seen = await observe(chain, watching(safeTxHash, sent))
    expect(seen).toMatchObject({
      kind: 'executed',
      success: true,
      hash: sent.hash,
      receipt: { gasUsed: expect.any(BigInt) },
    })
    await expect(submit(chain, sent.raw, sent.hash)).resolves.toMatchObject({
      kind: expect.stringMatching(/^(?:sent|nonce-used)$/),
    })
    await expect(chain.balance(VENDOR)).resolves.toBe(1n)
    await expect(readSafeNonce(chain, safe)).resolves.toBe(1n)
  })

  it('G5 costs no more than the worst case that was reserved', async () => {
    const { data } = await prepare()
    const envelope = await build(data)
    const before = await chain.balance(payer.address)
    await send(envelope)
    const paid = before - (await chain.balance(payer.address))
    expect(paid > 0n && paid <= envelope.worstCaseCost).toBe(true)
  })

  it('runs in a legacy envelope too', async () => {
    const { safeTxHash, data } = await prepare()
    const sent = await send({ ...(await build(data)), type: 'legacy', maxPriorityFeePerGas: 0n })
    await expect(observe(chain, watching(safeTxHash, sent))).resolves.toMatchObject({
      kind: 'executed',
      hash: sent.hash,
    })
  })

  it('is refused before anything is sent when the inner call would fail', async () => {
    const { data } = await prepare({ value: 10n ** 24n })
    const act = build(data)
    await expect(act).rejects.toThrowWithCode('EXECUTION_REVERTED')
    await expect(chain.transactionCount(payer.address, 'pending')).resolves.toBe(0)
  })
})

describe('when the inner call fails but the receipt is a success', () => {
  it('G7 reads ExecutionFailure instead of the status', async () => {
    const { safeTxHash, data } = await prepare({ value: 10n ** 24n, safeTxGas: 100_000n })
    const sent = await send(await build(data))
    const seen = await observe(chain, watching(safeTxHash, sent))
    expect(seen).toMatchObject({ kind: 'inner-failure', receipt: { success: true } })
    expect(() => requireExecuted({ observation: seen, final: true, sent: [sent], held: null })).toThrowWithCode(
      'EXECUTION_FAILED',
    )
  })
})

describe('when fees spike', () => {
  it('G5 refuses above the cap and builds again once they fall', async () => {
    const { data } = await prepare()
    await rpc.result('hardhat_setNextBlockBaseFeePerGas', [`0x${(500n * GWEI).toString(16)}`])
    await mine(1)
    await expect(build(data)).rejects.toThrowWithCode('FEE_CAP')
    await rpc.result('hardhat_setNextBlockBaseFeePerGas', [`0x${GWEI.toString(16)}`])
    await mine(1)
    await expect(build(data)).resolves.toMatchObject({ type: 'eip1559' })
  })
})

describe('when the chain has an OP-stack gas-price oracle', () => {
  // PUSH2 0x3039, MSTORE at 0, RETURN 32 bytes: names 12,345 wei whatever it is asked.
  const ORACLE = '0x61303960005260206000f3'

  it('G5 counts the L1 data fee against the caps', async () => {
    const { data } = await prepare()
    await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, ORACLE])
    const envelope = await build(data)
    expect(envelope.l1DataFee).toBe(12_345n)
    expect(envelope.worstCaseCost).toBe(envelope.gasLimit * envelope.maxFeePerGas + 12_345n)
  })

  it('G7 refuses when the oracle is there and does not answer', async () => {
    const { data } = await prepare()
    await rpc.result('hardhat_setCode', [GAS_PRICE_ORACLE, '0xfe'])
    await expect(build(data)).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })
})

describe('when the transaction is stuck in the pool', () => {
  beforeEach(() => rpc.result('evm_setAutomine', [false]))

  it('G4 is replaced under the same nonce, and only the replacement lands', async () => {
    const { safeTxHash, data } = await prepare()
    const envelope = await build(data)
    const first = await send(envelope)
    await expect(observe(chain, watching(safeTxHash, first))).resolves.toEqual({ kind: 'pending', known: [first.hash] })

    const second = await send(replacement({ previous: envelope, quote: await chain.fees(), caps, spentToday: 0n }))
    expect(second).toMatchObject({ nonce: first.nonce })
    await mine(1)
    await expect(observe(chain, watching(safeTxHash, first, second))).resolves.toMatchObject({
      kind: 'executed',
      hash: second.hash,
    })
    await expect(chain.receipt(first.hash)).resolves.toBeNull()
    await expect(readSafeNonce(chain, safe)).resolves.toBe(1n)
  })

  it('would be refused by the node with a bump below its tenth', async () => {
    const { data } = await prepare()
    const envelope = await build(data)
    await send(envelope)
    const maxFeePerGas = (envelope.maxFeePerGas * 109n) / 100n
    const little = { ...envelope, maxFeePerGas, worstCaseCost: envelope.gasLimit * maxFeePerGas + envelope.l1DataFee }
    const { raw, hash } = await signEnvelope(little, payer)
    await expect(submit(chain, raw, hash)).rejects.toThrowWithCode('BROADCAST_REFUSED')
  })

  it('G5 is not replaced above the caps, and lands later as it is', async () => {
    const { safeTxHash, data } = await prepare()
    const envelope = await build(data)
    const first = await send(envelope)
    const tight = { ...caps, maxFeePerGas: envelope.maxFeePerGas }
    let now = 0
    const outcome = await waitForExecution(chain, {
      ...watching(safeTxHash, first),
      confirmations: 3,
      clock: { now: () => now },
      deadline: 1_000,
      pollSeconds: 10,
      stuckAfterSeconds: 30,
      sleep: async (seconds) => {
        now += seconds
        if (now >= 60) await mine(1)
      },
      resend: async () => {
        throw new Error('must not be called')
      },
      replace: async () =>
        send(replacement({ previous: envelope, quote: await chain.fees(), caps: tight, spentToday: 0n })),
    })
    expect(outcome).toMatchObject({
      final: true,
      held: { code: 'FEE_CAP' },
      observation: { kind: 'executed', hash: first.hash },
    })
    expect(requireExecuted(outcome)).toMatchObject({ hash: first.hash })
  })

  it('can be cancelled, which frees the payer and leaves the Safe nonce free', async () => {
    const { safeTxHash, data } = await prepare()
    const envelope = await build(data)
    const first = await send(envelope)
    const cancel = await send(cancellation({ previous: envelope, quote: await chain.fees(), caps, spentToday: 0n }))
    await mine(1)
    await expect(observe(chain, watching(safeTxHash, first, { ...cancel, cancels: true }))).resolves.toMatchObject({
      kind: 'cancelled',
      hash: cancel.hash,
    })
    await expect(readSafeNonce(chain, safe)).resolves.toBe(0n)
  })
})

describe('when a reorganisation of 3 blocks takes the payment', () => {
  it('G4 G5 goes back to missing, and the stored bytes land once more without a new signature', async () => {
    const { safeTxHash, data } = await prepare()
    const envelope = await build(data)
    const before = await rpc.result('evm_snapshot', [])
    const sent = await send(envelope)
    await mine(2)
    const seen = await observe(chain, watching(safeTxHash, sent))
    expect(seen).toMatchObject({ kind: 'executed' })

    await rpc.result('evm_revert', [before])
    await mine(4)
    await expect(chain.balance(VENDOR)).resolves.toBe(0n)
    await expect(observe(chain, watching(safeTxHash, sent))).resolves.toEqual({ kind: 'missing', missing: [sent.hash] })

    let now = 0
    const outcome = await waitForExecution(chain, {
      ...watching(safeTxHash, sent),
      confirmations: 4,
      clock: { now: () => now },
      deadline: 1_000,
      pollSeconds: 10,
      stuckAfterSeconds: 300,
      sleep: async (seconds) => {
        now += seconds
        await mine(1)
      },
      resend: async () => {
        await submit(chain, sent.raw, sent.hash)
      },
      replace: async () => {
        throw new Error('must not be called')
      },
    })
    expect(outcome).toMatchObject({ final: true, observation: { kind: 'executed', hash: sent.hash } })
    await expect(chain.balance(VENDOR)).resolves.toBe(1n)
    await expect(readSafeNonce(chain, safe)).resolves.toBe(1n)
  })
})

describe('when somebody else uses the Safe nonce', () => {
  it('G4 knows its own SafeTx that a stranger sent', async () => {
    const { safeTxHash, data } = await prepare()
    const theirs = await send(await build(data, stranger.address), stranger)
    await expect(observe(chain, watching(safeTxHash))).resolves.toMatchObject({
      kind: 'outside',
      sameEffect: true,
      success: true,
      transactionHash: theirs.hash,
    })
  })

  it('G5 names the other SafeTx, also when ours then reverts on the used nonce', async () => {
    const ours = await prepare()
    const envelope = await build(ours.data)
    const other = await prepare({ value: 2n })
    const theirs = await send(await build(other.data, stranger.address), stranger)
    const expected = { kind: 'outside', sameEffect: false, safeTxHash: other.safeTxHash, transactionHash: theirs.hash }
    await expect(observe(chain, watching(ours.safeTxHash))).resolves.toMatchObject(expected)

    await rpc.result('evm_setAutomine', [false])
    const late = await send(envelope)
    await mine(1)
    await expect(chain.receipt(late.hash)).resolves.toMatchObject({ success: false })
    await expect(observe(chain, watching(ours.safeTxHash, late))).resolves.toMatchObject(expected)
  })
})
