import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { parseAddress } from '../../primitives/address.ts'
import { parseName } from '../../primitives/name.ts'
import { command, type Shell } from '../command.ts'
import { newSecretOf, type SecretFlags, withSecretFlags } from '../secrets.ts'
import { fields, wrap } from '../text/wrap.ts'
import { collect, wholeNumber } from './flags.ts'

interface InitFlags extends SecretFlags {
  readonly admin?: readonly string[]
  readonly adminKey?: string
  readonly threshold: string
  readonly template?: string
  readonly member?: readonly string[]
  readonly chainId: string
}

export function initCommand(shell: Shell): Command {
  return command<[InitFlags]>(
    shell,
    {
      name: 'init',
      summary: 'make a home: pins the policy admins (keys and threshold) and the key of the log',
      example: 'coffer init --template small-team --member alice=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      setUp: (made) =>
        withSecretFlags(made)
          .option('--admin <address>', 'address of a policy admin whose key lives elsewhere; repeatable', collect)
          .option(
            '--admin-key <name>',
            'make an admin key of this name in the home (default: admin, unless --admin is given)',
          )
          .option('--threshold <number>', 'how many admins must sign a policy', '1')
          .option('--template <name>', 'also write a first policy.yaml from a template: small-team')
          .option('--member <name=address>', 'a person of the template; repeatable', collect)
          .option('--chain-id <number>', 'chain id that the template is for', '1'),
    },
    async (session, flags) => {
      const admins = (flags.admin ?? []).map((admin) => parseAddress(admin, '--admin'))
      const keyName = flags.adminKey ?? (admins.length === 0 ? 'admin' : undefined)
      const policy =
        flags.template === undefined
          ? null
          : (await session.call('policy.template', templateOf(flags, flags.template))).document
      const adminKey =
        keyName === undefined
          ? null
          : { name: parseName(keyName, '--admin-key'), passphrase: await newSecretOf(session.io, flags, keyName) }
      const made = await session.call('home.init', {
        admins: [...admins],
        threshold: wholeNumber(flags.threshold, '--threshold'),
        demo: false,
        adminKey,
      })
      const policyFile = policy === null ? null : join(session.home, 'policy.yaml')
      if (policyFile !== null && policy !== null) writeFileSync(policyFile, policy, { mode: 0o600, flag: 'wx' })
      return {
        json: {
          home: made.directory,
          homeId: made.root.homeId,
          admins: made.root.admins,
          threshold: made.root.threshold,
          logKey: made.root.logKey,
          adminKey: made.adminKey?.name ?? null,
          policyFile,
        },
        text: [
          `Made the home ${made.directory}.`,
          fields(
            [
              ['Policy admins', `${made.root.admins.join(', ')} (${made.root.threshold} must sign)`],
              ['Log key', made.root.logKey],
              ...(policyFile === null ? [] : [['First policy', `${policyFile} (edit it, then activate it)`] as const]),
            ],
            session.io.width,
          ),
          '',
          wrap(
            'Keep the verifier key above, and checkpoints now and then, somewhere else: coffer log checkpoint.',
            session.io.width,
          ),
          wrap(
            'Next: coffer chain add NAME --rpc URL, coffer key generate NAME, coffer policy activate FILE.',
            session.io.width,
          ),
        ].join('\n'),
      }
    },
  )
}

function templateOf(flags: InitFlags, name: string) {
  const members = (flags.member ?? []).map((member) => {
    const [who = '', address = ''] = member.split('=')
    return [parseName(who, '--member'), parseAddress(address, `the address of --member ${who}`)] as const
  })
  if (members.length === 0) {
    throw new CustodyError('INPUT_REQUIRED', 'The template needs at least one person.', {
      next: 'Give --member NAME=ADDRESS once for each, or leave --template out and run coffer policy template later.',
    })
  }
  return { name, chainId: wholeNumber(flags.chainId, '--chain-id'), principals: Object.fromEntries(members) }
}
