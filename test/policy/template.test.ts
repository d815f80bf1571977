import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../src/policy/document.ts'
import { policyTemplate, TEMPLATE_NAMES } from '../../src/policy/template.ts'
import type { Address } from '../../src/primitives/address.ts'
import { ACME, alice, bob, carol, CHAIN, judge, pay, STRANGER, USDC, usdc } from './fixture.ts'

const principals = { alice: alice.address as Address, bob: bob.address as Address, carol: carol.address as Address }
const values = {
  chainId: CHAIN,
  principals,
  tokens: [{ symbol: 'USDC', token: USDC, decimals: 6 }],
  addressBook: { 'acme-supplies': ACME },
}

describe('a template', () => {
  it.each(TEMPLATE_NAMES)('%s is a valid policy, and pays the address book within its limits only', (name) => {
    const policy = parsePolicy(policyTemplate(name, values))
    expect(judge(policy, [pay(usdc(12_500))])).toMatchObject({
      verdict: 'approved',
      owed: { approvals: [{ need: 2 }] },
    })
    expect(judge(policy, [pay(usdc(20_001))]).refusal?.code).toBe('LIMIT_PER_TRANSACTION')
    expect(judge(policy, [pay(usdc(1), STRANGER)]).refusal?.code).toBe('POLICY_DENIED')
  })
  it('works for one person, without tokens and without address book', () => {
    const policy = parsePolicy(
      policyTemplate('small-team', { chainId: 1, principals: { alice: principals.alice }, native: 'xDAI' }),
    )
    expect(policy.assets.map(({ symbol }) => symbol)).toEqual(['xDAI'])
    expect(policy.addressBook).toEqual([])
  })
  it('of an unknown name is refused', () => {
    expect(() => policyTemplate('toString', values)).toThrowWithCode('NOT_FOUND')
  })
  it('G1 lets no value break out of its place', () => {
    expect(() => policyTemplate('small-team', { ...values, native: 'ETH\nrules: []\nextra' })).toThrowWithCode(
      'POLICY_INVALID',
    )
    expect(() => policyTemplate('small-team', { ...values, addressBook: { 'x"\nextra': ACME } })).toThrowWithCode(
      'POLICY_INVALID',
    )
  })
})
