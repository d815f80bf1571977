import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { readSecretFile } from '../../keys/secret.ts'
import { formatTime } from '../../primitives/time.ts'
import type { KeyRecord } from '../../sign/signer.ts'
import { command, group, type Shell } from '../command.ts'
import { newSecretOf, type SecretFlags, secretOf, withSecretFlags } from '../secrets.ts'
import { fields, table } from '../text/wrap.ts'
import { readText } from './flags.ts'

const place = ({ location }: KeyRecord): string =>
  location.store === 'pkcs11' ? `pkcs11, token ${location.token}` : 'keystore'

function describe(key: KeyRecord, width: number): string {
  return fields(
    [
      ['Name', key.name],
      ['Address', key.address],
      ['Store', place(key)],
      ['Public key', key.publicKey],
      ['Made', formatTime(key.createdAt)],
      [
        'Provenance',
        Object.entries(key.provenance)
          .map(([fact, value]) => `${fact} ${String(value)}`)
          .join(', '),
      ],
    ],
    width,
  )
}

export function keyCommands(shell: Shell): Command {
  return group('key', 'the keys of this home', [
    command<[string, SecretFlags & { store: string; module?: string; token?: string; newToken?: boolean }]>(
      shell,
      {
        name: 'generate',
        summary: 'make a key that never leaves its store',
        example: 'coffer key generate alice --store pkcs11 --module /usr/lib/softhsm/libsofthsm2.so --token treasury',
        setUp: (made) =>
          withSecretFlags(made.argument('<name>'))
            .option('--store <store>', 'keystore (an encrypted file) or pkcs11 (a token or HSM)', 'keystore')
            .option('--module <path>', 'PKCS#11 module of the vendor')
            .option('--token <label>', 'label of the token')
            .option('--new-token', 'make a SoftHSM token of that label in the home first (for trials)'),
      },
      async (session, name, flags) => {
        const token = flags.store === 'pkcs11'
        const secret = await (token && flags.newToken !== true ? secretOf : newSecretOf)(
          session.io,
          flags,
          name,
          token ? 'PIN' : 'Passphrase',
        )
        let { module } = flags
        if (flags.newToken === true)
          module = (
            await session.call('token.create', {
              label: flags.token ?? '',
              pin: secret,
              soPin: randomBytes(12).toString('hex'),
            })
          ).module
        session.progress(token ? 'the token makes the key' : 'encrypting the key file')
        const key = await session.call('key.generate', {
          name,
          store: flags.store,
          secret,
          ...(module !== undefined && { module }),
          ...(flags.token !== undefined && { token: flags.token }),
        })
        return { json: key, text: `Made a key.\n${describe(key, session.io.width)}` }
      },
    ),
    command<[string, string, SecretFlags & { newPassphraseFile?: string }]>(
      shell,
      {
        name: 'import',
        summary: 'take over a Web3 Secret Storage v3 file; the address stays the same',
        example: 'coffer key import old-payer UTC--2024-01-01--abc.json',
        setUp: (made) =>
          withSecretFlags(made.argument('<name>').argument('<file>')).option(
            '--new-passphrase-file <file>',
            'encrypt it anew under this passphrase; the old one must be strong otherwise',
          ),
      },
      async (session, name, file, flags) => {
        const text = readText(file, 'the key file')
        const newSecret = flags.newPassphraseFile === undefined ? undefined : readSecretFile(flags.newPassphraseFile)
        const key = await session.call('key.import', {
          name,
          file: text,
          secret: await secretOf(session.io, flags, name, 'Passphrase'),
          newSecret,
        })
        return { json: key, text: `Imported a key.\n${describe(key, session.io.width)}` }
      },
    ),
    command<[object]>(
      shell,
      { name: 'list', summary: 'list the keys', example: 'coffer key list' },
      async (session) => {
        const keys = await session.call('key.list', {})
        return {
          json: keys,
          text:
            keys.length === 0
              ? 'No keys yet. Run coffer key generate.'
              : table(
                  ['NAME', 'ADDRESS', 'STORE'],
                  keys.map((key) => [key.name, key.address, place(key)]),
                ),
        }
      },
    ),
    command<[string, object]>(
      shell,
      {
        name: 'show',
        summary: 'show the public part of a key',
        example: 'coffer key show alice',
        setUp: (made) => made.argument('<name>'),
      },
      async (session, name) => {
        const key = await session.call('key.show', { name })
        return { json: key, text: describe(key, session.io.width) }
      },
    ),
  ])
}
