import { describe, expect, it } from 'vitest'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { canonicalDeployments } from '../../src/safe/deployments.ts'
import type { SafeState } from '../../src/safe/safe-tx.ts'
import { treasuryFindings } from '../../src/treasury/findings.ts'

const owner = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`
const owners = (count: number): Address[] => Array.from({ length: count }, (_, index) => owner(index + 10))
const contracts = canonicalDeployments('1.5.0')
const SOUND: SafeState = {
  chainId: 31337,
  address: owner(1),
  version: '1.5.0',
  singleton: contracts.SafeL2.address,
  owners: owners(3),
  threshold: 2,
  nonce: 0n,
  modules: [],
  guard: ZERO_ADDRESS,
  moduleGuard: ZERO_ADDRESS,
  fallbackHandler: contracts.CompatibilityFallbackHandler.address,
  proxyCodeHash: '0x00',
  singletonCodeHash: contracts.SafeL2.codeHash,
  blockNumber: 1n,
}
const ids = (change: Partial<SafeState>): string[] =>
  treasuryFindings({ ...SOUND, ...change }).map((finding) => `${finding.severity} ${finding.id}`)

describe('the findings of a treasury', () => {
  it('are none for a sound 2-of-3', () => {
    expect(treasuryFindings(SOUND)).toEqual([])
  })

  it.each<[string, Partial<SafeState>, string[]]>([
    ['n of n', { threshold: 3 }, ['high SAFE_ALL_OWNERS_NEEDED']],
    ['2 of 2', { owners: owners(2) }, ['high SAFE_ALL_OWNERS_NEEDED', 'medium SAFE_FEW_OWNERS']],
    ['1 of 1', { owners: owners(1), threshold: 1 }, ['high SAFE_SINGLE_SIGNATURE', 'medium SAFE_FEW_OWNERS']],
    ['1 of 3', { threshold: 1 }, ['high SAFE_SINGLE_SIGNATURE', 'medium SAFE_LOW_THRESHOLD']],
    ['2 of 5', { owners: owners(5) }, ['medium SAFE_LOW_THRESHOLD']],
    ['exactly half', { owners: owners(4) }, []],
    ['itself as owner', { owners: [...owners(2), SOUND.address] }, ['high SAFE_OWNS_ITSELF']],
    ['a module without a guard', { modules: [owner(77)] }, ['high SAFE_MODULES']],
    [
      'a module behind a module guard',
      { modules: [owner(77)], moduleGuard: owner(78) },
      ['medium SAFE_MODULES', 'info SAFE_MODULE_GUARD'],
    ],
    ['a guard', { guard: owner(79) }, ['info SAFE_GUARD']],
    ['no handler', { fallbackHandler: ZERO_ADDRESS }, ['low SAFE_NO_HANDLER']],
    ['an unknown handler', { fallbackHandler: owner(80) }, ['high SAFE_UNKNOWN_HANDLER']],
    [
      'the handler of another version',
      { fallbackHandler: canonicalDeployments('1.3.0').CompatibilityFallbackHandler.address },
      [],
    ],
    ['version 1.3.0', { version: '1.3.0' }, ['medium SAFE_OUTDATED']],
    ['version 1.1.1', { version: '1.1.1' }, ['high SAFE_OUTDATED']],
    ['version 1.4.1', { version: '1.4.1' }, []],
  ])('name %s', (_what, change, expected) => {
    expect(ids(change)).toEqual(expected)
  })

  it('say that no guard sees modules before 1.5.0', () => {
    const [finding] = treasuryFindings({ ...SOUND, version: '1.4.1', modules: [owner(77)] })
    expect(finding?.detail).toContain('no guard can see it before Safe 1.5.0')
    expect(finding).toMatchObject({
      where: SOUND.address,
      fix: expect.any(String) as string,
      title: '1 module enabled',
    })
  })
})
