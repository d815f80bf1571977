import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import type { PKCS11 } from 'pkcs11js'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { publicKeyToAddress } from '../../../src/primitives/ecdsa.ts'
import { bytesToHex, type Hex } from '../../../src/primitives/hex.ts'
import { CKA_CLASS, CKA_ID, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY } from '../../../src/sign/pkcs11/cryptoki.ts'
import { generateTokenKey, type TokenKey } from '../../../src/sign/pkcs11/generate.ts'
import { findObjects, idBytes } from '../../../src/sign/pkcs11/key-pair.ts'
import { openTokenSigner } from '../../../src/sign/pkcs11/signer.ts'
import { expectAgreement } from '../agreement.ts'
import { intruderSession, PIN, softHsmToken } from './token-folder.ts'

const folder = softHsmToken('signer-tests')
const runs = Math.min(Number(process.env['FC_NUM_RUNS'] ?? 200), 100_000)
const digest: Hex = `0x${'5c'.repeat(32)}`

let key: TokenKey
beforeAll(async () => {
  key = await makeKey('first')
})
afterEach(() => vi.restoreAllMocks())

const makeKey = (label: string) => generateTokenKey({ ...folder, pin: PIN, label })
const openKey = (which = key, pin = PIN) =>
  openTokenSigner(
    { module: folder.module, token: folder.token, keyId: which.keyId, address: publicKeyToAddress(which.publicKey) },
    pin,
  )

describe('when a key on a token signs', () => {
  it('gives low s and the address back in noble, ethers and viem, for random digests', async () => {
    const signer = await openKey()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (bytes) => {
        const random = bytesToHex(bytes)
        await expectAgreement(random, await signer.sign(random), signer.address)
      }),
      { numRuns: runs },
    )
    await signer.close()
  })

  it('turns the high s of the token, which is half of them', async () => {
    const high: boolean[] = []
    const real = folder.pkcs11.C_SignAsync
    vi.spyOn(folder.pkcs11, 'C_SignAsync').mockImplementation(async function (this: PKCS11, ...parameters) {
      const answer = await real.apply(this, parameters)
      high.push((answer[32] as number) >= 0x80)
      return answer
    })
    const signer = await openKey()
    for (let i = 0; i < 64; i++) await expectAgreement(digest, await signer.sign(digest), signer.address)
    await signer.close()
    // All alike would happen by chance once in 2^63 runs, so the turning was really exercised.
    expect(new Set(high).size).toBe(2)
  })

  it.each([31, 33, 48, 64])('refuses %i bytes, which the token itself would sign', async (length) => {
    const asked = vi.spyOn(folder.pkcs11, 'C_SignInit')
    const signer = await openKey()
    await expect(signer.sign(`0x${'ab'.repeat(length)}`)).rejects.toThrowWithCode('HEX_INVALID')
    expect(asked).not.toHaveBeenCalled()
    await signer.close()
  })

  it('queues signatures that are asked for at once', async () => {
    const signer = await openKey()
    const digests = Array.from({ length: 40 }, (_, i): Hex => `0x${i.toString(16).padStart(64, '0')}`)
    const signatures = await Promise.all(digests.map((each) => signer.sign(each)))
    for (const [i, signature] of signatures.entries())
      await expectAgreement(digests[i] as Hex, signature, signer.address)
    await signer.close()
  })

  it('gives the token private memory that nobody else writes to', async () => {
    const inputs: Buffer[] = []
    const real = folder.pkcs11.C_SignAsync
    vi.spyOn(folder.pkcs11, 'C_SignAsync').mockImplementation(function (this: PKCS11, ...parameters) {
      inputs.push(parameters[1])
      return real.apply(this, parameters)
    })
    const signer = await openKey()
    await signer.sign(digest)
    await signer.sign(digest)
    await signer.close()
    for (const input of inputs) expect(input.buffer.byteLength).toBe(32)
    expect(inputs[0]).not.toBe(inputs[1])
  })
})

