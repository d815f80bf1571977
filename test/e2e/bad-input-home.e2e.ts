import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { vi } from 'vitest'
import { badInputTable, type Place, rewrite, type Row, sharePreparedHome, transfer } from '../cli/bad-input-table.ts'
import { MODULE, PASSPHRASE, STRANGER, VENDOR } from '../cli/prepared-home.ts'

vi.mock('../../src/service/local/client.ts', () => import('../cli/in-process-signer.ts'))

// What lies around the command: secrets, keys, tokens, signatures from elsewhere, the home itself, disk and clock.

sharePreparedHome()

const HOUR = 3600
const NO_TERMINAL = ['freeze', '--reason', 'a test']

const propose =
  (...flags: readonly string[]): Row['args'] =>
  (place) => [...transfer()(place), ...flags]
const approveOpen =
  (...flags: readonly string[]): Row['args'] =>
  ({ prepared }) => ['approve', prepared.ids.open, '--key', 'carol', '--digest', prepared.digests.open, ...flags]
const handIn =
  (id: 'open' | 'complete', signature: (place: Place) => string): Row['args'] =>
  (place) => ['approve', place.prepared.ids[id], '--signature', signature(place)]

const keyFile = ({ home }: Place): string =>
  join(home, 'keys', readdirSync(join(home, 'keys')).find((name) => name.startsWith('cold-')) as string)

function edit(home: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(join(home, 'coffer.db'))
  try {
    for (const statement of statements) database.exec(statement)
  } finally {
    database.close()
  }
}

const unlockLog = ['drop trigger log_no_update', 'drop trigger log_no_delete', 'drop trigger log_no_gap']

badInputTable('a secret that does not open anything', [
  {
    name: 'a wrong passphrase',
    code: 'PASSPHRASE_WRONG',
    exit: 2,
    args: (place) =>
      propose('--key', 'cold', '--passphrase-file', place.file('p', 'another passphrase altogether'))(place),
  },
  {
    name: 'a passphrase file of mode 0644',
    code: 'FILE_PERMISSIONS',
    exit: 2,
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p644', PASSPHRASE, 0o644))(place),
  },
  {
    name: 'a passphrase file that is not there',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: propose('--key', 'cold', '--passphrase-file', '/nowhere/passphrase'),
  },
  {
    name: 'an empty passphrase file',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', '\n'))(place),
  },
  {
    name: 'a folder as passphrase file',
    code: 'FILE_PERMISSIONS',
    exit: 2,
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.home)(place),
  },
  {
    name: 'no passphrase and no terminal',
    code: 'INPUT_REQUIRED',
    exit: 2,
    args: propose('--key', 'cold'),
    says: /passphrase of key cold/,
  },
  {
    name: 'a descriptor that is no number',
    code: 'USAGE',
    exit: 2,
    args: propose('--key', 'cold', '--passphrase-fd', 'three'),
  },
  {
    name: 'a descriptor that is not open',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: propose('--key', 'cold', '--passphrase-fd', '4077'),
  },
  {
    name: 'a new passphrase that is too short',
    code: 'PASSPHRASE_WEAK',
    exit: 2,
    args: ({ file }) => ['key', 'generate', 'dave', '--passphrase-file', file('p', 'short')],
  },
  {
    name: 'a wrong PIN',
    code: 'TOKEN_PIN',
    exit: 2,
    args: (place) => approveOpen('--passphrase-file', place.file('p', 'not the pin'))(place),
  },
  {
    name: 'a new PIN that is too short',
    code: 'TOKEN_PIN',
    exit: 2,
    args: ({ file }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--token',
      'second',
      '--new-token',
      '--passphrase-file',
      file('p', '123'),
    ],
  },
])

