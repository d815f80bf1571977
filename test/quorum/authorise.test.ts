import { describe, expect, it } from 'vitest'
import type { CustodyError } from '../../src/errors.ts'
import { type Authorisation, assertAuthorised, authorise, type AuthoriseInput } from '../../src/quorum/authorise.ts'
import type { Address } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type { OwnerSignature } from '../../src/safe/signature.ts'
import { address, alice, bob, carol, dave, NOW, requestOf } from '../policy/fixture.ts'
import { approveAll, denyAll, failAll, word } from './fixture.ts'

const effectDigest = word('e1')
const owners = [alice, bob, carol].map((who) => who.address as Address)
const by = (who: typeof alice, over: Hex = effectDigest): OwnerSignature => ({
  kind: 'ecdsa',
  owner: who.address as Address,
  signature: who.signingKey.sign(over).serialized as Hex,
})
const ask = (changes: Partial<AuthoriseInput> = {}): Authorisation =>
  authorise({
    decision: approveAll(),
    request: requestOf(),
    requestDigest: word('a1'),
    effectDigest,
    signatures: [by(alice), by(bob)],
    owners,
    threshold: 2,
    now: NOW,
    frozen: false,
    ...changes,
  })

describe('leave to execute', () => {
  it('is given when nothing is owed and the threshold is met', () => {
    const authorisation = ask()
    expect(authorisation).toMatchObject({
      requestId: 'r-1',
      requestDigest: word('a1'),
      effectDigest,
      policyHash: word('99'),
      givenAt: NOW,
    })
    expect(authorisation.signatures.map(({ owner }) => owner)).toEqual([alice.address, bob.address])
    expect(() => {
      assertAuthorised(authorisation)
    }).not.toThrow()
  })

  it('counts signatures of owner contracts and approved hashes, which the chain vouches for', () => {
    const signatures: OwnerSignature[] = [{ kind: 'approved-hash', owner: owners[2] as Address }, by(alice)]
    expect(ask({ signatures }).signatures).toHaveLength(2)
  })

  it('G1 is nothing that anybody can make up', () => {
    expect(() => {
      assertAuthorised({ ...ask() })
    }).toThrowWithCode('APPROVAL_MISSING')
    expect(() => {
      assertAuthorised(JSON.parse(JSON.stringify(ask())) as Authorisation)
    }).toThrowWithCode('APPROVAL_MISSING')
    expect(() => {
      ;(ask().signatures as OwnerSignature[]).push(by(carol))
    }).toThrow(TypeError)
  })
})

describe('without leave', () => {
  it('the decision’s own code is thrown', () => {
    expect(() => ask({ decision: denyAll })).toThrowWithCode('LIMIT_WINDOW')
    expect(() => ask({ decision: failAll })).toThrowWithCode('POLICY_FAILED')
    try {
      ask({ decision: denyAll })
    } catch (error) {
      expect((error as CustodyError).next).toBe('wait')
    }
  })

  it('G8 a freeze stops all but rejections', () => {
    expect(() => ask({ frozen: true })).toThrowWithCode('FROZEN')
    expect(() => ask({ decision: approveAll({ frozen: true }) })).toThrowWithCode('FROZEN')
    expect(ask({ frozen: true, request: requestOf({ kind: 'rejection', rejects: 'r-0' }) }).requestId).toBe('r-1')
  })

  it('G1 an expired request is refused from its very second', () => {
    const request = requestOf(undefined, { expiresAt: NOW })
    expect(() => ask({ request })).toThrowWithCode('REQUEST_EXPIRED')
    expect(() => ask({ now: Number.NaN })).toThrowWithCode('REQUEST_EXPIRED')
    expect(ask({ request, now: NOW - 1 }).givenAt).toBe(NOW - 1)
  })

  it('G1 approvals that are owed are named', () => {
    const owed = { approvals: [{ group: 'treasurers', need: 2, have: 1, rule: 'vendor-payments' }] }
    expect(() => ask({ decision: approveAll(owed) })).toThrowWithCode('APPROVAL_MISSING')
    expect(() => ask({ decision: approveAll(owed) })).toThrow(
      '1 more of 2 approvals of the group treasurers (rule vendor-payments)',
    )
  })

  it('G1 a delay is waited for, to its second', () => {
    expect(() => ask({ decision: approveAll({ notBefore: NOW + 1 }) })).toThrowWithCode('SIGNATURE_WAITS')
    expect(ask({ decision: approveAll({ notBefore: NOW }) }).givenAt).toBe(NOW)
  })

  it.each<[string, readonly OwnerSignature[]]>([
    ['none', []],
    ['one', [by(alice)]],
    ['the same owner twice', [by(alice), by(alice)]],
    [
      'the same owner as a signature and as an approved hash',
      [by(alice), { kind: 'approved-hash', owner: alice.address.toLowerCase() as Address }],
    ],
    ['one owner and one who is none', [by(alice), by(dave)]],
    ['an approved hash of one who is no owner', [by(alice), { kind: 'approved-hash', owner: address(9) }]],
  ])('G1 too few owners signed: %s', (_situation, signatures) => {
    expect(() => ask({ signatures })).toThrowWithCode('APPROVAL_MISSING')
  })

  it.each([0, -1, Number.NaN, 1.5])('a threshold of %s is never met', (threshold) => {
    expect(() => ask({ threshold })).toThrowWithCode('APPROVAL_MISSING')
  })

  it('G2 a stored signature that is not over this effect, or not by its owner, is an alarm', () => {
    expect(() => ask({ effectDigest: word('e2') })).toThrowWithCode('REQUEST_ALTERED')
    expect(() => ask({ signatures: [by(alice), { ...by(dave), owner: bob.address as Address }] })).toThrowWithCode(
      'REQUEST_ALTERED',
    )
  })
})
