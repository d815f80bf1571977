import pkcs11js, { type PKCS11 } from 'pkcs11js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { publicKeyToAddress } from '../../../src/primitives/ecdsa.ts'
import {
  CKA_CLASS,
  CKA_COPYABLE,
  CKA_DERIVE,
  CKA_EXTRACTABLE,
  CKA_ID,
  CKA_LOCAL,
  CKA_MODIFIABLE,
  CKA_NEVER_EXTRACTABLE,
  CKA_ALWAYS_SENSITIVE,
  CKA_PRIVATE,
  CKA_SENSITIVE,
  CKA_SIGN,
  CKA_TOKEN,
  CKA_VALUE,
  CKO_PRIVATE_KEY,
} from '../../../src/sign/pkcs11/cryptoki.ts'
import { generateTokenKey } from '../../../src/sign/pkcs11/generate.ts'
import { findObjects, idBytes } from '../../../src/sign/pkcs11/key-pair.ts'
import { openTokenSigner } from '../../../src/sign/pkcs11/signer.ts'
import { expectAgreement } from '../agreement.ts'
import { intruderSession, PIN, softHsmToken } from './token-folder.ts'

const folder = softHsmToken('generate-tests')
const make = () => generateTokenKey({ ...folder, pin: PIN, label: 'generated' })
afterEach(() => vi.restoreAllMocks())

const privateKeys = () => {
  const intruder = intruderSession(folder)
  intruder.pkcs11.C_FindObjectsInit(intruder.session, [{ type: CKA_CLASS, value: CKO_PRIVATE_KEY }])
  const found = intruder.pkcs11.C_FindObjects(intruder.session, 1000)
  intruder.pkcs11.C_FindObjectsFinal(intruder.session)
  intruder.close()
  return found.length
}

describe('when a key is made on a token', () => {
  it('reads back that it was made there and cannot leave, and it signs', async () => {
    const { publicKey, keyId, provenance } = await make()
    expect(provenance).toMatchObject({
      origin: 'generated',
      local: true,
      alwaysSensitive: true,
      neverExtractable: true,
      sensitive: true,
      extractable: false,
      private: true,
      onToken: true,
      sign: true,
      derive: false,
      modifiable: false,
      copyable: false,
      model: 'SoftHSM v2',
    })
    expect(keyId).toMatch(/^0x[0-9a-f]{32}$/)
    const signer = await openTokenSigner({ ...folder, keyId, address: publicKeyToAddress(publicKey) }, PIN)
    await expectAgreement(`0x${'01'.repeat(32)}`, await signer.sign(`0x${'01'.repeat(32)}`), signer.address)
    await signer.close()
  })

  it('two keys of one label have different ids and addresses', async () => {
    const [a, b] = await Promise.all([make(), make()])
    expect(a.keyId).not.toBe(b.keyId)
    expect(a.publicKey).not.toBe(b.publicKey)
  })
})

describe('when an intruder with the PIN goes for the private key', () => {
  it('G3 EXTRACTABLE and SENSITIVE cannot be flipped, a softer copy cannot be made, the value cannot be read', async () => {
    const { keyId } = await make()
    const { pkcs11, session, close } = intruderSession(folder)
    const [key] = findObjects(pkcs11, session, [
      { type: CKA_CLASS, value: CKO_PRIVATE_KEY },
      { type: CKA_ID, value: idBytes(keyId) },
    ]) as [Buffer]
    expect(() => pkcs11.C_SetAttributeValue(session, key, [{ type: CKA_EXTRACTABLE, value: true }])).toThrow(/CKR_/)
    expect(() => pkcs11.C_SetAttributeValue(session, key, [{ type: CKA_SENSITIVE, value: false }])).toThrow(/CKR_/)
    expect(() => pkcs11.C_SetAttributeValue(session, key, [{ type: CKA_ID, value: Buffer.alloc(16) }])).toThrow(/CKR_/)
    expect(() => pkcs11.C_CopyObject(session, key, [{ type: CKA_EXTRACTABLE, value: true }])).toThrow(/CKR_/)
    expect(() => pkcs11.C_CopyObject(session, key, [])).toThrow(/CKR_/)
    expect(() => pkcs11.C_GetAttributeValue(session, key, [{ type: CKA_VALUE }])).toThrow('CKR_ATTRIBUTE_SENSITIVE')
    expect(pkcs11.C_GetAttributeValue(session, key, [{ type: CKA_EXTRACTABLE }])[0]?.value).toEqual(Buffer.of(0))
    close()
  })

  it('G3 an extractable key that somebody put on the token is not opened', async () => {
    const { pkcs11, session, close } = intruderSession(folder)
    const id = Buffer.alloc(16, 0xee)
    const curve = Buffer.from('06052b8104000a', 'hex')
    pkcs11.C_GenerateKeyPair(
      session,
      { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
      [
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: CKA_ID, value: id },
        { type: pkcs11js.CKA_EC_PARAMS, value: curve },
      ],
      [
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: CKA_ID, value: id },
        { type: CKA_SIGN, value: true },
        { type: CKA_EXTRACTABLE, value: true },
      ],
    )
    close()
    await expect(
      openTokenSigner(
        { ...folder, keyId: `0x${'ee'.repeat(16)}`, address: '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf' },
        PIN,
      ),
    ).rejects.toThrowWithCode('TOKEN_KEY')
  })
})

