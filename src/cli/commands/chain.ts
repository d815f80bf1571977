import type { Command } from 'commander'
import { command, group, type Shell } from '../command.ts'
import { table } from '../text/wrap.ts'
import { collect, wholeNumber } from './flags.ts'

export function chainCommands(shell: Shell): Command {
  return group('chain', 'the chains of this home', [
    command<[string, { rpc: readonly string[]; confirmations?: string }]>(
      shell,
      {
        name: 'add',
        summary: 'add a chain; with several URLs every answer that decides something must be the same from all',
        example: 'coffer chain add mainnet --rpc https://one.example --rpc https://two.example',
        setUp: (made) =>
          made
            .argument('<name>')
            .requiredOption('--rpc <url>', 'JSON-RPC URL; repeatable', collect)
            .option(
              '--confirmations <number>',
              'blocks until an execution counts as final (default 12; 1 on the local chain)',
            ),
      },
      async (session, name, flags) => {
        const chain = await session.call('chain.add', {
          name,
          urls: [...flags.rpc],
          ...(flags.confirmations !== undefined && {
            confirmations: wholeNumber(flags.confirmations, '--confirmations'),
          }),
        })
        return {
          json: chain,
          text: `Added chain ${chain.name}: chain id ${chain.chainId}${chain.shortName === null ? '' : ` (${chain.shortName})`}, final after ${chain.confirmations} confirmation${chain.confirmations === 1 ? '' : 's'}.`,
        }
      },
    ),
    command<[object]>(
      shell,
      { name: 'list', summary: 'list the chains', example: 'coffer chain list' },
      async (session) => {
        const chains = await session.call('chain.list', {})
        return {
          json: chains,
          text:
            chains.length === 0
              ? 'No chains yet. Run coffer chain add.'
              : table(
                  ['NAME', 'CHAIN ID', 'URLS', 'CONFIRMATIONS'],
                  chains.map((chain) => [
                    chain.name,
                    String(chain.chainId),
                    String(chain.urls.length),
                    String(chain.confirmations),
                  ]),
                ),
        }
      },
    ),
  ])
}
