import { decryptKeystoreJson, encryptKeystoreJson, Wallet } from 'ethers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseKeystoreText } from '../../../src/sign/keystore/read-file.ts'
import { decryptKeystore, encryptKeystore } from '../../../src/sign/keystore/web3-secret-storage.ts'
import vectors from '../../vectors/keystore-v3.json' with { type: 'json' }
import { TEST_N } from './key-file.ts'

const runs = Math.min(Number(process.env['FC_NUM_RUNS'] ?? 40), 2000)
const passphrase = 'seven swans swim slowly south'
const key = Uint8Array.from(Buffer.from(vectors.test1.priv, 'hex'))
const address = '008aeeda4d805471df9b2a5b0f38a0c3bcba786b'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const file = async () =>
  structuredClone(await encryptKeystore(key, passphrase, { n: TEST_N })) as unknown as Record<
    string,
    Record<string, unknown>
  >

describe('when an official version 3 vector is decrypted', () => {
  it.each(['test1', 'test2'] as const)('%s gives the published key', async (name) => {
    expect(hex(await decryptKeystore(vectors[name].json, vectors[name].password))).toBe(vectors[name].priv)
  })

  it.each(['test1', 'test2'] as const)('%s refuses another passphrase with PASSPHRASE_WRONG', async (name) => {
    await expect(decryptKeystore(vectors[name].json, 'Testpassword')).rejects.toThrowWithCode('PASSPHRASE_WRONG')
  })
})

describe('when another wallet reads what Coffer wrote', () => {
  it('ethers opens a file of the full cost', async () => {
    const ours = await encryptKeystore(key, passphrase)
    expect(ours.crypto.kdfparams).toMatchObject({ n: 262_144, r: 8, p: 1, dklen: 32 })
    const account = await decryptKeystoreJson(JSON.stringify(ours), passphrase)
    expect(account.privateKey).toBe(`0x${hex(key)}`)
    expect(ours.address).toBe(address)
  })

  it('ethers opens files of random keys and passphrases', async () => {
    await fc.assert(
      fc.asyncProperty(
        privateKey(),
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }),
        async (random, words) => {
          const ours = await encryptKeystore(random, words, { n: TEST_N })
          expect((await decryptKeystoreJson(JSON.stringify(ours), words)).privateKey).toBe(`0x${hex(random)}`)
          expect(hex(await decryptKeystore(ours, words))).toBe(hex(random))
        },
      ),
      { numRuns: runs },
    )
  })
})

describe('when Coffer reads what another wallet wrote', () => {
  it('opens a file of ethers with its default cost', async () => {
    const theirs = await new Wallet(`0x${hex(key)}`).encrypt(passphrase)
    expect(hex(await decryptKeystore(JSON.parse(theirs), passphrase))).toBe(hex(key))
  })

  // NFC leaves the ligature alone, NFKC (ethers) writes it as two letters, geth takes the bytes as typed.
  it.each(['ligature ﬁ in a passphrase', 'cafe\u0301 with a combining accent', 'plain ascii words here'])(
    'opens a file of ethers whose passphrase is %j',
    async (words) => {
      const account = { address: `0x${address}`, privateKey: `0x${hex(key)}` }
      const theirs = await encryptKeystoreJson(account, words, { scrypt: { N: TEST_N } })
      expect(hex(await decryptKeystore(JSON.parse(theirs), words))).toBe(hex(key))
    },
  )

  it('opens a passphrase typed with decomposed letters as well as with composed ones', async () => {
    const ours = await encryptKeystore(key, 'cafe\u0301 au lait', { n: TEST_N })
    expect(hex(await decryptKeystore(ours, 'caf\u00e9 au lait'))).toBe(hex(key))
  })

  it('opens a file that spells Crypto with a capital', async () => {
    const { crypto, ...rest } = await file()
    expect(hex(await decryptKeystore({ ...rest, Crypto: crypto }, passphrase))).toBe(hex(key))
  })
})

