import { privateKeyToAccount, sign } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlan } from '../../src/build/safe-tx.ts'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { type Hex, uintWord } from '../../src/primitives/hex.ts'
import type { Action, Request } from '../../src/request/request.ts'
import { canonicalDeployments, isGenuineSingleton } from '../../src/safe/deployments.ts'
import { decodeExecTransaction, encodeExecTransaction, parseExecutionLog } from '../../src/safe/exec.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { SafeDomain, SafeTx } from '../../src/safe/safe-tx.ts'
import { packSignatures } from '../../src/safe/pack-signatures.ts'
import { parseOwnerSignature } from '../../src/safe/signature.ts'
import { type LocalChainClients, safeAbi, type SafeContracts, withLocalChain } from '../support/local-chain.ts'

const VERSIONS = ['1.3.0', '1.4.1', '1.5.0'] as const
const KEYS: readonly Hex[] = [21, 22, 23].map((index) => uintWord(BigInt(index)))
const vendor: Address = '0x000000000000000000000000000000000000bEEF'
const second: Address = '0x000000000000000000000000000000000000dEaD'

let chain: LocalChainClients
beforeAll(async () => {
  chain = await withLocalChain()
})
afterAll(() => chain.stop())

describe.each(VERSIONS)('a 2-of-3 Safe %s', (version) => {
  let contracts: SafeContracts
  let safe: Address
  beforeAll(async () => {
    contracts = await chain.deploySafes(version)
    safe = await contracts.createSafe(
      KEYS.map((key) => privateKeyToAccount(key).address),
      2,
    )
    await chain.fund(safe, 10n ** 18n)
    // The library at the address that plans name, as on a public chain.
    const code = await chain.reader.getCode({ address: contracts.multiSendCallOnly })
    await chain.tester.setCode({
      address: canonicalDeployments(version).MultiSendCallOnly.address,
      bytecode: code as Hex,
    })
  })

  const plan = async (
    action: Action,
    change: Partial<SafeTx> = {},
  ): Promise<{ domain: SafeDomain; safeTx: SafeTx }> => {
    const nonce = await chain.reader.readContract({ address: safe, abi: safeAbi, functionName: 'nonce' })
    const request: Request = {
      format: 'coffer-request/v1',
      id: 'r',
      idempotencyKey: 'k',
      chainId: 31337,
      treasury: 't',
      safe,
      nonce,
      action,
      refund: null,
      memo: null,
      creator: { principal: 'local:test', address: null },
      createdAt: 1,
      expiresAt: 2,
    }
    const made = buildPlan(request, { version })
    if (made.kind !== 'safe-tx') throw new Error('expected a transaction')
    return { domain: made.domain, safeTx: { ...made.safeTx, ...change } }
  }
  const signedBy = async (domain: SafeDomain, safeTx: SafeTx, keys: readonly Hex[]): Promise<Hex> => {
    const { digest } = safeTxDigests(domain, safeTx)
    return packSignatures(
      await Promise.all(
        keys.map(
          async (privateKey) => parseOwnerSignature(digest, await sign({ hash: digest, privateKey, to: 'hex' })).parsed,
        ),
      ),
    )
  }
  // This node throws on a revert instead of handing out a receipt.
  const execute = async (data: Hex) => {
    const hash = await chain.wallet.sendTransaction({ to: safe, data, gas: 1_000_000n })
    return chain.reader.waitForTransactionReceipt({ hash })
  }
  const balance = (address: Address): Promise<bigint> => chain.reader.getBalance({ address })

  it('pays, and its log names our safeTxHash', async () => {
    const before = await balance(vendor)
    const { domain, safeTx } = await plan({
      kind: 'transfer',
      asset: 'ETH',
      token: null,
      decimals: 18,
      recipient: vendor,
      recipientName: null,
      amount: 5n,
    })
    const receipt = await execute(
      encodeExecTransaction(safeTx, await signedBy(domain, safeTx, [KEYS[2] as Hex, KEYS[0] as Hex])),
    )
    expect(receipt.status).toBe('success')
    expect(await balance(vendor)).toBe(before + 5n)
    const logs = receipt.logs.map((log) => parseExecutionLog(log)).filter((log) => log !== null)
    expect(logs).toEqual([{ safeTxHash: safeTxDigests(domain, safeTx).digest, success: true, payment: 0n }])
    expect(
      decodeExecTransaction((await chain.reader.getTransaction({ hash: receipt.transactionHash })).input).tx.to,
    ).toBe(vendor)
  })

  it('pays a batch through MultiSendCallOnly', async () => {
    const before = [await balance(vendor), await balance(second)]
    const { domain, safeTx } = await plan({
      kind: 'batch',
      calls: [
        { to: vendor, value: 1n, data: '0x' },
        { to: second, value: 2n, data: '0x1234' },
      ],
    })
    expect(
      (await execute(encodeExecTransaction(safeTx, await signedBy(domain, safeTx, KEYS.slice(0, 2))))).status,
    ).toBe('success')
    expect([await balance(vendor), await balance(second)]).toEqual([
      (before[0] as bigint) + 1n,
      (before[1] as bigint) + 2n,
    ])
  })

  it('a rejection takes the nonce, and the rejected transaction can no longer land', async () => {
    const wanted = await plan({
      kind: 'transfer',
      asset: 'ETH',
      token: null,
      decimals: 18,
      recipient: vendor,
      recipientName: null,
      amount: 7n,
    })
    const rejection = await plan({ kind: 'rejection', rejects: 'r' })
    expect(rejection.safeTx.nonce).toBe(wanted.safeTx.nonce)
    const signedWanted = await signedBy(wanted.domain, wanted.safeTx, KEYS.slice(0, 2))
    expect(
      (
        await execute(
          encodeExecTransaction(rejection.safeTx, await signedBy(rejection.domain, rejection.safeTx, KEYS.slice(1))),
        )
      ).status,
    ).toBe('success')
    await expect(execute(encodeExecTransaction(wanted.safeTx, signedWanted))).rejects.toThrow(/GS026/)
  })

  it('an inner failure inside a successful receipt shows as ExecutionFailure', async () => {
    const call = { to: vendor, value: 10n ** 24n, data: '0x' as Hex }
    const { domain, safeTx } = await plan({ kind: 'call', call, signature: null }, { safeTxGas: 50_000n })
    const receipt = await execute(encodeExecTransaction(safeTx, await signedBy(domain, safeTx, KEYS.slice(0, 2))))
    expect(receipt.status).toBe('success')
    expect(receipt.logs.map((log) => parseExecutionLog(log))).toEqual([
      { safeTxHash: safeTxDigests(domain, safeTx).digest, success: false, payment: 0n },
    ])
  })

  it('G2 executes nothing that differs from what was signed in one field', async () => {
    const { domain, safeTx } = await plan({
      kind: 'transfer',
      asset: 'ETH',
      token: null,
      decimals: 18,
      recipient: vendor,
      recipientName: null,
      amount: 5n,
    })
    const packed = await signedBy(domain, safeTx, KEYS.slice(0, 2))
    const before = await balance(second)
    for (const change of [
      { to: second },
      { value: 6n },
      { data: '0x00' as Hex },
      { operation: 1 as const },
      { refundReceiver: second },
      { gasPrice: 1n },
    ]) {
      await expect(execute(encodeExecTransaction({ ...safeTx, ...change }, packed))).rejects.toThrow(/GS026/)
    }
    expect(await balance(second)).toBe(before)
    expect((await execute(encodeExecTransaction(safeTx, packed))).status).toBe('success')
  })

  it('the deployed code of singleton, SafeL2, handler, factory and batch library has the pinned hash', async () => {
    const hashOf = async (address: Address): Promise<Hex> =>
      keccak256((await chain.reader.getCode({ address })) ?? '0x')
    const pins = canonicalDeployments(version)
    expect({
      Safe: await hashOf(contracts.singleton),
      SafeL2: await hashOf(contracts.singletonL2),
      factory: await hashOf(contracts.factory),
      handler: await hashOf(contracts.handler),
      batch: await hashOf(contracts.multiSendCallOnly),
    }).toEqual({
      Safe: pins.Safe.codeHash,
      SafeL2: pins.SafeL2.codeHash,
      factory: pins.SafeProxyFactory.codeHash,
      handler: pins.CompatibilityFallbackHandler.codeHash,
      batch: pins.MultiSendCallOnly.codeHash,
    })
    // The same code at another address is not the published singleton.
    expect(isGenuineSingleton(version, contracts.singleton, await hashOf(contracts.singleton))).toBe(false)
    expect(await hashOf(ZERO_ADDRESS)).toBe(keccak256('0x'))
  })
})