describe('when a token does not make the key as asked', () => {
  const attributes: [string, number, boolean][] = [
    ['LOCAL', CKA_LOCAL, false],
    ['ALWAYS_SENSITIVE', CKA_ALWAYS_SENSITIVE, false],
    ['NEVER_EXTRACTABLE', CKA_NEVER_EXTRACTABLE, false],
    ['SENSITIVE', CKA_SENSITIVE, false],
    ['EXTRACTABLE', CKA_EXTRACTABLE, true],
    ['PRIVATE', CKA_PRIVATE, false],
    ['TOKEN', CKA_TOKEN, false],
    ['SIGN', CKA_SIGN, false],
    ['DERIVE', CKA_DERIVE, true],
    ['MODIFIABLE', CKA_MODIFIABLE, true],
    ['COPYABLE', CKA_COPYABLE, true],
  ]
  it.each(attributes)('G3 one with %s (%i) %s is TOKEN_ATTRIBUTES and is destroyed', async (_, type, value) => {
    const before = privateKeys()
    answerFor(type, () => Buffer.of(value ? 1 : 0))
    await expect(make()).rejects.toThrowWithCode('TOKEN_ATTRIBUTES')
    expect(privateKeys()).toBe(before)
  })

  it('G3 one whose value can be read is TOKEN_ATTRIBUTES and is destroyed', async () => {
    const before = privateKeys()
    answerFor(CKA_VALUE, () => Buffer.alloc(32, 1))
    await expect(make()).rejects.toThrowWithCode('TOKEN_ATTRIBUTES')
    expect(privateKeys()).toBe(before)
  })

  it('G3 an attribute that the token will not tell stops it with TOKEN_FAULT', async () => {
    const before = privateKeys()
    answerFor(CKA_NEVER_EXTRACTABLE, () => {
      throw new Error('CKR_ATTRIBUTE_TYPE_INVALID:18')
    })
    await expect(make()).rejects.toThrowWithCode('TOKEN_FAULT')
    expect(privateKeys()).toBe(before)
  })

  it('halves that do not belong together are TOKEN_SIGNATURE and are destroyed', async () => {
    const other = await make()
    const before = privateKeys()
    answerFor(pkcs11js.CKA_EC_POINT, () => Buffer.from(other.publicKey.slice(2), 'hex'))
    await expect(make()).rejects.toThrowWithCode('TOKEN_SIGNATURE')
    expect(privateKeys()).toBe(before)
  })

  it('a token that can make no such key is TOKEN_FAULT with the name of its answer', async () => {
    vi.spyOn(folder.pkcs11, 'C_GenerateKeyPair').mockImplementation((): never => {
      throw new Error('CKR_MECHANISM_INVALID:112')
    })
    await expect(make()).rejects.toThrow(/CKR_MECHANISM_INVALID/)
    await expect(make()).rejects.toThrowWithCode('TOKEN_FAULT')
  })
})

function answerFor(type: number, answer: () => Buffer): void {
  const real = folder.pkcs11.C_GetAttributeValue
  vi.spyOn(folder.pkcs11, 'C_GetAttributeValue').mockImplementation(function (this: PKCS11, session, object, template) {
    const asked = template as { type: number }[]
    return asked[0]?.type === type
      ? ([{ type, value: answer() }] as never)
      : real.call(this, session, object, template as never)
  })
}
