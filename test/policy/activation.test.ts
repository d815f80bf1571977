import { TypedDataEncoder, type TypedDataField } from 'ethers'
import { describe, expect, it } from 'vitest'
import {
  type Activation,
  activationDigest,
  activationTypedData,
  verifyActivation,
} from '../../src/policy/activation.ts'
import { thawDigest, thawTypedData, verifyThaw } from '../../src/policy/thaw.ts'
import type { Address } from '../../src/primitives/address.ts'
import { SECP256K1_N } from '../../src/primitives/ecdsa.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { alice, bob, carol, dave } from './fixture.ts'

const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const activation: Activation = {
  policyHash: word('a1'),
  version: 3,
  previousPolicyHash: word('b2'),
  homeId: word('c3'),
}
const admins = [alice, bob, carol].map(({ address }) => address as Address)
const types = {
  PolicyActivation: activationTypedData(activation).types.PolicyActivation as unknown as TypedDataField[],
}
const sign = async (who: typeof alice, what: Activation = activation): Promise<Hex> => {
  const { domain, message } = activationTypedData(what)
  return (await who.signTypedData(domain, types, message)) as Hex
}
const verify = (signatures: readonly Hex[], changes: Partial<Parameters<typeof verifyActivation>[0]> = {}) =>
  verifyActivation({ ...activation, signatures, admins, threshold: 2, ...changes })

describe('an activation', () => {
  it('has the EIP-712 digest that another implementation computes', () => {
    const { domain, message } = activationTypedData(activation)
    expect(activationDigest(activation)).toBe(TypedDataEncoder.hash(domain, types, message))
  })

  it('signed by the threshold gives the admins, ascending', async () => {
    const signers = verify([await sign(carol), await sign(alice)])
    expect(signers).toEqual([alice.address, carol.address].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)))
  })

  it('G1 signed by fewer is refused, and one admin twice is one', async () => {
    const one = await sign(alice)
    expect(() => verify([])).toThrowWithCode('POLICY_UNSIGNED')
    expect(() => verify([one])).toThrowWithCode('POLICY_UNSIGNED')
    expect(() => verify([one, one])).toThrowWithCode('POLICY_UNSIGNED')
    // The same admin listed twice is one admin too.
    expect(() =>
      verify([one, one], { admins: [admins[0] as Address, (admins[0] as string).toLowerCase() as Address] }),
    ).toThrowWithCode('POLICY_UNSIGNED')
  })

  it('G1 with the signature of a stranger is refused, even when enough others signed', async () => {
    const signatures = [await sign(alice), await sign(bob), await sign(dave)]
    expect(() => verify(signatures)).toThrowWithCode('POLICY_UNSIGNED')
  })

  it.each<[string, Partial<Activation>]>([
    ['another document', { policyHash: word('a2') }],
    ['another version', { version: 4 }],
    ['another predecessor', { previousPolicyHash: word('b3') }],
    ['another home', { homeId: word('c4') }],
  ])('G2 is of no use for %s', async (_situation, changes) => {
    const signatures = [await sign(alice), await sign(bob)]
    expect(verify(signatures)).toHaveLength(2)
    expect(() => verify(signatures, changes)).toThrowWithCode('POLICY_UNSIGNED')
  })

  it.each([0, -1, 1.5, Number.NaN, 4])(
    'with the threshold %s, which cannot be right, is refused',
    async (threshold) => {
      const signatures = [await sign(alice), await sign(bob), await sign(carol)]
      expect(() => verify(signatures, { threshold })).toThrowWithCode('POLICY_UNSIGNED')
    },
  )

  it('with a malformed, high-s or eth_sign signature is refused', async () => {
    const good = await sign(alice)
    const s = BigInt(`0x${good.slice(66, 130)}`)
    const v = good.slice(130) === '1b' ? '1c' : '1b'
    const high = `${good.slice(0, 66)}${(SECP256K1_N - s).toString(16).padStart(64, '0')}${v}` as Hex
    const overHash = await bob.signMessage(Buffer.from(activationDigest(activation).slice(2), 'hex'))
    const ethSign = `${overHash.slice(0, 130)}${overHash.slice(130) === '1b' ? '1f' : '20'}` as Hex
    for (const bad of ['0x', '0x1234', high, ethSign] as Hex[])
      expect(() => verify([good, bad])).toThrowWithCode('SIGNATURE_INVALID')
  })

  it.each([0, -1, 1.5, 2 ** 53])('of version %s is refused', (version) => {
    expect(() => activationDigest({ ...activation, version })).toThrowWithCode('POLICY_VERSION')
  })
})

describe('a thaw', () => {
  const thaw = { freezeEntry: word('d4'), homeId: word('c3') }
  const thawTypes = { Thaw: thawTypedData(thaw).types.Thaw as unknown as TypedDataField[] }
  const signThaw = async (who: typeof alice): Promise<Hex> =>
    (await who.signTypedData(thawTypedData(thaw).domain, thawTypes, thawTypedData(thaw).message)) as Hex

  it('has the EIP-712 digest that another implementation computes', () => {
    expect(thawDigest(thaw)).toBe(
      TypedDataEncoder.hash(thawTypedData(thaw).domain, thawTypes, thawTypedData(thaw).message),
    )
  })

  it('G8 needs the quorum of admins, and lifts no other freeze and no other home’s', async () => {
    const signatures = [await signThaw(alice), await signThaw(bob)]
    expect(verifyThaw({ ...thaw, signatures, admins, threshold: 2 })).toHaveLength(2)
    expect(() => verifyThaw({ ...thaw, signatures: signatures.slice(1), admins, threshold: 2 })).toThrowWithCode(
      'POLICY_UNSIGNED',
    )
    expect(() => verifyThaw({ ...thaw, freezeEntry: word('d5'), signatures, admins, threshold: 2 })).toThrowWithCode(
      'POLICY_UNSIGNED',
    )
    expect(() => verifyThaw({ ...thaw, homeId: word('c4'), signatures, admins, threshold: 2 })).toThrowWithCode(
      'POLICY_UNSIGNED',
    )
  })

  it('G8 is not signed by signing a policy', async () => {
    const signatures = [await sign(alice), await sign(bob)]
    expect(() => verifyThaw({ ...thaw, signatures, admins, threshold: 2 })).toThrowWithCode('POLICY_UNSIGNED')
  })
})