badInputTable('a key or token that is not as it was', [
  {
    name: 'a key file with a flipped byte',
    code: 'PASSPHRASE_WRONG',
    exit: 2,
    given: (place) =>
      rewrite(keyFile(place), (text) => text.replace(/("ciphertext": "..)../, '$1aa').replace(/("mac": ")../, '$100')),
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', PASSPHRASE))(place),
  },
  {
    name: 'a key file cut in half',
    code: 'KEY_FILE_INVALID',
    exit: 2,
    given: (place) => rewrite(keyFile(place), (text) => text.slice(0, text.length / 2)),
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', PASSPHRASE))(place),
  },
  {
    name: 'a key file that asks for a terabyte',
    code: 'KEY_FILE_INVALID',
    exit: 2,
    given: (place) => rewrite(keyFile(place), (text) => text.replace(/"n": \d+/, '"n": 1073741824')),
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', PASSPHRASE))(place),
  },
  {
    name: 'a key file that everybody can read',
    code: 'FILE_PERMISSIONS',
    exit: 2,
    given: (place) => chmodSync(keyFile(place), 0o644),
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', PASSPHRASE))(place),
  },
  {
    name: 'a key file that is gone',
    code: 'FILE_UNREADABLE',
    exit: 2,
    given: (place) => unlinkSync(keyFile(place)),
    args: (place) => propose('--key', 'cold', '--passphrase-file', place.file('p', PASSPHRASE))(place),
  },
  {
    name: 'an import of something else',
    code: 'KEY_FILE_INVALID',
    exit: 2,
    args: ({ file, pin }) => ['key', 'import', 'old', file('k.json', '{"version":1}'), '--passphrase-file', pin],
  },
  {
    name: 'an import of a bare private key',
    code: 'KEY_FILE_INVALID',
    exit: 2,
    args: ({ file, pin }) => [
      'key',
      'import',
      'old',
      file('k.json', 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'),
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a token that is gone',
    code: 'TOKEN_NOT_FOUND',
    exit: 1,
    given: ({ home }) => {
      const tokens = join(home, 'keys', 'softhsm', 'tokens')
      rmSync(tokens, { recursive: true })
      mkdirSync(tokens)
    },
    args: (place) => approveOpen('--passphrase-file', place.pin)(place),
  },
  {
    name: 'a token of another label',
    code: 'TOKEN_NOT_FOUND',
    exit: 1,
    args: ({ pin }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--module',
      MODULE,
      '--token',
      'treasury',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a module that is not there',
    code: 'TOKEN_MODULE',
    exit: 1,
    args: ({ pin }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--module',
      '/nowhere/libcryptoki.so',
      '--token',
      'prepared',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a module that is no library',
    code: 'TOKEN_MODULE',
    exit: 1,
    args: ({ pin }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--module',
      pin,
      '--token',
      'prepared',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'no module named',
    code: 'INPUT_REQUIRED',
    exit: 2,
    args: ({ pin }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--token',
      'prepared',
      '--passphrase-file',
      pin,
    ],
  },
])

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const word = (value: bigint): string => value.toString(16).padStart(64, '0')
let strange = ''

badInputTable('a signature from elsewhere that does not count', [
  { name: 'of two bytes', code: 'SIGNATURE_INVALID', exit: 2, args: handIn('open', () => '0x1234') },
  { name: 'not hexadecimal', code: 'HEX_INVALID', exit: 2, args: handIn('open', () => 'zzzz') },
  {
    name: 'with a high s',
    code: 'SIGNATURE_INVALID',
    exit: 2,
    args: handIn('open', () => `0x${word(1n)}${word(N - 1n)}1b`),
  },
  { name: 'with v 29', code: 'SIGNATURE_INVALID', exit: 2, args: handIn('open', () => `0x${word(1n)}${word(1n)}1d`) },
  {
    name: 'that is an approved-hash slot',
    code: 'SIGNATURE_INVALID',
    exit: 2,
    args: handIn('open', ({ prepared }) => `0x${prepared.keys.alice.address.slice(2).padStart(64, '0')}${word(0n)}01`),
  },
  {
    name: 'of a stranger',
    code: 'SIGNER_NOT_OWNER',
    exit: 3,
    records: ['alarm.signer-not-owner'],
    given: async ({ prepared }) => void (strange = await STRANGER.sign({ hash: prepared.digests.open })),
    args: handIn('open', () => strange),
  },
  {
    name: 'in a file that holds none',
    code: 'HEX_INVALID',
    exit: 2,
    args: handIn('open', ({ file }) => file('s.json', '{"r":"0x00"}')),
  },
])

const FRESH =
  (place: Place): Row['args'] =>
  () => ['list', '--home', join(place.home, '..', 'fresh')]

badInputTable('a home that is not as it was', [
  { name: 'none', code: 'HOME_MISSING', exit: 2, args: (place) => FRESH(place)(place) },
  { name: 'initialised already', code: 'HOME_EXISTS', exit: 2, args: () => ['init', '--admin', STRANGER.address] },
  {
    name: 'of another version of Coffer',
    code: 'HOME_VERSION',
    exit: 1,
    given: ({ home }) => rewrite(join(home, 'home.json'), (text) => text.replace('"version":1', '"version":2')),
    args: () => ['list'],
  },
  {
    name: 'with a database of another version',
    code: 'HOME_VERSION',
    exit: 1,
    given: ({ home }) => edit(home, 'pragma user_version = 7'),
    args: () => ['list'],
  },
  {
    name: 'with a marker that is no JSON',
    code: 'HOME_TAMPERED',
    exit: 3,
    given: ({ home }) => writeFileSync(join(home, 'home.json'), 'coffer'),
    args: () => ['list'],
  },
  {
    name: 'with another admin in root.json',
    code: 'HOME_TAMPERED',
    exit: 3,
    given: ({ home }) => {
      chmodSync(join(home, 'root.json'), 0o600)
      rewrite(join(home, 'root.json'), (text) =>
        text.replace(/"admins":\["0x[0-9a-fA-F]{40}"\]/, `"admins":["${STRANGER.address}"]`),
      )
    },
    args: () => ['list'],
  },
  {
    name: 'without root.json',
    code: 'HOME_TAMPERED',
    exit: 3,
    given: ({ home }) => unlinkSync(join(home, 'root.json')),
    args: () => ['list'],
  },
  {
    name: 'without log.key',
    code: 'HOME_TAMPERED',
    exit: 3,
    given: ({ home }) => unlinkSync(join(home, 'log.key')),
    args: () => ['list'],
  },
  {
    name: 'with another log.key',
    code: 'HOME_TAMPERED',
    exit: 3,
    given: ({ home }) =>
      rewrite(
        join(home, 'log.key'),
        (text) => `${text.split('\n')[0] as string}\n${Buffer.alloc(32, 7).toString('base64')}\n`,
      ),
    args: () => ['list'],
  },
  {
    name: 'with one changed log entry',
    code: 'LOG_ENTRY_INVALID',
    exit: 3,
    given: ({ home }) =>
      edit(home, ...unlockLog, "update log set text = replace(text, 'chain.added', 'chain.addee') where seq = 1"),
    args: () => ['log', 'verify'],
  },
  {
    name: 'with its last log entry cut off',
    code: 'LOG_INCONSISTENT',
    exit: 3,
    given: ({ home }) => edit(home, ...unlockLog, 'delete from log where seq = (select max(seq) from log)'),
    args: () => ['list'],
  },
  {
    name: 'without its checkpoint',
    code: 'LOG_INCONSISTENT',
    exit: 3,
    given: ({ home }) => unlinkSync(join(home, 'log', 'checkpoint')),
    args: () => ['list'],
  },
  {
    name: 'with one changed byte in a request',
    code: 'REQUEST_ALTERED',
    exit: 3,
    records: ['alarm.request-altered'],
    given: ({ home }) =>
      edit(home, `update requests set body = replace(body, '"amount":"200000000"', '"amount":"900000000"')`),
    args: ({ prepared, pin }) => ['execute', prepared.ids.complete, '--passphrase-file', pin],
  },
  {
    name: 'with garbage in place of the database',
    code: 'STORE_CORRUPT',
    exit: 1,
    given: ({ home }) =>
      writeFileSync(
        join(home, 'coffer.db'),
        'this is not a database, and long enough to be looked at as one'.repeat(20),
      ),
    args: () => ['list'],
  },
  {
    name: 'that is frozen',
    code: 'FROZEN',
    exit: 3,
    given: ({ use }) => use((operations) => operations.run('freeze', { reason: 'a test' })),
    args: ({ prepared, pin }) => ['execute', prepared.ids.complete, '--passphrase-file', pin],
  },
  {
    name: 'that a later version marks in another way',
    code: 'HOME_VERSION',
    exit: 1,
    given: ({ home }) => writeFileSync(join(home, 'home.json'), '{"format":"coffer-home","version":2,"cluster":true}'),
    args: () => ['list'],
  },
  {
    name: 'that an interrupted init left behind',
    code: 'HOME_EXISTS',
    exit: 2,
    says: /coffer init|ended before/,
    given: ({ home }) => unlinkSync(join(home, 'home.json')),
    args: () => ['init', '--admin', STRANGER.address],
  },
  {
    name: 'at a path that is a file',
    code: 'STORE_FAULT',
    exit: 1,
    args: ({ pin }) => ['init', '--admin', STRANGER.address, '--home', join(pin, 'home')],
  },
  {
    name: 'with more admins to sign than there are',
    code: 'FIELD_INVALID',
    exit: 2,
    args: ({ home, pin }) => [
      'init',
      '--home',
      join(home, '..', 'fresh'),
      '--threshold',
      '2',
      '--passphrase-file',
      pin,
    ],
  },
  { name: 'that is not frozen, and thawed', code: 'NOT_FROZEN', exit: 2, args: () => ['unfreeze'] },
])

badInputTable('a machine that does not do its part', [
  {
    name: 'no room for a single byte',
    code: 'STORE_FULL',
    exit: 1,
    real: { shell: 'ulimit -f 0' },
    args: () => NO_TERMINAL,
  },
  {
    // There is room to open the home and to read it; the commit of a long batch is what finds none.
    name: 'no room for one more commit',
    code: 'STORE_FULL',
    exit: 1,
    real: { shell: 'ulimit -f 64' },
    given: ({ file }) => file('long.csv', `to,asset,amount\n${`${VENDOR},USDC,1\n`.repeat(120)}`),
    args: ({ pin }) => ['propose', 'batch', join(pin, '..', 'long.csv'), '--treasury', 'ops'],
  },
  {
    name: 'another process in the database',
    code: 'STORE_LOCKED',
    exit: 1,
    once: true,
    given: async ({ home }) => {
      const script = `const { DatabaseSync } = require('node:sqlite'); const d = new DatabaseSync(process.argv[1]); d.exec('begin exclusive'); console.log('held'); process.stdin.resume()`
      const holder = spawn(process.execPath, ['-e', script, join(home, 'coffer.db')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      await once(holder.stdout, 'data')
      return async () => {
        holder.stdin.end()
        holder.kill('SIGKILL')
        await once(holder, 'close')
      }
    },
    args: () => NO_TERMINAL,
  },
  {
    name: 'a clock that fell behind the log',
    code: 'CLOCK_JUMPED',
    exit: 1,
    clock: -2 * HOUR,
    args: () => NO_TERMINAL,
  },
  {
    name: 'a clock that fell behind the log, in a process of its own',
    code: 'CLOCK_JUMPED',
    exit: 1,
    real: {
      env: {
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent('const now = Date.now; Date.now = () => now() - 7200000')}`,
      },
    },
    args: () => NO_TERMINAL,
  },
  {
    name: 'a clock that runs ahead of the chain',
    code: 'CLOCK_JUMPED',
    exit: 1,
    clock: 2 * HOUR,
    once: true,
    given: async ({ prepared, use }) => {
      prepared.rpc.lie('eth_chainId', { result: () => '0xaa36a7' })
      await use((operations) => operations.run('chain.add', { name: 'sepolia', urls: [prepared.rpc.url] }))
    },
    args: ({ prepared }) => ['treasury', 'adopt', 'other', prepared.safe, '--chain', 'sepolia'],
  },
  {
    name: 'a demo home on a chain of others',
    code: 'DEMO_ONLY',
    exit: 3,
    given: ({ home, prepared }) => {
      rewrite(join(home, 'home.json'), (text) => text.replace('"demo":false', '"demo":true'))
      prepared.rpc.lie('eth_chainId', { result: () => '0x1' })
    },
    args: ({ prepared }) => ['chain', 'add', 'mainnet', '--rpc', prepared.rpc.url],
  },
  {
    name: 'a folder that cannot be written to',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: ({ pin }) => ['log', 'export', join(pin, 'audit')],
  },
  {
    name: 'files of an earlier export',
    code: 'FILE_EXISTS',
    exit: 2,
    given: ({ file }) => appendFileSync(file('entries.jsonl', ''), ''),
    args: ({ pin }) => ['log', 'export', join(pin, '..')],
  },
])
