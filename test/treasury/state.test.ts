import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chain } from '../../src/chain/chain.ts'
import { LOCAL_ACCOUNTS } from '../../src/chain/local/accounts.ts'
import { deployCanonicalSafe, deployLocalContract } from '../../src/chain/local/deploy-safe.ts'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { createRpcChain } from '../../src/chain/rpc/client.ts'
import { type Address, toChecksum, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { keccak256, keccak256Text } from '../../src/primitives/hash.ts'
import { addressWord, concatHex, type Hex, uintWord } from '../../src/primitives/hex.ts'
import { encodeSetup } from '../../src/safe/abi.ts'
import { canonicalDeployments } from '../../src/safe/deployments.ts'
import { isPublishedProxy } from '../../src/treasury/proxies.ts'
import { FALLBACK_HANDLER_SLOT, GUARD_SLOT, MODULE_GUARD_SLOT, readSafeState } from '../../src/treasury/state.ts'
import { type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'
import { createLocalSafe, executeLocally, OWNERS } from './local-safe.ts'

const load = createRequire(import.meta.url)
const EVIL: Address = '0x00000000000000000000000000000000000000E7'

let node: LocalChain
let liar: LyingRpc
let chain: Chain
const safes: Record<'1.4.1' | '1.5.0', Address> = { '1.4.1': ZERO_ADDRESS, '1.5.0': ZERO_ADDRESS }
let snapshot: unknown

const rpc = (method: string, ...params: unknown[]): Promise<unknown> => localRpc(node.url).result(method, params)
const store = (safe: Address, slot: Hex, word: Hex): Promise<unknown> =>
  rpc('hardhat_setStorageAt', safe, `0x${BigInt(slot).toString(16)}`, word)

beforeAll(async () => {
  node = await startLocalChain()
  liar = await startLyingRpc(node.url)
  chain = createRpcChain({ name: 'local', chainId: 31337, urls: [liar.url], timeoutMs: 2_000 })
  for (const version of ['1.4.1', '1.5.0'] as const) {
    await deployCanonicalSafe(node.url, version)
    safes[version] = await createLocalSafe(node.url, version, 1n)
  }
  snapshot = await rpc('evm_snapshot')
})
afterEach(async () => {
  liar.honest()
  await rpc('evm_revert', snapshot)
  snapshot = await rpc('evm_snapshot')
})
afterAll(async () => {
  await liar.stop()
  await node.stop()
})

describe('the storage slots', () => {
  it('are the hashes of their names', () => {
    expect(GUARD_SLOT).toBe(keccak256Text('guard_manager.guard.address'))
    expect(MODULE_GUARD_SLOT).toBe(keccak256Text('module_manager.module_guard.address'))
    expect(FALLBACK_HANDLER_SLOT).toBe(keccak256Text('fallback_manager.handler.address'))
  })
})

describe('the published proxies', () => {
  it.each([
    '@gnosis.pm/safe-contracts/build/artifacts/contracts/proxies/GnosisSafeProxy.sol/GnosisSafeProxy.json',
    '@safe-global/safe-contracts/build/artifacts/contracts/proxies/SafeProxy.sol/SafeProxy.json',
    '@safe-global/safe-smart-account/build/artifacts/contracts/proxies/SafeProxy.sol/SafeProxy.json',
  ])('hold the runtime code of %s', (artifact) => {
    const { deployedBytecode } = load(artifact) as { deployedBytecode: Hex }
    expect(isPublishedProxy(keccak256(deployedBytecode))).toBe(true)
    expect(isPublishedProxy(keccak256(`${deployedBytecode}00`))).toBe(false)
  })
})

describe.each(['1.4.1', '1.5.0'] as const)('when a Safe %s is read', (version) => {
  it('gives everything as it is on chain', async () => {
    const contracts = canonicalDeployments(version)
    expect(await readSafeState(chain, safes[version])).toMatchObject({
      chainId: 31337,
      address: safes[version],
      version,
      singleton: contracts.SafeL2.address,
      singletonCodeHash: contracts.SafeL2.codeHash,
      owners: OWNERS,
      threshold: 2,
      nonce: 0n,
      modules: [],
      guard: ZERO_ADDRESS,
      moduleGuard: ZERO_ADDRESS,
      fallbackHandler: contracts.CompatibilityFallbackHandler.address,
      blockNumber: BigInt((await rpc('eth_blockNumber')) as string),
    })
  })

  it('follows real changes of owners, threshold, modules, handler and nonce', async () => {
    const safe = safes[version]
    const fourth = (LOCAL_ACCOUNTS[3] as { address: Address }).address
    await executeLocally(node.url, safe, version, 0n, {
      data: concatHex('0x0d582f13', addressWord(fourth), uintWord(2n)),
    })
    await executeLocally(node.url, safe, version, 1n, { data: concatHex('0x610b5925', addressWord(EVIL)) })
    await executeLocally(node.url, safe, version, 2n, { data: concatHex('0xf08a0323', addressWord(ZERO_ADDRESS)) })
    const state = await readSafeState(chain, safe)
    expect(state).toMatchObject({
      owners: [fourth, ...OWNERS],
      threshold: 2,
      nonce: 3n,
      modules: [toChecksum(EVIL)],
      fallbackHandler: ZERO_ADDRESS,
    })
  })

  it('finds every module over several pages', async () => {
    const modules = Array.from({ length: 120 }, (_, index) =>
      toChecksum(`0x${(0xabc000 + index).toString(16).padStart(40, '0')}`),
    )
    const ring = ['0x0000000000000000000000000000000000000001' as Address, ...modules]
    for (const [index, module] of ring.entries()) {
      await store(
        safes[version],
        keccak256(concatHex(addressWord(module), uintWord(1n))),
        addressWord((ring[index + 1] ?? ring[0]) as Address),
      )
    }
    expect((await readSafeState(chain, safes[version])).modules).toEqual(modules)
  })

  it('reads guards from their slots, and the module guard only where it counts', async () => {
    await store(safes[version], GUARD_SLOT, addressWord(EVIL))
    await store(safes[version], MODULE_GUARD_SLOT, addressWord(EVIL))
    expect(await readSafeState(chain, safes[version])).toMatchObject({
      guard: toChecksum(EVIL),
      moduleGuard: version === '1.5.0' ? toChecksum(EVIL) : ZERO_ADDRESS,
    })
  })

  it('G7 refuses a Safe whose slot 0 was rewritten by the Bybit delegatecall', async () => {
    const trojan = await deployLocalContract(node.url, 'StorageTrojan', [])
    await executeLocally(node.url, safes[version], version, 0n, {
      to: trojan,
      operation: 1,
      data: concatHex('0xa9059cbb', addressWord(EVIL), uintWord(0n)),
    })
    expect(
      toChecksum(`0x${((await rpc('eth_getStorageAt', safes[version], '0x0', 'latest')) as string).slice(-40)}`),
    ).toBe(toChecksum(EVIL))
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })

  it('G7 refuses a singleton that answers every getter but is not the published one', async () => {
    const code = (await rpc('eth_getCode', canonicalDeployments(version).SafeL2.address, 'latest')) as Hex
    await rpc('hardhat_setCode', EVIL, code)
    await store(safes[version], uintWord(0n), addressWord(EVIL))
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
    await store(safes[version], uintWord(0n), addressWord(canonicalDeployments(version).SafeL2.address))
    await rpc('hardhat_setCode', canonicalDeployments(version).SafeL2.address, `${code}00`)
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })

  it('G7 refuses a proxy of other code before a genuine singleton', async () => {
    const code = (await rpc('eth_getCode', safes[version], 'latest')) as Hex
    await rpc('hardhat_setCode', safes[version], `${code}00`)
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })

  it('G7 refuses storage that was written around the Safe', async () => {
    await store(safes[version], uintWord(4n), uintWord(9n))
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
    await store(safes[version], uintWord(4n), uintWord(0n))
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
    await store(safes[version], uintWord(4n), uintWord(2n))
    await store(safes[version], uintWord(3n), uintWord(5n))
    await expect(readSafeState(chain, safes[version])).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })
})

describe('when a Safe 1.3.0 is read', () => {
  const MANY = Array.from({ length: 120 }, (_, index) =>
    toChecksum(`0x${(0xabc000 + index).toString(16).padStart(40, '0')}`),
  )
  const proxy: Address = '0x00000000000000000000000000000000000013f0'
  const artifact = (name: string): { deployedBytecode: Hex } =>
    load(`@gnosis.pm/safe-contracts/build/artifacts/contracts/${name}.json`) as { deployedBytecode: Hex }

  it('gives all modules, although its pages name the first module of the next one', async () => {
    const contracts = canonicalDeployments('1.3.0')
    await rpc('hardhat_setCode', contracts.SafeL2.address, artifact('GnosisSafeL2.sol/GnosisSafeL2').deployedBytecode)
    await rpc('hardhat_setCode', proxy, artifact('proxies/GnosisSafeProxy.sol/GnosisSafeProxy').deployedBytecode)
    await store(proxy, uintWord(0n), addressWord(contracts.SafeL2.address))
    const data = encodeSetup({
      owners: OWNERS,
      threshold: 2,
      fallbackHandler: contracts.CompatibilityFallbackHandler.address,
    })
    await localRpc(node.url).transact({ to: proxy, data })
    const ring = ['0x0000000000000000000000000000000000000001' as Address, ...MANY]
    for (const [index, module] of ring.entries()) {
      await store(
        proxy,
        keccak256(concatHex(addressWord(module), uintWord(1n))),
        addressWord((ring[index + 1] ?? ring[0]) as Address),
      )
    }
    await store(proxy, MODULE_GUARD_SLOT, addressWord(EVIL))
    expect(await readSafeState(chain, proxy)).toMatchObject({
      version: '1.3.0',
      owners: OWNERS,
      threshold: 2,
      modules: MANY,
      moduleGuard: ZERO_ADDRESS,
      fallbackHandler: contracts.CompatibilityFallbackHandler.address,
      singletonCodeHash: contracts.SafeL2.codeHash,
    })
  })
})

describe('when there is no Safe', () => {
  it('says SAFE_NOT_FOUND for an account without code', async () => {
    await expect(readSafeState(chain, EVIL)).rejects.toThrowWithCode('SAFE_NOT_FOUND')
  })

  it('says SAFE_UNGENUINE for another contract', async () => {
    const token = await deployLocalContract(node.url, 'TestToken', [])
    await expect(readSafeState(chain, token)).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })
})

describe('when blocks come while the Safe is read', () => {
  it('gives a state that two reads share', async () => {
    let head = 0n
    liar.lie('eth_getBlockByNumber', { result: (truth) => ({ ...(truth as object), hash: uintWord(++head) }) })
    expect(await readSafeState(chain, safes['1.5.0'])).toMatchObject({ threshold: 2, nonce: 0n })
  })

  it('refuses a Safe that never holds still', async () => {
    let moves = 0n
    liar.lie('eth_getBlockByNumber', { result: (truth) => ({ ...(truth as object), hash: uintWord(++moves) }) })
    liar.lie('eth_call', {
      result: (truth, call) => ((call.params[0] as { data: string }).data === '0xaffed0e0' ? uintWord(++moves) : truth),
    })
    await expect(readSafeState(chain, safes['1.5.0'])).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('G7 refuses a lying node whose owners contradict the storage', async () => {
    const lie = concatHex(uintWord(32n), uintWord(2n), addressWord(EVIL), addressWord(OWNERS[0] as Address))
    liar.lie('eth_call', {
      result: (truth, call) => ((call.params[0] as { data: string }).data === '0xa0e67e2b' ? lie : truth),
    })
    await expect(readSafeState(chain, safes['1.5.0'])).rejects.toThrowWithCode('SAFE_UNGENUINE')
    liar.lie('eth_call', { result: () => '0x1234' })
    await expect(readSafeState(chain, safes['1.5.0'])).rejects.toThrowWithCode('SAFE_UNGENUINE')
  })
})
