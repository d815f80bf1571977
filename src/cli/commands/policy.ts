import type { Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { existsSync, writeFileSync } from 'node:fs'
import { toJsonText } from '../../primitives/json.ts'
import { command, group, type Shell } from '../command.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import { fields, table, wrap } from '../text/wrap.ts'
import { collect, readText } from './flags.ts'
import { signatureFrom } from './signature-file.ts'

interface ActivateFlags extends SecretFlags {
  readonly key?: readonly string[]
  readonly signature?: readonly string[]
  readonly export?: string
}

export function policyCommands(shell: Shell): Command {
  return group('policy', 'what may be signed, for whom, how much and by whom', [
    command<[object]>(
      shell,
      { name: 'show', summary: 'print the active policy', example: 'coffer policy show' },
      async (session) => {
        const policy = await session.call('policy.show', {})
        return {
          json: policy,
          text: `# version ${policy.version}, ${policy.hash}, ${policy.signatures.length} admin signature${policy.signatures.length === 1 ? '' : 's'}\n${policy.document.trimEnd()}`,
        }
      },
    ),
    command<[string, object]>(
      shell,
      {
        name: 'check',
        summary: 'read a policy document and say what is wrong with it',
        example: 'coffer policy check policy.yaml',
        setUp: (made) => made.argument('<file>'),
      },
      async (session, file) => {
        const checked = await session.call('policy.check', { document: readText(file, 'the policy') })
        return {
          json: checked,
          text: `${wrap(`${file} is a policy: ${checked.name}, version ${checked.version}, hash ${checked.hash}.`, session.io.width)}\n${table(
            ['RULE', 'EFFECT', 'KIND'],
            checked.rules.map((rule) => [rule.id, rule.effect, rule.kind]),
          )}`,
        }
      },
    ),
    command<[string, ActivateFlags]>(
      shell,
      {
        name: 'activate',
        summary: 'put a policy in force with the signatures of the pinned admins',
        example: 'coffer policy activate policy.yaml --key admin',
        setUp: (made) =>
          withSecretFlags(made.argument('<file>'))
            .option('--key <name>', 'key of an admin in this home; repeatable', collect)
            .option('--signature <hex or file>', 'signature of an admin whose key lives elsewhere; repeatable', collect)
            .option('--export <file>', 'write the EIP-712 document that admins elsewhere sign, and activate nothing'),
      },
      async (session, file, flags) => {
        const document = readText(file, 'the policy')
        if (flags.export !== undefined) {
          const exported = await session.call('policy.export', { document })
          writeNew(flags.export, toJsonText(exported.typedData, 2))
          return {
            json: exported,
            text: wrap(
              `Wrote ${flags.export}: sign it with eth_signTypedData_v4 or cast wallet sign --data --from-file, then hand it in with --signature.`,
              session.io.width,
            ),
          }
        }
        const keys: { key: string; secret: string }[] = []
        for (const key of flags.key ?? [])
          keys.push({
            key,
            secret: await secretOf(session.io, flags, key, secretName(await session.call('key.show', { name: key }))),
          })
        const signatures = (flags.signature ?? []).map(signatureFrom)
        if (keys.length + signatures.length === 0)
          throw new CustodyError('INPUT_REQUIRED', 'A policy needs the signatures of its admins.', {
            next: 'Give --key NAME or --signature HEX.',
          })
        const record = await session.call('policy.activate', { document, keys, signatures })
        return {
          json: record,
          text: `Policy version ${record.version} is in force.\n${fields(
            [
              ['Hash', record.hash],
              ['Before', record.previousHash],
            ],
            session.io.width,
          )}`,
        }
      },
    ),
    command<[string, { chain: string; principal: readonly string[] }]>(
      shell,
      {
        name: 'template',
        summary: 'print a first policy filled with keys of this home',
        example: 'coffer policy template small-team --chain local --principal alice --principal bob > policy.yaml',
        setUp: (made) =>
          made
            .argument('<name>')
            .requiredOption('--chain <name>', 'a chain of this home')
            .requiredOption('--principal <key>', 'a person, by the name of their key; repeatable', collect),
      },
      async (session, name, flags) => {
        const chain = (await session.call('chain.list', {})).find((each) => each.name === flags.chain)
        if (chain === undefined) throw new CustodyError('NOT_FOUND', `There is no chain "${flags.chain}".`)
        const people = await Promise.all(
          flags.principal.map(async (key) => [key, (await session.call('key.show', { name: key })).address] as const),
        )
        const { document: text } = await session.call('policy.template', {
          name,
          chainId: chain.chainId,
          principals: Object.fromEntries(people),
        })
        return { json: { document: text }, text: text.trimEnd() }
      },
    ),
  ])
}

/** @throws FILE_EXISTS */
export function refuseExisting(path: string): void {
  if (existsSync(path)) throw new CustodyError('FILE_EXISTS', `Could not write ${path}: EEXIST.`)
}

/** @throws FILE_EXISTS, FILE_UNREADABLE */
export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`, { flag: 'wx' })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CustodyError(code === 'EEXIST' ? 'FILE_EXISTS' : 'FILE_UNREADABLE', `Could not write ${path}: ${code}.`)
  }
}
