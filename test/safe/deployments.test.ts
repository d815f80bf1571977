import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import {
  canonicalDeployments,
  deployedVersion,
  type Deployment,
  type DeployedContract,
  isGenuineSingleton,
  isL2Default,
  pinnedBatchLibrary,
} from '../../src/safe/deployments.ts'

const require = createRequire(import.meta.url)
const assets = join(dirname(require.resolve('@safe-global/safe-deployments')), 'assets')
interface Asset {
  readonly contractName: string
  readonly deployments: Readonly<Record<string, Deployment>>
}

// The names of 1.3.0 still had the brand in them.
const plainName = (name: string): string => name.replace(/^Gnosis/, '')
const published = readdirSync(assets).flatMap((folder) =>
  readdirSync(join(assets, folder)).map((file) => {
    const asset = require(join(assets, folder, file)) as Asset
    return { version: folder.slice(1), name: plainName(asset.contractName), deployments: asset.deployments }
  }),
)
const find = (version: string, name: string): Readonly<Record<string, Deployment>> =>
  published.find((asset) => asset.version === version && asset.name === name)?.deployments ?? {}

describe('pins', () => {
  it.each(['1.3.0', '1.4.1', '1.5.0'] as const)(
    'of %s are the canonical records of safe-deployments, every one',
    (version) => {
      const contracts = canonicalDeployments(version)
      expect(Object.keys(contracts)).toHaveLength(9)
      for (const [name, deployment] of Object.entries(contracts))
        expect(deployment).toEqual(find(version, name as DeployedContract).canonical)
    },
  )

  it('hold the published MultiSendCallOnly of every version and nothing else that was ever published', () => {
    let pinned = 0
    for (const { name, deployments } of published) {
      for (const [kind, { address, codeHash }] of Object.entries(deployments)) {
        const expected = name === 'MultiSendCallOnly' && kind !== 'zksync'
        expect(pinnedBatchLibrary(address, codeHash), `${name} ${kind}`).toBe(expected)
        pinned += expected ? 1 : 0
      }
    }
    expect(pinned).toBe(4)
  })

  it('hold the published Safe and SafeL2 of every version, each for its own version only', () => {
    for (const { version, name, deployments } of published) {
      for (const [kind, { address, codeHash }] of Object.entries(deployments)) {
        for (const asked of ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '1.3.0', '1.4.0', '1.4.1', '1.5.0', '0.1.0']) {
          const expected = asked === version && (name === 'Safe' || name === 'SafeL2') && kind !== 'zksync'
          expect(isGenuineSingleton(asked, address, codeHash), `${name} ${kind} as ${asked}`).toBe(expected)
        }
      }
    }
    const { address, codeHash } = canonicalDeployments('1.4.1').SafeL2
    expect(isGenuineSingleton('1.4.1+L2', address, codeHash)).toBe(true)
  })

  it('need address and code together', () => {
    const { address, codeHash } = canonicalDeployments('1.5.0').MultiSendCallOnly
    const other = canonicalDeployments('1.5.0').MultiSend
    expect(
      pinnedBatchLibrary(address.toLowerCase() as Address, codeHash.toUpperCase().replace('0X', '0x') as Hex),
    ).toBe(true)
    expect(pinnedBatchLibrary(address, other.codeHash)).toBe(false)
    expect(pinnedBatchLibrary(other.address, codeHash)).toBe(false)
    expect(pinnedBatchLibrary(address, '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')).toBe(
      false,
    )
    const safe = canonicalDeployments('1.5.0').Safe
    expect(isGenuineSingleton('1.5.0', safe.address, codeHash)).toBe(false)
    expect(isGenuineSingleton('1.5.0', address, safe.codeHash)).toBe(false)
  })
})

describe('which deployment goes with a Safe', () => {
  it.each([
    ['1.0.0', '1.3.0'],
    ['1.1.1', '1.3.0'],
    ['1.2.0', '1.3.0'],
    ['1.3.0', '1.3.0'],
    ['1.3.0+L2', '1.3.0'],
    ['1.4.0', '1.4.1'],
    ['1.4.1', '1.4.1'],
    ['1.5.0', '1.5.0'],
  ])('%s goes with %s', (version, deployed) => {
    expect(deployedVersion(version)).toBe(deployed)
  })

  it('is refused for an unknown version', () => {
    expect(() => deployedVersion('1.6.0')).toThrowWithCode('SAFE_VERSION')
  })

  it('is SafeL2 everywhere but on Ethereum and its test nets', () => {
    for (const chainId of [1, 5, 17000, 560048, 11155111]) expect(isL2Default(chainId), String(chainId)).toBe(false)
    for (const chainId of [10n, 100n, 137n, 8453n, 42161n, 31337n])
      expect(isL2Default(chainId), String(chainId)).toBe(true)
  })
})
