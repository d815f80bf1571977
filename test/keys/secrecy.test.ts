import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { CustodyError } from '../../src/errors.ts'
import { generateKey } from '../../src/keys/generate.ts'
import { importKeystore } from '../../src/keys/import.ts'
import { openSigner } from '../../src/keys/open.ts'
import { assertPassphrase } from '../../src/keys/passphrase.ts'
import { readSecretFile } from '../../src/keys/secret.ts'
import { decryptKeystore, encryptKeystore } from '../../src/sign/keystore/web3-secret-storage.ts'
import type { KeyRecord, Signer } from '../../src/sign/signer.ts'
import vectors from '../vectors/keystore-v3.json' with { type: 'json' }
import { temporaryFolder, TEST_N } from '../sign/keystore/key-file.ts'
import { PIN, softHsmToken } from '../sign/pkcs11/token-folder.ts'

const home = softHsmToken('secrecy-tests')
const folder = temporaryFolder()
const passphrase = 'unmistakable passphrase 81f7'
const wrongPin = 'unmistakable-pin-44c2'
const secrets = [
  passphrase,
  PIN,
  wrongPin,
  'officer-4417-pin',
  vectors.test1.priv,
  Buffer.from(vectors.test1.priv, 'hex').toString('base64'),
]

let keystore: KeyRecord
let onToken: KeyRecord
beforeAll(async () => {
  keystore = await generateKey({ name: 'soft', store: 'keystore', directory: home.directory, passphrase })
  onToken = await generateKey({
    name: 'hard',
    store: 'pkcs11',
    directory: home.directory,
    pin: PIN,
    module: home.module,
    token: home.token,
  })
})

/** Everything a log, a crash report or a debugger could print of a value, hidden properties, causes and stacks included. */
function everything(value: unknown): string {
  const shown = inspect(value, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxStringLength: Infinity,
    maxArrayLength: Infinity,
  })
  const error =
    value instanceof CustodyError ? JSON.stringify(value.toJSON()) + (value.stack ?? '') + everything(value.cause) : ''
  return shown + error + JSON.stringify(value)
}

function expectNoSecret(text: string): void {
  for (const secret of secrets) expect(text.includes(secret), 'a secret is in the text').toBe(false)
}

