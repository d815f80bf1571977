import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decryptKeystoreJson, encryptKeystoreJson, Wallet } from 'ethers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { generateKey } from '../../src/keys/generate.ts'
import { importKeystore } from '../../src/keys/import.ts'
import { openSigner } from '../../src/keys/open.ts'
import { publicKeyToAddress } from '../../src/primitives/ecdsa.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type * as storage from '../../src/sign/keystore/web3-secret-storage.ts'
import type { KeyRecord } from '../../src/sign/signer.ts'
import vectors from '../vectors/keystore-v3.json' with { type: 'json' }
import { expectAgreement } from '../sign/agreement.ts'
import { temporaryFolder } from '../sign/keystore/key-file.ts'
import { PIN, softHsmToken } from '../sign/pkcs11/token-folder.ts'

const fault = vi.hoisted(() => ({ ciphertext: false }))
vi.mock('../../src/sign/keystore/web3-secret-storage.ts', async (original) => {
  const real = await original<typeof storage>()
  return {
    ...real,
    encryptKeystore: async (key: Uint8Array, passphrase: string) => {
      const written = fault.ciphertext ? Uint8Array.from(key, (byte, i) => (i === 31 ? byte ^ 2 : byte)) : key
      return real.encryptKeystore(written, passphrase)
    },
  }
})
afterEach(() => {
  fault.ciphertext = false
})

const home = softHsmToken('keys-tests')
const folder = temporaryFolder()
const passphrase = 'seven swans swim slowly south'
const digest: Hex = `0x${'3c'.repeat(32)}`

describe('when a key is made in a key file', () => {
  let record: KeyRecord
  beforeAll(async () => {
    record = await generateKey({ name: 'ceo', store: 'keystore', directory: join(folder, 'keys'), passphrase })
  })
  const path = () => join(folder, 'keys', (record.location as { file: string }).file)

  it('the record names it and the file opens to its address, in Coffer and in ethers', async () => {
    expect(record).toMatchObject({
      name: 'ceo',
      location: { store: 'keystore' },
      provenance: { origin: 'generated', kdf: 'scrypt', kdfN: 262_144 },
    })
    expect(publicKeyToAddress(record.publicKey)).toBe(record.address)
    expect((await decryptKeystoreJson(readFileSync(path(), 'utf8'), passphrase)).address).toBe(record.address)
    const signer = await openSigner(record, passphrase, join(folder, 'keys'))
    await expectAgreement(digest, await signer.sign(digest), record.address)
    await signer.close()
  })

  it('G3 only the owner can read the file and its folder', () => {
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700)
  })

  it('a record whose file leads out of the home is KEY_FILE_INVALID', async () => {
    for (const file of ['../keys.json', '/etc/passwd', '', 'a/../../b']) {
      const altered = { ...record, location: { store: 'keystore', file } } as KeyRecord
      await expect(openSigner(altered, passphrase, join(folder, 'keys'))).rejects.toThrowWithCode('KEY_FILE_INVALID')
    }
  })

  it('a record whose address was altered is KEY_FILE_INVALID', async () => {
    const altered = { ...record, address: '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf' } as KeyRecord
    await expect(openSigner(altered, passphrase, join(folder, 'keys'))).rejects.toThrowWithCode('KEY_FILE_INVALID')
  })

  it('a record of another store is KEY_STORE_UNKNOWN', async () => {
    await expect(
      openSigner({ ...record, location: { store: 'paper' } } as never, passphrase, folder),
    ).rejects.toThrowWithCode('KEY_STORE_UNKNOWN')
  })
})

