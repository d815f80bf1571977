import { describe, expect, it } from 'vitest'
import { completes, describeOwed, permitSignature, type PermitInput } from '../../src/quorum/permit.ts'
import { address, NOW, ran, requestOf } from '../policy/fixture.ts'
import { approveAll, denyAll, failAll, word } from './fixture.ts'

const ask = (changes: Partial<PermitInput> = {}) =>
  permitSignature({
    request: requestOf(),
    requestDigest: word('a1'),
    effectDigest: word('e1'),
    decision: approveAll(),
    simulation: ran(),
    owner: address(1),
    committed: [],
    threshold: 2,
    now: NOW,
    frozen: false,
    intentSeq: 12,
    ...changes,
  })
const owing = { approvals: [{ group: 'treasurers', need: 2, have: 1, rule: 'pay' }] }

describe('leave to make an owner signature', () => {
  it('that leaves the threshold open is given while approvals, a delay and a simulation are missing', () => {
    const permit = ask({
      decision: approveAll({ ...owing, notBefore: NOW + 60 }),
      simulation: ran({ status: 'not-run' }),
    })
    expect(permit).toMatchObject({ completes: false, owner: address(1), effectDigest: word('e1'), intentSeq: 12 })
  })

  it('G1 that completes the threshold waits for all that is owed', () => {
    const last = { committed: [address(2)] }
    expect(ask(last).completes).toBe(true)
    expect(() => ask({ ...last, decision: approveAll(owing) })).toThrowWithCode('SIGNATURE_WAITS')
    expect(() => ask({ ...last, decision: approveAll({ notBefore: NOW + 60 }) })).toThrowWithCode('SIGNATURE_WAITS')
    expect(() => ask({ ...last, simulation: ran({ status: 'reverted' }) })).toThrowWithCode('SIMULATION_FAILED')
    expect(() => ask({ ...last, simulation: ran({ status: 'not-run' }) })).toThrowWithCode('SIMULATION_FAILED')
  })

  it('G7 is never given on a policy that denies or fails', () => {
    expect(() => ask({ decision: denyAll })).toThrowWithCode('LIMIT_WINDOW')
    expect(() => ask({ decision: failAll })).toThrowWithCode('POLICY_FAILED')
  })

  it('G8 is not given while frozen, but for rejections', () => {
    expect(() => ask({ frozen: true })).toThrowWithCode('FROZEN')
    expect(ask({ frozen: true, request: requestOf({ kind: 'rejection', rejects: 'r-0' }) }).completes).toBe(false)
  })

  it.each([
    [NOW, NOW],
    [NOW, NOW - 1],
    [Number.NaN, NOW + 60],
  ])('G1 at %s is not given for a request that expires at %s', (now, expiresAt) => {
    expect(() => ask({ now, request: requestOf(undefined, { expiresAt }) })).toThrowWithCode('REQUEST_EXPIRED')
  })
})

describe('whether a signature completes the threshold', () => {
  it('counts each owner once, and the one who signs again after a crash not twice', () => {
    expect(completes({ owner: address(1), committed: [address(1)], threshold: 2 })).toBe(false)
    expect(completes({ owner: address(1), committed: [address(0xab), `0x${'0'.repeat(38)}AB`], threshold: 3 })).toBe(
      false,
    )
    expect(completes({ owner: address(1), committed: [address(2)], threshold: 2 })).toBe(true)
  })
  it('G1 with a threshold that is no number counts as complete', () => {
    expect(completes({ owner: address(1), committed: [], threshold: Number.NaN })).toBe(true)
  })
})

describe('what is owed, in words', () => {
  it('names group, rule, time and freeze, or is nothing', () => {
    expect(describeOwed(approveAll())).toBeNull()
    expect(describeOwed(approveAll({ ...owing, notBefore: NOW, frozen: true }))).toBe(
      '1 more approval of group treasurers (rule pay) and waiting until 2027-01-15 08:00:00 UTC and the freeze to end',
    )
  })
})