describe('when something goes wrong on the way to a key', () => {
  const failures: [string, () => unknown][] = [
    ['a wrong passphrase', () => openSigner(keystore, wrongPin, home.directory)],
    ['a wrong PIN', () => openSigner(onToken, wrongPin, home.directory)],
    [
      'a wrong PIN for a token that is open',
      async () => {
        const signer = await openSigner(onToken, PIN, home.directory)
        try {
          await openSigner(onToken, wrongPin, home.directory)
        } finally {
          await signer.close()
        }
      },
    ],
    [
      'a binding that repeats the PIN in its error',
      async () => {
        const login = vi.spyOn(home.pkcs11, 'C_Login').mockImplementation((_session, _user, pin) => {
          throw new Error(`CKR_FUNCTION_FAILED:6 for ${pin ?? ''}`)
        })
        try {
          await openSigner(onToken, PIN, home.directory)
        } finally {
          login.mockRestore()
        }
      },
    ],
    ['a weak passphrase', () => assertPassphrase(passphrase.slice(0, 2).repeat(20))],
    [
      'a file with a bare private key',
      () => importKeystore({ name: 'raw', text: vectors.test1.priv, passphrase, directory: folder }),
    ],
    [
      'a file with a bare private key in JSON',
      () =>
        importKeystore({
          name: 'raw',
          text: `{"version":3,"privateKey":"${vectors.test1.priv}"}`,
          passphrase,
          directory: folder,
        }),
    ],
    [
      'a bare private key where the address belongs',
      () => decryptKeystore({ ...vectors.test1.json, address: vectors.test1.priv }, passphrase),
    ],
    [
      'a bare private key as the kdf',
      () =>
        decryptKeystore(
          { ...vectors.test1.json, crypto: { ...vectors.test1.json.crypto, kdf: vectors.test1.priv } },
          passphrase,
        ),
    ],
    [
      'a key file of another address',
      async () => {
        const file = await encryptKeystore(Buffer.from(vectors.test1.priv, 'hex'), passphrase, { n: TEST_N })
        return decryptKeystore({ ...file, address: '00'.repeat(20) }, passphrase)
      },
    ],
    [
      'a secret file that others can read',
      () => {
        const file = join(folder, 'loose')
        writeFileSync(file, passphrase, { mode: 0o644 })
        return readSecretFile(file)
      },
    ],
    [
      'a key of the wrong length',
      () => encryptKeystore(Buffer.from(`${vectors.test1.priv}00`, 'hex'), passphrase, { n: TEST_N }),
    ],
  ]
  it.each(failures)('G3 %s shows no secret: message, details, cause, stack', async (_, attempt) => {
    let thrown: unknown
    try {
      await attempt()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(CustodyError)
    expectNoSecret(everything(thrown))
  })
})

describe('when a signer or a record is printed', () => {
  it.each(['keystore', 'pkcs11'])(
    'G3 the one of %s shows no secret, and its properties cannot be replaced',
    async (store) => {
      const record = store === 'keystore' ? keystore : onToken
      const signer = await openSigner(record, store === 'keystore' ? passphrase : PIN, home.directory)
      expectNoSecret(everything(signer))
      expectNoSecret(everything(record))
      expect(Object.keys(signer).sort()).toEqual(['address', 'close', 'sign'])
      expect(() => {
        ;(signer as { sign: Signer['sign'] }).sign = async () => ({ r: '0x', s: '0x', yParity: 0 })
      }).toThrow(TypeError)
      await signer.close()
    },
  )
})

describe('when keys are made and used in a process', () => {
  it('G3 no secret is in its argv, its environment or a child of its own', () => {
    const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/keys/${path}`, import.meta.url)))
    const script = `
      import childProcess from 'node:child_process'
      import { readFileSync } from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      import { generateKey } from ${source('generate.ts')}
      import { openSigner } from ${source('open.ts')}
      import { createSoftHsmToken } from ${source('softhsm.ts')}
      import { readSecretFd } from ${source('secret.ts')}
      const [passphrase, pin, soPin] = readSecretFd(0).split('\\n')
      const children = []
      for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) childProcess[name] = () => { children.push(name) }
      syncBuiltinESMExports()
      const directory = process.argv.at(-1)
      const { module, token } = await createSoftHsmToken({ directory, label: 'child', pin, soPin })
      const hard = await generateKey({ name: 'hard', store: 'pkcs11', directory, pin, module, token })
      const soft = await generateKey({ name: 'soft', store: 'keystore', directory, passphrase })
      const signers = [await openSigner(hard, pin, directory), await openSigner(soft, passphrase, directory)]
      for (const signer of signers) await signer.sign('0x' + '11'.repeat(32))
      const kernel = process.platform === 'linux' ? readFileSync('/proc/self/cmdline', 'utf8') + readFileSync('/proc/self/environ', 'utf8') : ''
      process.stdout.write(JSON.stringify({ signed: signers.length, children, seen: [process.argv, process.execArgv, process.env, kernel] }))
      for (const signer of signers) await signer.close()
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script, join(folder, 'child')], {
      input: `${passphrase}\n${PIN}\nofficer-4417-pin\n`,
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    const result = JSON.parse(run.stdout) as { signed: number; children: string[]; seen: unknown }
    expect(result.signed).toBe(2)
    expect(result.children).toEqual([])
    expectNoSecret(run.stdout)
  })

  it('G3 the key file holds the key only encrypted', () => {
    const text = readFileSync(join(home.directory, (keystore.location as { file: string }).file), 'utf8')
    expectNoSecret(text)
    expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(['address', 'crypto', 'id', 'version'])
  })
})
