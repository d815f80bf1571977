import type { Command } from 'commander'
import { CustodyError } from '../errors.ts'
import { readSecretFd, readSecretFile } from '../keys/secret.ts'
import type { KeyRecord, Secret } from '../sign/signer.ts'
import type { Io } from './io.ts'

export interface SecretFlags {
  /** `FILE`, or `KEY=FILE` where a command takes several keys. */
  readonly passphraseFile?: readonly string[]
  readonly passphraseFd?: string
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Adds the two ways, besides a prompt, by which a passphrase or PIN reaches the signer. */
export function withSecretFlags(command: Command): Command {
  return command
    .option(
      '--passphrase-file <file>',
      'read the passphrase or PIN from a file of mode 0600; KEY=FILE where several keys are used',
      collect,
    )
    .option('--passphrase-fd <number>', 'read the passphrase or PIN from an open file descriptor')
}

/** The secret of one key: from a flag, else asked at the terminal. @throws INPUT_REQUIRED naming the flag, FILE_PERMISSIONS */
export async function secretOf(io: Io, flags: SecretFlags, key: string, what = 'Passphrase'): Promise<Secret> {
  const files = flags.passphraseFile ?? []
  const named = files.find((file) => file.startsWith(`${key}=`))
  const plain = files.find((file) => !/^[a-z0-9][a-z0-9.-]{0,63}=/.test(file))
  if (named !== undefined) return readSecretFile(named.slice(key.length + 1))
  if (plain !== undefined) return readSecretFile(plain)
  if (flags.passphraseFd !== undefined) return readSecretFd(parseFd(flags.passphraseFd))
  if (!io.interactive) {
    throw new CustodyError(
      'INPUT_REQUIRED',
      `The ${what.toLowerCase()} of key ${key} is needed and there is no terminal to ask at.`,
      { next: 'Give --passphrase-file FILE (mode 0600) or --passphrase-fd NUMBER.' },
    )
  }
  return io.askSecret(`${what} of key ${key}: `)
}

/** The same for a new key: asked twice at the terminal. */
export async function newSecretOf(io: Io, flags: SecretFlags, key: string, what = 'Passphrase'): Promise<Secret> {
  const fromFlag = (flags.passphraseFile?.length ?? 0) > 0 || flags.passphraseFd !== undefined
  const first = await secretOf(io, flags, key, what)
  if (fromFlag) return first
  if ((await io.askSecret('Again: ')) !== first)
    throw new CustodyError('PASSPHRASE_WRONG', 'The two entries differ; nothing was made.')
  return first
}

export function secretName(key: KeyRecord): string {
  return key.location.store === 'pkcs11' ? 'PIN' : 'Passphrase'
}

function parseFd(text: string): number {
  if (!/^[0-9]{1,4}$/.test(text))
    throw new CustodyError('USAGE', `Expected --passphrase-fd as a number, got "${text.slice(0, 20)}".`)
  return Number(text)
}