describe('when making a key fails', () => {
  const order = { name: 'cfo', store: 'keystore', directory: join(folder, 'failed') }

  it('a file that does not hold the key that was written is KEY_FILE_INVALID and is removed', async () => {
    fault.ciphertext = true
    await expect(generateKey({ ...order, passphrase })).rejects.toThrowWithCode('KEY_FILE_INVALID')
    expect(readdirSync(order.directory)).toEqual([])
  })

  it.each([
    ['a weak passphrase', { passphrase: 'short' }, 'PASSPHRASE_WEAK'],
    ['no passphrase', {}, 'INPUT_REQUIRED'],
    ['a name with a slash', { name: '../cfo', passphrase }, 'NAME_INVALID'],
    ['an unknown store', { store: 'paper', passphrase }, 'KEY_STORE_UNKNOWN'],
    ['no PIN', { store: 'pkcs11', module: '/usr/lib/none.so', token: 'none' }, 'INPUT_REQUIRED'],
    ['no library', { store: 'pkcs11', pin: PIN, token: 'none' }, 'INPUT_REQUIRED'],
    ['no token', { store: 'pkcs11', pin: PIN, module: '/usr/lib/none.so' }, 'INPUT_REQUIRED'],
    [
      'a library that is not there',
      { store: 'pkcs11', pin: PIN, module: '/usr/lib/none.so', token: 'none' },
      'TOKEN_MODULE',
    ],
  ] as const)('%s is refused and leaves no file', async (_, change, code) => {
    const directory = join(folder, 'untouched')
    await expect(generateKey({ ...order, directory, ...change })).rejects.toThrowWithCode(code)
    expect(existsSync(directory)).toBe(false)
  })

  it('a folder that cannot hold files is STORE_FAULT', async () => {
    const blocked = join(folder, 'blocked')
    writeFileSync(blocked, '')
    await expect(generateKey({ ...order, directory: join(blocked, 'below'), passphrase })).rejects.toThrowWithCode(
      'STORE_FAULT',
    )
    await expect(generateKey({ ...order, directory: blocked, passphrase })).rejects.toThrowWithCode('STORE_FAULT')
  })
})

describe('when a key is made on a token', () => {
  it('the record opens it again from the home, and the wrong PIN does not', async () => {
    const record = await generateKey({
      name: 'coo',
      store: 'pkcs11',
      directory: home.directory,
      pin: PIN,
      module: home.module,
      token: home.token,
    })
    expect(record.provenance).toMatchObject({ origin: 'generated', neverExtractable: true })
    // As in a new process: nothing but the home says where the token is.
    delete process.env['SOFTHSM2_CONF']
    await expect(openSigner(record, 'pin-of-somebody-else', home.directory)).rejects.toThrowWithCode('TOKEN_PIN')
    const signer = await openSigner(record, PIN, home.directory)
    await expectAgreement(digest, await signer.sign(digest), record.address)
    await signer.close()
  })
})

describe('when a key of another wallet is imported', () => {
  it('keeps the address and is encrypted anew at full cost', async () => {
    const wallet = new Wallet(`0x${'42'.repeat(32)}`)
    const text = await encryptKeystoreJson({ address: wallet.address, privateKey: wallet.privateKey }, 'short', {
      scrypt: { N: 1024 },
    })
    const record = await importKeystore({
      name: 'old',
      text,
      passphrase: 'short',
      newPassphrase: passphrase,
      directory: folder,
    })
    expect(record).toMatchObject({ address: wallet.address, provenance: { origin: 'imported', kdfN: 262_144 } })
    const signer = await openSigner(record, passphrase, folder)
    await expectAgreement(digest, await signer.sign(digest), wallet.address as Hex)
    await signer.close()
    await expect(
      importKeystore({ name: 'old', text, passphrase: 'short', newPassphrase: passphrase, directory: folder }),
    ).rejects.toThrowWithCode('FILE_EXISTS')
  })

  it('takes the official pbkdf2 file with its own passphrase', async () => {
    const record = await importKeystore({
      name: 'vector',
      text: JSON.stringify(vectors.test1.json),
      passphrase: vectors.test1.password,
      directory: folder,
    })
    expect(record.address).toBe('0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b')
  })

  const vector = vectors.test1.json
  it.each([
    [
      'the address of another key',
      JSON.stringify({ ...vector, address: '7e5f4552091a69125d5dfcb7b8c2659029395bdf' }),
      'KEY_FILE_INVALID',
    ],
    ['a bare private key', `0x${vectors.test1.priv}`, 'KEY_FILE_INVALID'],
    ['version 1', JSON.stringify({ ...vector, version: 1 }), 'KEY_FILE_INVALID'],
    ['no JSON', 'PRIVATE KEY', 'KEY_FILE_INVALID'],
    ['another passphrase', JSON.stringify({ ...vector }), 'PASSPHRASE_WRONG'],
  ] as const)('refuses %s and writes nothing', async (what, text, code) => {
    const directory = join(folder, 'import-refused')
    const words = what === 'another passphrase' ? 'wrong' : vectors.test1.password
    await expect(importKeystore({ name: 'bad', text, passphrase: words, directory })).rejects.toThrowWithCode(code)
    expect(existsSync(directory)).toBe(false)
  })

  it('refuses a weak new passphrase with PASSPHRASE_WEAK', async () => {
    await expect(
      importKeystore({
        name: 'bad',
        text: JSON.stringify(vector),
        passphrase: vectors.test1.password,
        newPassphrase: 'short',
        directory: folder,
      }),
    ).rejects.toThrowWithCode('PASSPHRASE_WEAK')
  })
})