describe('when a key file is wrong', () => {
  it('refuses any changed byte of the ciphertext or the MAC with PASSPHRASE_WRONG', async () => {
    const good = await encryptKeystore(key, passphrase, { n: TEST_N })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('ciphertext', 'mac'),
        fc.nat(31),
        fc.integer({ min: 1, max: 255 }),
        async (field, at, flip) => {
          const bytes = Buffer.from(good.crypto[field as 'mac'], 'hex')
          bytes[at] = (bytes[at] as number) ^ flip
          const bad = { ...good, crypto: { ...good.crypto, [field]: bytes.toString('hex') } }
          await expect(decryptKeystore(bad, passphrase)).rejects.toThrowWithCode('PASSPHRASE_WRONG')
        },
      ),
      { numRuns: runs },
    )
  })

  it('refuses a file that names the address of another key with KEY_FILE_INVALID', async () => {
    const bad = { ...(await file()), address: '7e5f4552091a69125d5dfcb7b8c2659029395bdf' }
    await expect(decryptKeystore(bad, passphrase)).rejects.toThrowWithCode('KEY_FILE_INVALID')
  })

  it('refuses a key of zero with KEY_FILE_INVALID', async () => {
    await expect(encryptKeystore(new Uint8Array(32), passphrase, { n: TEST_N })).rejects.toThrowWithCode(
      'KEY_FILE_INVALID',
    )
    await expect(encryptKeystore(new Uint8Array(31).fill(1), passphrase, { n: TEST_N })).rejects.toThrowWithCode(
      'KEY_FILE_INVALID',
    )
  })

  const edits: [string, (file: Record<string, Record<string, unknown>>) => unknown][] = [
    ['text instead of a document', () => 'keystore'],
    ['null', () => null],
    ['version 1', (it) => ({ ...it, version: 1 })],
    ['version as text', (it) => ({ ...it, version: '3' })],
    ['no crypto', ({ crypto: _, ...rest }) => rest],
    ['crypto and Crypto at once', (it) => ({ ...it, Crypto: it['crypto'] })],
    ['an unknown field', (it) => ({ ...it, extra: 1 })],
    ['an unknown field inside crypto', (it) => withCrypto(it, { extra: 1 })],
    ['another cipher', (it) => withCrypto(it, { cipher: 'aes-128-cbc' })],
    ['a short iv', (it) => withCrypto(it, { cipherparams: { iv: '00' } })],
    ['a long ciphertext', (it) => withCrypto(it, { ciphertext: '00'.repeat(33) })],
    ['half a byte of MAC', (it) => withCrypto(it, { mac: '0'.repeat(63) })],
    ['an unknown derivation', (it) => withCrypto(it, { kdf: 'argon2id' })],
    ['a prf that is not known', (it) => withPbkdf2(it, { prf: 'hmac-sha1' })],
    ['an address of 19 bytes', (it) => ({ ...it, address: '00'.repeat(19) })],
    ['scrypt with n that is no power of two', (it) => withScrypt(it, { n: 1000 })],
    ['scrypt with n as text', (it) => withScrypt(it, { n: '1024' })],
    ['scrypt with a fraction', (it) => withScrypt(it, { r: 8.5 })],
    ['scrypt that wants another key length', (it) => withScrypt(it, { dklen: 64 })],
    ['G3 scrypt that wants a gigabyte', (it) => withScrypt(it, { n: 2 ** 20, r: 8 })],
    ['G3 scrypt that wants terabytes', (it) => withScrypt(it, { n: 2 ** 40 })],
    ['G3 scrypt that would run for minutes', (it) => withScrypt(it, { n: 2 ** 18, p: 64 })],
    ['G3 pbkdf2 that would run for hours', (it) => withPbkdf2(it, { c: 2 ** 31 })],
    ['pbkdf2 with no rounds', (it) => withPbkdf2(it, { c: 0 })],
  ]
  it.each(edits)('refuses %s with KEY_FILE_INVALID, at once', async (_, edit) => {
    const start = performance.now()
    await expect(decryptKeystore(edit(await file()), passphrase)).rejects.toThrowWithCode('KEY_FILE_INVALID')
    // Generous: the point is that no derivation of the file's choosing ran.
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it.each(['{"version":3,"version":3}', '{', ''])('refuses the text %j with KEY_FILE_INVALID', (text) => {
    expect(() => parseKeystoreText(text)).toThrowWithCode('KEY_FILE_INVALID')
  })
})

function privateKey() {
  return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
    const out = Uint8Array.from(bytes)
    out[0] = (out[0] as number) & 0x7f
    out[31] = (out[31] as number) | 1
    return out
  })
}

function withCrypto(document: Record<string, Record<string, unknown>>, change: object): unknown {
  return { ...document, crypto: { ...document['crypto'], ...change } }
}

function withScrypt(document: Record<string, Record<string, unknown>>, change: object): unknown {
  return withCrypto(document, { kdfparams: { ...(document['crypto'] as { kdfparams: object }).kdfparams, ...change } })
}

function withPbkdf2(document: Record<string, Record<string, unknown>>, change: object): unknown {
  return withCrypto(document, {
    kdf: 'pbkdf2',
    kdfparams: { c: 1000, prf: 'hmac-sha256', dklen: 32, salt: '00'.repeat(32), ...change },
  })
}
