import type { Command } from 'commander'
import { CustodyError } from '../../errors.ts'
import { command, group, type Shell } from '../command.ts'
import { type SecretFlags, secretName, secretOf, withSecretFlags } from '../secrets.ts'
import { renderTreasury } from '../text/treasury.ts'
import { table } from '../text/wrap.ts'
import { type CapFlags, capsOf, collect, wholeNumber, withCapFlags } from './flags.ts'

interface CreateFlags extends SecretFlags, CapFlags {
  readonly owner: readonly string[]
  readonly threshold: string
  readonly payer: string
  readonly chain?: string
  readonly safeVersion: string
}

export function treasuryCommands(shell: Shell): Command {
  return group('treasury', 'the Safes of this home', [
    command<[string, CreateFlags]>(
      shell,
      {
        name: 'create',
        summary: 'create a Safe; the payer pays within the fee caps of the active policy',
        example: 'coffer treasury create ops --owner alice --owner bob --owner carol --threshold 2 --payer payer',
        setUp: (made) =>
          withCapFlags(withSecretFlags(made.argument('<name>')))
            .requiredOption('--owner <key or address>', 'an owner; repeatable', collect)
            .requiredOption('--threshold <number>', 'how many owners must sign')
            .requiredOption('--payer <key>', 'key of the account that pays for gas; better not an owner')
            .option('--chain <name>', 'chain, where the home has several')
            .option('--safe-version <version>', '1.5.0 or 1.4.1', '1.5.0'),
      },
      async (session, name, flags) => {
        if (flags.safeVersion !== '1.5.0' && flags.safeVersion !== '1.4.1')
          throw new CustodyError(
            'USAGE',
            `Expected --safe-version 1.5.0 or 1.4.1, got "${flags.safeVersion.slice(0, 20)}".`,
          )
        const payer = await session.call('key.show', { name: flags.payer })
        const made = await session.call('treasury.create', {
          name,
          owners: [...flags.owner],
          threshold: wholeNumber(flags.threshold, '--threshold'),
          payer: flags.payer,
          version: flags.safeVersion,
          secret: await secretOf(session.io, flags, flags.payer, secretName(payer)),
          caps: capsOf(flags),
          ...(flags.chain !== undefined && { chain: flags.chain }),
        })
        const view = await session.call('treasury.show', { name })
        return {
          json: made,
          text: `${made.created ? 'Created' : 'Found'} the Safe ${made.safe}.\n${renderTreasury(view, session.io.width)}`,
        }
      },
    ),
    command<[string, string, { chain?: string; payer?: string }]>(
      shell,
      {
        name: 'adopt',
        summary: 'manage an existing Safe, or take note of a change that was made elsewhere',
        example: 'coffer treasury adopt ops eth:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --payer payer',
        setUp: (made) =>
          made
            .argument('<name>')
            .argument('<address>')
            .option('--chain <name>', 'chain, where the home has several')
            .option('--payer <key>', 'key of the account that pays for gas'),
      },
      async (session, name, address, flags) => {
        const record = await session.call('treasury.adopt', {
          name,
          address,
          ...(flags.chain !== undefined && { chain: flags.chain }),
          ...(flags.payer !== undefined && { payer: flags.payer }),
        })
        const view = await session.call('treasury.show', { name })
        return { json: record, text: `Adopted the Safe ${record.safe}.\n${renderTreasury(view, session.io.width)}` }
      },
    ),
    command<[string, object]>(
      shell,
      {
        name: 'show',
        summary: 'owners, threshold, nonce, modules, guards, balances, and what the chain enforces',
        example: 'coffer treasury show ops',
        setUp: (made) => made.argument('<name>'),
      },
      async (session, name) => {
        const view = await session.call('treasury.show', { name })
        return { json: view, text: renderTreasury(view, session.io.width) }
      },
    ),
    command<[object]>(
      shell,
      { name: 'list', summary: 'list the treasuries', example: 'coffer treasury list' },
      async (session) => {
        const all = await session.call('treasury.list', {})
        return {
          json: all,
          text:
            all.length === 0
              ? 'No treasuries yet. Run coffer treasury create or adopt.'
              : table(
                  ['NAME', 'SAFE', 'CHAIN', 'OWNERS'],
                  all.map((each) => [each.name, each.safe, each.chain, `${each.threshold} of ${each.owners.length}`]),
                ),
        }
      },
    ),
  ])
}
