import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import type { Command } from 'commander'
import type { Balances, DemoResult } from '../../demo/run.ts'
import type { Refusal } from '../../demo/attacks.ts'
import { CustodyError } from '../../errors.ts'
import { hasTokenSupport } from '../../keys/token-support.ts'
import { formatAmount } from '../../primitives/amount.ts'
import { command, type Shell } from '../command.ts'
import type { Io } from '../io.ts'
import { fields, table, wrap } from '../text/wrap.ts'
import { renderApproved } from './approve.ts'
import { renderExecuted } from './execute.ts'
import { renderProposed } from './propose.ts'

interface DemoFlags {
  readonly safeVersion: string
  readonly hsm?: boolean
  readonly install?: boolean
  readonly keep?: boolean
}

export function demoCommand(shell: Shell): Command {
  return command<[DemoFlags]>(
    shell,
    {
      name: 'demo',
      summary: 'pay an invoice from a 2-of-3 Safe on a local chain, and see attacks refused',
      example: 'coffer demo --hsm --keep',
      setUp: (made) =>
        made
          .option('--safe-version <version>', '1.5.0 or 1.4.1', '1.5.0')
          .option('--hsm', 'insist on a SoftHSM token for two of the keys')
          .option(
            '--install',
            'with --hsm: install the package softhsm2 when it is absent (Debian and Ubuntu, as root)',
          )
          .option('--keep', 'leave chain and home for trying the commands by hand'),
    },
    async (session, flags) => {
      if (flags.safeVersion !== '1.5.0' && flags.safeVersion !== '1.4.1')
        throw new CustodyError(
          'USAGE',
          `Expected --safe-version 1.5.0 or 1.4.1, got "${flags.safeVersion.slice(0, 20)}".`,
        )
      const tokenModule = await findToken(flags, session.progress)
      const { io } = session
      const say = (text: string): void => {
        if (!session.json) io.out(`${text}\n\n`)
      }
      const made: { home: string | null } = { home: null }
      try {
        // Loaded only here: a chain and its contracts are heavy, and every other command starts without them.
        const { runDemo } = await import('../../demo/run.ts')
        const result = await runDemo(
          { safeVersion: flags.safeVersion, tokenModule, keep: flags.keep === true, progress: session.progress },
          {
            onStage: (stage) => {
              made.home = stage.home
              say(
                `A LOCAL CHAIN, A 2-OF-3 SAFE\n${fields(
                  [
                    [
                      'Safe',
                      `${stage.safe} (version ${stage.version}, published contracts at their published addresses)`,
                    ],
                    ...stage.keys
                      .filter(({ name }) => ['alice', 'bob', 'carol'].includes(name))
                      .map(
                        (key) =>
                          [
                            'Owner',
                            `${key.name.padEnd(6)} ${key.address} in ${key.location.store === 'pkcs11' ? 'a SoftHSM token' : 'an encrypted keystore'}`,
                          ] as const,
                      ),
                    [
                      'Payer',
                      `${stage.keys.find(({ name }) => name === 'payer')?.address ?? ''} pays for gas, owns nothing`,
                    ],
                  ],
                  io.width,
                )}${tokenModule === null ? `\n${wrap('No PKCS#11 token library was found, so all keys are keystores; --hsm --install installs SoftHSM.', io.width, '  ')}` : ''}`,
              )
            },
            onStep: (step) => say(renderStep(step, io)),
            onRefused: (refused) => say(renderRefused(refused, io.width)),
          },
        )
        return { json: result, text: renderEnd(result, io.width) }
      } finally {
        if (flags.keep !== true && made.home !== null) rmSync(made.home, { recursive: true, force: true })
      }
    },
  )
}

async function findToken(flags: DemoFlags, progress: (text: string) => void): Promise<string | null> {
  let found = await hasTokenSupport()
  if (found.module === null && flags.hsm === true && flags.install === true) {
    progress('installing the Debian package softhsm2 (apt-get install softhsm2)')
    try {
      execFileSync('apt-get', ['install', '-y', 'softhsm2'], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
    } catch {
      throw new CustodyError('DEPENDENCY_MISSING', 'The package softhsm2 could not be installed.', {
        next: 'As root, run: apt-get update && apt-get install softhsm2',
      })
    }
    found = await hasTokenSupport()
  }
  if (flags.hsm === true && (found.module === null || !found.binding)) {
    throw new CustodyError(
      'DEPENDENCY_MISSING',
      found.module === null
        ? 'The SoftHSM library is not installed.'
        : 'The optional package pkcs11js is not installed.',
      {
        next:
          found.module === null
            ? 'Run coffer demo --hsm --install, or install the package softhsm2.'
            : 'Install a C++ compiler and Python 3, then reinstall the dependencies.',
      },
    )
  }
  return found.binding ? found.module : null
}

function renderStep(step: DemoResult['steps'][number], io: Io): string {
  switch (step.step) {
    case 'propose':
      return renderProposed(step.proposed, io.width)
    case 'approve':
      return renderApproved(step.approved, io.width)
    case 'execute':
      return `${renderExecuted(step.executed, io.width)}\n\n${renderBalances(step.before, step.after)}`
  }
}

function renderBalances(before: Balances, after: Balances): string {
  const usdc = (units: bigint): string => `${formatAmount(units, 6)} USDC`
  const eth = (wei: bigint): string => `${formatAmount(wei, 18)} ETH`
  return table(
    ['BALANCE', 'BEFORE', 'AFTER'],
    [
      ['Treasury', usdc(before.treasuryUsdc), usdc(after.treasuryUsdc)],
      ['acme-supplies', usdc(before.vendorUsdc), usdc(after.vendorUsdc)],
      ['Treasury', eth(before.treasuryEth), eth(after.treasuryEth)],
      ['Payer', eth(before.payerEth), eth(after.payerEth)],
    ],
  )
}

function renderRefused(refused: readonly Refusal[], width: number): string {
  return [
    'ATTACKS, EACH REFUSED',
    ...refused.map(({ attack, code, message, wanted }) =>
      [
        wrap(`REFUSED ${code}: ${attack}`, width, '  '),
        wrap(message, width, '    '),
        wrap(`(otherwise ${wanted})`, width, '    '),
      ].join('\n'),
    ),
  ].join('\n')
}

function renderEnd(result: DemoResult, width: number): string {
  const log = `The log verifies: ${result.log.size} entries, root ${result.log.root}. Took ${result.seconds} s.`
  const { kept } = result
  if (kept === null) return wrap(log, width)
  return [
    wrap(log, width),
    '',
    'Chain and home are kept. Go on with:',
    `  export COFFER_HOME=${kept.home}`,
    '  coffer treasury show ops',
    '  coffer list',
    ...(kept.openRequest === null
      ? []
      : [`  coffer execute ${kept.openRequest} --passphrase-file $COFFER_HOME/passphrase`]),
    '  coffer log verify',
    `Every key of the demo opens with $COFFER_HOME/passphrase. The chain is at ${kept.url}; end it with:`,
    `  kill ${kept.pid} && rm -r ${kept.home}`,
  ].join('\n')
}
