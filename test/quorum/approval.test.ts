import { TypedDataEncoder, type TypedDataField } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  approvalDigest,
  type ApprovalSubject,
  approvalTypedData,
  approversOf,
  type StoredApproval,
  verifyApproval,
} from '../../src/quorum/approval.ts'
import type { Address } from '../../src/primitives/address.ts'
import { SECP256K1_N } from '../../src/primitives/ecdsa.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { toJsonText } from '../../src/primitives/json.ts'
import { alice, bob } from '../policy/fixture.ts'
import { word } from './fixture.ts'

const subject: ApprovalSubject = {
  chainId: 31337,
  requestDigest: word('a1'),
  effectDigest: word('b2'),
  logSize: 41,
  logRoot: word('c3'),
}
const types = { Approval: approvalTypedData(subject).types.Approval as unknown as TypedDataField[] }
const sign = async (who: typeof alice, what: ApprovalSubject = subject): Promise<Hex> =>
  (await who.signTypedData(approvalTypedData(what).domain, types, approvalTypedData(what).message)) as Hex

describe('an approval', () => {
  it('has the EIP-712 digest that another implementation computes', () => {
    const bytes = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((array): Hex => `0x${Buffer.from(array).toString('hex')}`)
    const any = fc.record({
      chainId: fc.integer({ min: 1, max: 2 ** 40 }),
      requestDigest: bytes,
      effectDigest: bytes,
      logSize: fc.maxSafeNat(),
      logRoot: bytes,
    })
    fc.assert(
      fc.property(any, (what) => {
        const { domain, message } = approvalTypedData(what)
        expect(approvalDigest(what)).toBe(TypedDataEncoder.hash(domain, types, message))
      }),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) },
    )
  })

  it('is exported as JSON that says the same to another wallet', async () => {
    const exported = JSON.parse(toJsonText(approvalTypedData(subject))) as {
      domain: object
      message: Record<string, unknown>
    }
    const signature = (await alice.signTypedData(exported.domain, types, exported.message)) as Hex
    expect(verifyApproval({ ...subject, signature })).toBe(alice.address)
  })

  it.each<[string, Partial<ApprovalSubject>]>([
    ['the request', { requestDigest: word('a0') }],
    ['the effect', { effectDigest: word('b3') }],
    ['the chain', { chainId: 1 }],
    ['the size of the log', { logSize: 42 }],
    ['the root of the log', { logRoot: word('c2') }],
  ])('G2 is void when %s changes by one bit', async (_situation, changes) => {
    const signature = await sign(alice)
    expect(verifyApproval({ ...subject, signature })).toBe(alice.address)
    expect(verifyApproval({ ...subject, ...changes, signature })).not.toBe(alice.address)
  })

  it('with a malformed or high-s signature is refused', async () => {
    const good = await sign(alice)
    const s = (SECP256K1_N - BigInt(`0x${good.slice(66, 130)}`)).toString(16).padStart(64, '0')
    for (const signature of [
      '0x',
      '0xzz',
      good.slice(0, 130),
      `${good}00`,
      `${good.slice(0, 130)}1d`,
      `${good.slice(0, 66)}${s}${good.slice(130) === '1b' ? '1c' : '1b'}`,
    ] as Hex[]) {
      expect(() => verifyApproval({ ...subject, signature })).toThrowWithCode('SIGNATURE_INVALID')
    }
  })

  it('G1 made over the bare hash is refused, because nobody saw what it says', async () => {
    const signature = await alice.signMessage(Buffer.from(approvalDigest(subject).slice(2), 'hex'))
    const ethSign = `${signature.slice(0, 130)}${signature.slice(130) === '1b' ? '1f' : '20'}` as Hex
    expect(() => verifyApproval({ ...subject, signature: ethSign })).toThrowWithCode('SIGNATURE_INVALID')
  })

  it.each([[{ logSize: -1 }], [{ logSize: 1.5 }], [{ chainId: 0 }]])('of %j is refused', (changes) => {
    expect(() => approvalDigest({ ...subject, ...changes })).toThrowWithCode('FIELD_INVALID')
  })
})

describe('stored approvals', () => {
  const stored = async (who: typeof alice): Promise<StoredApproval> => ({
    signer: who.address as Address,
    logSize: 41,
    logRoot: word('c3'),
    signature: await sign(who),
  })
  const people = (address: Address) => (address === alice.address ? 'alice' : null)

  it('give each principal once; a key that is nobody’s does not count', async () => {
    expect(approversOf(subject, [await stored(alice), await stored(alice), await stored(bob)], people)).toEqual([
      'alice',
    ])
  })
  it('G2 over a request that was altered since are an alarm, not an approval', async () => {
    const approvals = [await stored(alice)]
    expect(() => approversOf({ ...subject, requestDigest: word('a0') }, approvals, people)).toThrowWithCode(
      'REQUEST_ALTERED',
    )
    expect(() => approversOf({ ...subject, effectDigest: word('b3') }, approvals, people)).toThrowWithCode(
      'REQUEST_ALTERED',
    )
  })
  it('G2 under another name are an alarm', async () => {
    const disguised = { ...(await stored(bob)), signer: alice.address as Address }
    expect(() => approversOf(subject, [disguised], people)).toThrowWithCode('REQUEST_ALTERED')
  })
})
