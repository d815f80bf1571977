import { createRequire } from 'node:module'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployCanonicalSafe } from '../../src/chain/local/deploy-safe.ts'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import type { Address } from '../../src/primitives/address.ts'
import { canonicalDeployments } from '../../src/safe/deployments.ts'
import { assertCanonicalContracts, create2Address, planSafeCreation } from '../../src/treasury/create.ts'
import { OWNERS } from './local-safe.ts'

interface KitConfig {
  readonly provider: string
  readonly contractNetworks: Record<string, Record<string, string>>
  readonly predictedSafe: {
    readonly safeAccountConfig: { readonly owners: string[]; readonly threshold: number }
    readonly safeDeploymentConfig: {
      readonly saltNonce: string
      readonly safeVersion: string
      readonly deploymentType: string
    }
  }
  readonly isL1SafeSingleton: boolean
}
interface Kit {
  getAddress(): Promise<string>
  createSafeDeploymentTransaction(): Promise<{ to: string; data: string }>
}
const protocolKit = createRequire(import.meta.url)('@safe-global/protocol-kit') as {
  default: { init(config: KitConfig): Promise<Kit> }
}

let node: LocalChain
beforeAll(async () => {
  node = await startLocalChain()
  await Promise.all([deployCanonicalSafe(node.url, '1.4.1')])
  await deployCanonicalSafe(node.url, '1.5.0')
})
afterAll(() => node.stop())

function kitFor(version: '1.4.1' | '1.5.0', l2: boolean, saltNonce: bigint): Promise<Kit> {
  const contracts = canonicalDeployments(version)
  return protocolKit.default.init({
    provider: node.url,
    isL1SafeSingleton: !l2,
    contractNetworks: {
      31337: {
        safeSingletonAddress: contracts[l2 ? 'SafeL2' : 'Safe'].address,
        safeProxyFactoryAddress: contracts.SafeProxyFactory.address,
        multiSendAddress: contracts.MultiSend.address,
        multiSendCallOnlyAddress: contracts.MultiSendCallOnly.address,
        fallbackHandlerAddress: contracts.CompatibilityFallbackHandler.address,
        signMessageLibAddress: contracts.SignMessageLib.address,
        createCallAddress: contracts.CreateCall.address,
        simulateTxAccessorAddress: contracts.SimulateTxAccessor.address,
      },
    },
    predictedSafe: {
      safeAccountConfig: { owners: [...OWNERS], threshold: 2 },
      safeDeploymentConfig: { saltNonce: saltNonce.toString(), safeVersion: version, deploymentType: 'canonical' },
    },
  })
}