describe('when one process has several signers of one token', () => {
  it('they sign side by side, and one that closes leaves the others logged in', async () => {
    const second = await makeKey('second')
    const logins = vi.spyOn(folder.pkcs11, 'C_Login')
    const [a, b, c] = await Promise.all([openKey(), openKey(second), openKey()])
    expect(logins).toHaveBeenCalledTimes(1)
    expect(a.address).not.toBe(b.address)
    await Promise.all(
      [a, b, c].flatMap((signer) =>
        Array.from({ length: 10 }, async () => expectAgreement(digest, await signer.sign(digest), signer.address)),
      ),
    )
    await a.close()
    await a.close()
    await c.close()
    await expectAgreement(digest, await b.sign(digest), b.address)
    await b.close()
    await expect(b.sign(digest)).rejects.toThrowWithCode('INTERNAL')
  })

  it('closing waits for the signature that is under way', async () => {
    const signer = await openKey()
    const pending = signer.sign(digest)
    await signer.close()
    await expectAgreement(digest, await pending, signer.address)
  })

  it('logs in again after the last one closed', async () => {
    const logins = vi.spyOn(folder.pkcs11, 'C_Login')
    await (await openKey()).close()
    await (await openKey()).close()
    expect(logins).toHaveBeenCalledTimes(2)
  })

  it('G3 whoever joins a token that is open needs its PIN too, and may not guess on', async () => {
    const signer = await openKey()
    for (let i = 0; i < 3; i++) await expect(openKey(key, 'pin-of-somebody-else')).rejects.toThrowWithCode('TOKEN_PIN')
    await expect(openKey()).rejects.toThrowWithCode('TOKEN_PIN')
    await expectAgreement(digest, await signer.sign(digest), signer.address)
    await signer.close()
    await (await openKey()).close()
  })

  it('a login that other code made is fine', async () => {
    const intruder = intruderSession(folder)
    const signer = await openKey()
    await expectAgreement(digest, await signer.sign(digest), signer.address)
    await signer.close()
    intruder.close()
  })

  it('a login that other code ended is made again when a key is opened next', async () => {
    const dead = await openKey()
    const intruder = intruderSession(folder)
    intruder.pkcs11.C_Logout(intruder.session)
    intruder.close()
    await expect(dead.sign(digest)).rejects.toThrow()
    const signer = await openKey()
    await expectAgreement(digest, await signer.sign(digest), signer.address)
    await signer.close()
    await dead.close()
    await (await openKey()).close()
  })
})

describe('when the PIN is wrong', () => {
  it('refuses with TOKEN_PIN after exactly one try', async () => {
    const logins = vi.spyOn(folder.pkcs11, 'C_Login')
    await expect(openKey(key, 'pin-of-somebody-else')).rejects.toThrowWithCode('TOKEN_PIN')
    expect(logins).toHaveBeenCalledTimes(1)
    await (await openKey()).close()
  })

  it.each(['CKR_PIN_LOCKED:164', 'CKR_PIN_EXPIRED:163', 'CKR_PIN_LEN_RANGE:162'])(
    'refuses with TOKEN_PIN when the token says %s, after one try',
    async (answer) => {
      const logins = vi.spyOn(folder.pkcs11, 'C_Login').mockImplementation(() => {
        throw new Error(answer)
      })
      await expect(openKey()).rejects.toThrowWithCode('TOKEN_PIN')
      expect(logins).toHaveBeenCalledTimes(1)
    },
  )

  it('does not try at all when the token says that it is locked', async () => {
    const real = folder.pkcs11.C_GetTokenInfo
    vi.spyOn(folder.pkcs11, 'C_GetTokenInfo').mockImplementation(function (this: PKCS11, slot) {
      const info = real.call(this, slot)
      return { ...info, flags: info.flags | 0x40000 }
    })
    const logins = vi.spyOn(folder.pkcs11, 'C_Login')
    await expect(openKey()).rejects.toThrowWithCode('TOKEN_PIN')
    expect(logins).not.toHaveBeenCalled()
  })
})

describe('when something is not there', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'coffer-module-'))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))
  const open = (change: object) =>
    openTokenSigner(
      {
        module: folder.module,
        token: folder.token,
        keyId: key.keyId,
        address: publicKeyToAddress(key.publicKey),
        ...change,
      },
      PIN,
    )

  it('a token of another label is TOKEN_NOT_FOUND', async () => {
    await expect(open({ token: 'no-such-token' })).rejects.toThrowWithCode('TOKEN_NOT_FOUND')
  })

  it('two tokens of one label are TOKEN_NOT_FOUND', async () => {
    const real = folder.pkcs11.C_GetSlotList
    vi.spyOn(folder.pkcs11, 'C_GetSlotList').mockImplementation(function (this: PKCS11, present) {
      const slots = real.call(this, present)
      return [...slots, ...slots]
    })
    await expect(open({})).rejects.toThrowWithCode('TOKEN_NOT_FOUND')
  })

  it('a missing, relative or foreign library is TOKEN_MODULE', async () => {
    const text = join(scratch, 'text.so')
    writeFileSync(text, 'not a library')
    await expect(open({ module: join(scratch, 'missing.so') })).rejects.toThrowWithCode('TOKEN_MODULE')
    await expect(open({ module: 'libsofthsm2.so' })).rejects.toThrowWithCode('TOKEN_MODULE')
    await expect(open({ module: scratch })).rejects.toThrowWithCode('TOKEN_MODULE')
    await expect(open({ module: text })).rejects.toThrowWithCode('TOKEN_MODULE')
  })

  it('a key id that the token does not hold is TOKEN_KEY', async () => {
    await expect(open({ keyId: `0x${'00'.repeat(16)}` })).rejects.toThrowWithCode('TOKEN_KEY')
  })

  it('the address of another key is TOKEN_KEY', async () => {
    await expect(open({ address: '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf' })).rejects.toThrowWithCode('TOKEN_KEY')
  })

  it.each([
    ['private', CKO_PRIVATE_KEY],
    ['public', CKO_PUBLIC_KEY],
  ] as const)('a %s half that was deleted from the token is TOKEN_KEY', async (_, half) => {
    const doomed = await makeKey('doomed')
    const signer = await openKey(doomed)
    const intruder = intruderSession(folder)
    const [object] = findObjects(intruder.pkcs11, intruder.session, [
      { type: CKA_CLASS, value: half },
      { type: CKA_ID, value: idBytes(doomed.keyId) },
    ])
    intruder.pkcs11.C_DestroyObject(intruder.session, object as Buffer)
    intruder.close()
    if (half === CKO_PRIVATE_KEY) await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_KEY')
    await signer.close()
    await expect(openKey(doomed)).rejects.toThrowWithCode('TOKEN_KEY')
  })

  it('two public halves of one id are TOKEN_KEY', async () => {
    const doubled = await makeKey('doubled')
    const other = await makeKey('other')
    const intruder = intruderSession(folder)
    const [object] = findObjects(intruder.pkcs11, intruder.session, [
      { type: CKA_CLASS, value: CKO_PUBLIC_KEY },
      { type: CKA_ID, value: idBytes(other.keyId) },
    ])
    intruder.pkcs11.C_CopyObject(intruder.session, object as Buffer, [{ type: CKA_ID, value: idBytes(doubled.keyId) }])
    intruder.close()
    await expect(openKey(doubled)).rejects.toThrowWithCode('TOKEN_KEY')
  })
})

