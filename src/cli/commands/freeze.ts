import type { Command } from 'commander'
import { toJsonText } from '../../primitives/json.ts'
import { formatTime } from '../../primitives/time.ts'
import { command, type Shell } from '../command.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import { wrap } from '../text/wrap.ts'
import { collect } from './flags.ts'
import { writeNew } from './policy.ts'
import { signatureFrom } from './signature-file.ts'

export function freezeCommands(shell: Shell): readonly Command[] {
  return [
    command<[{ reason: string }]>(
      shell,
      {
        name: 'freeze',
        summary: 'stop everything but rejections, at once; one person is enough',
        example: 'coffer freeze --reason "laptop of alice stolen"',
        setUp: (made) => made.requiredOption('--reason <text>', 'why; goes to the log'),
      },
      async (session, flags) => {
        const frozen = await session.call('freeze', { reason: flags.reason })
        return {
          json: frozen,
          text: wrap(
            `Frozen by ${frozen.by} at ${formatTime(frozen.at)}: ${frozen.reason}\nOnly rejections go through. Thawing needs the policy admins and a delay: coffer unfreeze.`,
            session.io.width,
          ),
        }
      },
    ),
    command<[SecretFlags & { key?: readonly string[]; signature?: readonly string[]; export?: string }]>(
      shell,
      {
        name: 'unfreeze',
        summary: 'thaw: the admins sign, the delay of the policy passes, then run it again',
        example: 'coffer unfreeze --key admin',
        setUp: (made) =>
          withSecretFlags(made)
            .option('--key <name>', 'key of an admin in this home; repeatable', collect)
            .option('--signature <hex or file>', 'signature of an admin elsewhere; repeatable', collect)
            .option('--export <file>', 'write the EIP-712 document that admins elsewhere sign, and thaw nothing'),
      },
      async (session, flags) => {
        if (flags.export !== undefined) {
          const exported = await session.call('unfreeze.export', {})
          writeNew(flags.export, toJsonText(exported.typedData, 2))
          return {
            json: exported,
            text: `Wrote ${flags.export}: each admin signs it, then hand the signatures in with --signature.`,
          }
        }
        const keys: { key: string; secret: string }[] = []
        for (const key of flags.key ?? [])
          keys.push({
            key,
            secret: await secretOf(session.io, flags, key, secretName(await session.call('key.show', { name: key }))),
          })
        const done = await session.call('unfreeze', { keys, signatures: (flags.signature ?? []).map(signatureFrom) })
        return { json: done, text: 'Thawed.' }
      },
    ),
  ]
}
