import type * as fs from 'node:fs'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateKey } from '../../src/keys/generate.ts'
import { openSigner } from '../../src/keys/open.ts'
import { createSoftHsmToken, findSoftHsm } from '../../src/keys/softhsm.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { expectAgreement } from '../sign/agreement.ts'
import { temporaryFolder } from '../sign/keystore/key-file.ts'

const folder = temporaryFolder()
const pin = 'pin-7391-correct'
const soPin = 'officer-4417-pin'
const digest: Hex = `0x${'77'.repeat(32)}`
const absent = vi.hoisted(() => ({ softHsm: false, pkcs11js: false }))
vi.mock('pkcs11js', async (original) => {
  const real = await original<object>()
  return {
    get default() {
      if (absent.pkcs11js) throw new Error('Cannot find package pkcs11js')
      return (real as { default: unknown }).default
    },
  }
})
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return {
    ...real,
    existsSync: (path: string) => !(absent.softHsm && path.includes('libsofthsm2')) && real.existsSync(path),
  }
})
afterEach(() => Object.assign(absent, { softHsm: false, pkcs11js: false }))

// First in the file, because a library that is loaded stays loaded.
describe('when the optional parts are absent', () => {
  it('no SoftHSM is null, and DEPENDENCY_MISSING with what to install', async () => {
    absent.softHsm = true
    expect(findSoftHsm()).toBeNull()
    const refusal = createSoftHsmToken({ directory: join(folder, 'none'), label: 'none', pin, soPin })
    await expect(refusal).rejects.toThrowWithCode('DEPENDENCY_MISSING')
    await expect(refusal).rejects.toMatchObject({ next: expect.stringContaining('softhsm2') as string })
  })

  it('no pkcs11js is DEPENDENCY_MISSING with what to install', async () => {
    absent.pkcs11js = true
    const refusal = createSoftHsmToken({ directory: join(folder, 'none'), label: 'none', pin, soPin })
    await expect(refusal).rejects.toThrowWithCode('DEPENDENCY_MISSING')
    await expect(refusal).rejects.toMatchObject({ next: expect.stringContaining('pkcs11js') as string })
  })
})

describe('when a private token folder is made', () => {
  it('holds several tokens with keys of their own, open at the same time', async () => {
    const directory = join(folder, 'home-a')
    const one = await createSoftHsmToken({ directory: join(directory, 'softhsm'), label: 'owner-one', pin, soPin })
    const keyOne = await generateKey({
      name: 'one',
      store: 'pkcs11',
      directory,
      pin,
      module: one.module,
      token: one.token,
    })
    const signerOne = await openSigner(keyOne, pin, directory)
    const two = await createSoftHsmToken({
      directory: join(directory, 'softhsm'),
      label: 'owner-two',
      pin: 'another-pin',
      soPin,
    })
    const keyTwo = await generateKey({
      name: 'two',
      store: 'pkcs11',
      directory,
      pin: 'another-pin',
      module: two.module,
      token: two.token,
    })
    const signerTwo = await openSigner(keyTwo, 'another-pin', directory)
    await expectAgreement(digest, await signerOne.sign(digest), keyOne.address)
    await expectAgreement(digest, await signerTwo.sign(digest), keyTwo.address)
    await expect(openSigner(keyTwo, pin, directory)).rejects.toThrowWithCode('TOKEN_PIN')
    await signerOne.close()
    await signerTwo.close()
  })

  it('G3 only the owner can read configuration and folder, and no PIN is in them', () => {
    const softhsm = join(folder, 'home-a', 'softhsm')
    expect(statSync(softhsm).mode & 0o777).toBe(0o700)
    expect(statSync(join(softhsm, 'tokens')).mode & 0o777).toBe(0o700)
    expect(statSync(join(softhsm, 'softhsm2.conf')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(softhsm, 'softhsm2.conf'), 'utf8')).not.toMatch(/pin/i)
  })

  it('refuses a label that is taken with NAME_TAKEN', async () => {
    await expect(
      createSoftHsmToken({ directory: join(folder, 'home-a', 'softhsm'), label: 'owner-one', pin, soPin }),
    ).rejects.toThrowWithCode('NAME_TAKEN')
  })

  it.each(['', 'x'.repeat(33), 'ümlaut', ' blank', 'line\nbreak'])(
    'refuses the label %j with NAME_INVALID',
    async (label) => {
      await expect(
        createSoftHsmToken({ directory: join(folder, 'home-z'), label, pin, soPin }),
      ).rejects.toThrowWithCode('NAME_INVALID')
    },
  )

  it.each(['123', 'x'.repeat(256)])(
    'refuses a PIN of a length that tokens do not take with TOKEN_PIN, and makes nothing',
    async (bad) => {
      await expect(
        createSoftHsmToken({ directory: join(folder, 'home-z'), label: 'short', pin: bad, soPin }),
      ).rejects.toThrowWithCode('TOKEN_PIN')
      expect(existsSync(join(folder, 'home-z'))).toBe(false)
    },
  )

  it('refuses a folder with a configuration of somebody else with FILE_EXISTS', async () => {
    const directory = join(folder, 'home-c')
    await createSoftHsmToken({ directory, label: 'mine', pin, soPin })
    writeFileSync(join(directory, 'softhsm2.conf'), 'directories.tokendir = /elsewhere\n')
    await expect(createSoftHsmToken({ directory, label: 'second', pin, soPin })).rejects.toThrowWithCode('FILE_EXISTS')
  })
})

describe('when one process works with two homes', () => {
  it('changes folders while nothing is open, and refuses with TOKEN_MODULE while something is', async () => {
    const [first, second] = [join(folder, 'home-d'), join(folder, 'home-e')]
    const one = await createSoftHsmToken({ directory: first, label: 'same-label', pin, soPin })
    const keyOne = await generateKey({
      name: 'one',
      store: 'pkcs11',
      directory: first,
      pin,
      module: one.module,
      token: one.token,
    })
    const two = await createSoftHsmToken({ directory: second, label: 'same-label', pin, soPin })
    const keyTwo = await generateKey({
      name: 'two',
      store: 'pkcs11',
      directory: second,
      pin,
      module: two.module,
      token: two.token,
    })
    const signer = await openSigner(keyOne, pin, first)
    await expectAgreement(digest, await signer.sign(digest), keyOne.address)
    await expect(openSigner(keyTwo, pin, second)).rejects.toThrowWithCode('TOKEN_MODULE')
    await signer.close()
    const other = await openSigner(keyTwo, pin, second)
    await expectAgreement(digest, await other.sign(digest), keyTwo.address)
    await other.close()
  })

  it('a token folder that was taken away is TOKEN_MODULE, and the next home works all the same', async () => {
    const directory = join(folder, 'home-f')
    const { module, token } = await createSoftHsmToken({ directory, label: 'gone', pin, soPin })
    const key = await generateKey({ name: 'gone', store: 'pkcs11', directory, pin, module, token })
    // Another home in between, so that the library reads the folder again, as a new process does.
    const between = join(folder, 'home-g')
    await createSoftHsmToken({ directory: between, label: 'between', pin, soPin })
    const other = await generateKey({
      name: 'between',
      store: 'pkcs11',
      directory: between,
      pin,
      module,
      token: 'between',
    })
    rmSync(join(directory, 'tokens'), { recursive: true })
    await expect(openSigner(key, pin, directory)).rejects.toThrowWithCode('TOKEN_MODULE')
    const signer = await openSigner(other, pin, between)
    await expectAgreement(digest, await signer.sign(digest), other.address)
    await signer.close()
  })
})