describe('when a Safe is planned', () => {
  it.each([
    ['1.4.1', true],
    ['1.4.1', false],
    ['1.5.0', true],
    ['1.5.0', false],
  ] as const)(
    'gives the address and the call of protocol-kit, and the chain puts it there (%s, L2 %s)',
    async (version, l2) => {
      const saltNonce = l2 ? 123_456_789n : 2n ** 255n
      const plan = planSafeCreation({ version, chainId: 31337, owners: OWNERS, threshold: 2, saltNonce, l2 })
      const kit = await kitFor(version, l2, saltNonce)
      expect(plan.predicted).toBe(await kit.getAddress())
      const deployment = await kit.createSafeDeploymentTransaction()
      expect(plan.to).toBe(deployment.to)
      expect(plan.data).toBe(deployment.data.toLowerCase())
      const rpc = localRpc(node.url)
      expect(await rpc.result('eth_getCode', [plan.predicted, 'latest'])).toBe('0x')
      await rpc.transact({ to: plan.to, data: plan.data })
      expect(await rpc.result('eth_getCode', [plan.predicted, 'latest'])).not.toBe('0x')
    },
  )

  it('uses SafeL2 off Ethereum and Safe on it', () => {
    const plan = (chainId: number, l2?: boolean): Address =>
      planSafeCreation({
        version: '1.5.0',
        chainId,
        owners: OWNERS,
        threshold: 2,
        saltNonce: 1n,
        ...(l2 !== undefined && { l2 }),
      }).predicted
    expect(plan(8453)).toBe(plan(1, true))
    expect(plan(1)).toBe(plan(8453, false))
    expect(plan(1)).not.toBe(plan(8453))
  })

  it('gives another address for every change of owner, order, threshold or salt', () => {
    const address = fc
      .stringMatching(/^[0-9a-f]{40}$/)
      .filter((text) => BigInt(`0x${text}`) > 1n)
      .map((text): Address => `0x${text}`)
    fc.assert(
      fc.property(
        fc.uniqueArray(address, { minLength: 2, maxLength: 6 }),
        fc.bigInt({ min: 0n, max: 2n ** 256n - 2n }),
        (owners, saltNonce) => {
          const plan = (list: readonly Address[], threshold: number, salt: bigint): string =>
            planSafeCreation({ version: '1.4.1', chainId: 10, owners: list, threshold, saltNonce: salt }).predicted
          const found = [
            plan(owners, 1, saltNonce),
            plan([...owners].reverse(), 1, saltNonce),
            plan(owners, 2, saltNonce),
            plan(owners, 1, saltNonce + 1n),
            plan(owners.slice(1), 1, saltNonce),
          ]
          expect(new Set(found).size).toBe(5)
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 50) },
    )
  })

  it('refuses ZK-stack chains, bad thresholds, doubled owners and salts out of range', () => {
    const input = { version: '1.5.0', chainId: 10, owners: OWNERS, threshold: 2, saltNonce: 1n } as const
    expect(() => planSafeCreation({ ...input, chainId: 324 })).toThrowWithCode('CHAIN_UNSUPPORTED')
    expect(() => planSafeCreation({ ...input, threshold: 4 })).toThrowWithCode('FIELD_INVALID')
    expect(() => planSafeCreation({ ...input, threshold: 0 })).toThrowWithCode('FIELD_INVALID')
    expect(() => planSafeCreation({ ...input, owners: [...OWNERS, ...OWNERS] })).toThrowWithCode('FIELD_INVALID')
    expect(() => planSafeCreation({ ...input, saltNonce: -1n })).toThrowWithCode('FIELD_INVALID')
    expect(() => planSafeCreation({ ...input, saltNonce: 2n ** 256n })).toThrowWithCode('FIELD_INVALID')
  })

  it('computes CREATE2 addresses as EIP-1014 lists them', () => {
    // https://eips.ethereum.org/EIPS/eip-1014, examples 1, 4 and 5
    const zero = `0x${'00'.repeat(20)}` as const
    expect(create2Address(zero, `0x${'00'.repeat(32)}`, '0x00')).toBe('0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38')
    expect(create2Address(zero, `0x${'00'.repeat(32)}`, '0xdeadbeef')).toBe(
      '0x70f2b2914A2a4b783FaEFb75f459A580616Fcb5e',
    )
    expect(
      create2Address('0x00000000000000000000000000000000deadbeef', `0x${'cafebabe'.padStart(64, '0')}`, '0xdeadbeef'),
    ).toBe('0x60f3f640a8508fC6a86d45DF051962668E1e8AC7')
  })
})

describe('when the contracts of a chain are checked', () => {
  it('passes on the canonical ones, in a second set-up as well', async () => {
    const chain = createRpcChain({ name: 'local', chainId: 31337, urls: [node.url] })
    await deployCanonicalSafe(node.url, '1.5.0')
    await assertCanonicalContracts(chain, '1.4.1')
    await assertCanonicalContracts(chain, '1.5.0')
    await assertCanonicalContracts(chain, '1.5.0', false)
  })

  it('refuses a chain without them, and one with other code at an address', async () => {
    const bare = await startLocalChain()
    try {
      const chain = createRpcChain({ name: 'bare', chainId: 31337, urls: [bare.url] })
      await expect(assertCanonicalContracts(chain, '1.5.0')).rejects.toThrowWithCode('SAFE_DEPLOY_MISMATCH')
      await expect(assertCanonicalContracts(chain, '1.5.0')).rejects.toThrow('got no code')
      await localRpc(bare.url).result('hardhat_setCode', [canonicalDeployments('1.5.0').CreateCall.address, '0xfe'])
      await expect(deployCanonicalSafe(bare.url, '1.5.0')).rejects.toThrowWithCode('SAFE_DEPLOY_MISMATCH')
      await localRpc(bare.url).result('hardhat_setCode', [
        canonicalDeployments('1.4.1').SafeProxyFactory.address,
        '0xfe',
      ])
      await deployCanonicalSafe(bare.url, '1.4.1').catch(() => undefined)
      await expect(assertCanonicalContracts(chain, '1.4.1')).rejects.toThrow('got 0x')
    } finally {
      await bare.stop()
    }
  })
})