describe('when the token lies', () => {
  const lies: [string, (answer: Buffer) => Buffer][] = [
    ['garbage', (answer) => Buffer.alloc(answer.length, 0x21)],
    ['zeros', (answer) => Buffer.alloc(answer.length)],
    ['ones', (answer) => Buffer.alloc(answer.length, 0xff)],
    [
      'one flipped bit',
      (answer) => {
        answer[17] = (answer[17] as number) ^ 1
        return answer
      },
    ],
    ['r and s swapped', (answer) => Buffer.concat([answer.subarray(32), answer.subarray(0, 32)])],
    ['a byte too few', (answer) => answer.subarray(0, 63)],
    ['nothing', () => Buffer.alloc(0)],
    [
      'DER',
      (answer) =>
        Buffer.concat([Buffer.of(0x30, 68, 2, 32), answer.subarray(0, 32), Buffer.of(2, 32), answer.subarray(32)]),
    ],
  ]
  it.each(lies)('%s is TOKEN_SIGNATURE, nothing is released, and it is not asked again', async (_, lie) => {
    const real = folder.pkcs11.C_SignAsync
    const asked = vi.spyOn(folder.pkcs11, 'C_SignAsync').mockImplementation(async function (
      this: PKCS11,
      ...parameters
    ) {
      return lie(Buffer.from(await real.apply(this, parameters)))
    })
    const signer = await openKey()
    await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_SIGNATURE')
    await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_SIGNATURE')
    expect(asked).toHaveBeenCalledTimes(1)
    await signer.close()
  })

  it('the true signature of another digest is TOKEN_SIGNATURE', async () => {
    const real = folder.pkcs11.C_SignAsync
    vi.spyOn(folder.pkcs11, 'C_SignAsync').mockImplementation(function (this: PKCS11, session, input, output) {
      const other = Buffer.from(input)
      other[0] = (other[0] as number) ^ 1
      return real.call(this, session, other, output)
    })
    const signer = await openKey()
    await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_SIGNATURE')
    await signer.close()
  })

  it('a digest that changes in memory while it signs is TOKEN_SIGNATURE', async () => {
    const real = folder.pkcs11.C_SignAsync
    vi.spyOn(folder.pkcs11, 'C_SignAsync').mockImplementation(async function (this: PKCS11, session, input, output) {
      const answer = await real.call(this, session, input, output)
      input[31] = (input[31] as number) ^ 1
      return answer
    })
    const signer = await openKey()
    await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_SIGNATURE')
    await signer.close()
  })
})

describe('when the token faults', () => {
  it.each(['CKR_DEVICE_ERROR:48', 'CKR_DEVICE_REMOVED:50', 'CKR_GENERAL_ERROR:5', 'no code at all'])(
    '%s is TOKEN_FAULT, and the next signature starts on a clean session',
    async (answer) => {
      const signer = await openKey()
      vi.spyOn(folder.pkcs11, 'C_SignAsync').mockRejectedValueOnce(new Error(answer))
      // The operation of the broken call stays active in its session: CKR_OPERATION_ACTIVE would follow there.
      await expect(signer.sign(digest)).rejects.toThrowWithCode('TOKEN_FAULT')
      await expectAgreement(digest, await signer.sign(digest), signer.address)
      await signer.close()
    },
  )
})
