import type { Command } from 'commander'
import { formatTime } from '../../primitives/time.ts'
import { command, type Shell } from '../command.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import { collect } from './flags.ts'
import { signatureFrom } from './signature-file.ts'

export function freezeCommands(shell: Shell): readonly Command[] {
  return [
    command<[{ reason: string }]>(shell, {
      name: 'freeze', summary: 'stop everything but rejections, at once; one person is enough', example: 'coffer freeze --reason "laptop of alice stolen"',
      setUp: (made) => made.requiredOption('--reason <text>', 'why; goes to the log'),
    }, async (session, flags) => {
      const frozen = await session.call('freeze', { reason: flags.reason })
      return { json: frozen, text: `Frozen by ${frozen.by} at ${formatTime(frozen.at)}: ${frozen.reason}\nOnly rejections go through. Thawing needs the policy admins and a delay: coffer unfreeze.` }
    }),
    command<[SecretFlags & { key?: readonly string[]; signature?: readonly string[] }]>(shell, {
      name: 'unfreeze', summary: 'thaw: the admins sign, the delay of the policy passes, then run it again', example: 'coffer unfreeze --key admin',
      setUp: (made) => withSecretFlags(made).option('--key <name>', 'key of an admin in this home; repeatable', collect).option('--signature <hex or file>', 'signature of an admin elsewhere; repeatable', collect),
    }, async (session, flags) => {
      const keys: { key: string; secret: string }[] = []
      for (const key of flags.key ?? []) keys.push({ key, secret: await secretOf(session.io, flags, key, secretName(await session.call('key.show', { name: key }))) })
      const done = await session.call('unfreeze', { keys, signatures: (flags.signature ?? []).map(signatureFrom) })
      return { json: done, text: 'Thawed.' }
    }),
  ]
}
