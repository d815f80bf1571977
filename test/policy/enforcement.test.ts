import { describe, expect, it } from 'vitest'
import { enforcementOf } from '../../src/policy/enforcement.ts'
import { ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { SafeState } from '../../src/safe/safe-tx.ts'
import { address, CHAIN, judge, PAY, pay, policyOf, SAFE, usdc } from './fixture.ts'

const hash = `0x${'00'.repeat(32)}` as const
const state: SafeState = {
  chainId: CHAIN,
  address: SAFE,
  version: '1.5.0',
  singleton: address(9),
  owners: [address(1), address(2), address(3)],
  threshold: 2,
  nonce: 7n,
  modules: [],
  guard: ZERO_ADDRESS,
  moduleGuard: ZERO_ADDRESS,
  fallbackHandler: ZERO_ADDRESS,
  proxyCodeHash: hash,
  singletonCodeHash: hash,
  blockNumber: 1n,
}
const policy = policyOf([
  { ...PAY, delay: '12h' },
  { ...PAY, id: 'other', recipients: [address(77)] },
  { id: 'no', effect: 'deny', kind: 'any', addresses: [address(78)] },
])
const decision = judge(policy, [pay(usdc(1))])

describe('who enforces what', () => {
  it('says that limits, approvals and delays hold in the pipeline only', () => {
    const { chain, pipeline } = enforcementOf(policy, decision, state)
    expect(chain).toEqual([
      'The Safe demands signatures of 2 of its 3 owners.',
      'The Safe executes each nonce once, in order; the next is 7.',
    ])
    expect(pipeline[0]).toBe('Any 2 owners could go around everything below by signing outside Coffer.')
    expect(pipeline).toEqual(
      expect.arrayContaining([
        'Rule vendor-payments: at most 20,000.00 USDC in one transaction.',
        'Rule vendor-payments: at most 50,000.00 USDC in any 24 hours.',
        'Rule vendor-payments: approvals of 2 of the group treasurers.',
        'Rule vendor-payments: the completing signature waits 12h after the proposal.',
        'A deny rule wins over every rule that allows.',
      ]),
    )
    expect(pipeline.join(' ')).not.toContain('Rule other')
  })
  it('never takes credit for a guard it cannot read', () => {
    expect(enforcementOf(policy, decision, { ...state, guard: address(5) }).chain.join(' ')).toContain(
      'unknown to this version',
    )
  })
  it('warns of modules, which need no owner', () => {
    const { chain } = enforcementOf(policy, decision, { ...state, modules: [address(6)] })
    expect(chain.join(' ')).toContain('1 module can act for the Safe without any owner')
  })
})
