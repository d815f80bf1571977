import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CustodyError } from '../errors.ts'
import { toJsonText } from '../primitives/json.ts'
import type { Shell } from './command.ts'
import { approvalCommands } from './commands/approve.ts'
import { chainCommands } from './commands/chain.ts'
import { demoCommand } from './commands/demo.ts'
import { cancelCommand, executeCommand } from './commands/execute.ts'
import { freezeCommands } from './commands/freeze.ts'
import { initCommand } from './commands/init.ts'
import { keyCommands } from './commands/key.ts'
import { logCommands } from './commands/log.ts'
import { policyCommands } from './commands/policy.ts'
import { proposeCommands } from './commands/propose.ts'
import { requestCommands } from './commands/request.ts'
import { treasuryCommands } from './commands/treasury.ts'
import type { Io } from './io.ts'
import { type Exit, renderError } from './outcome.ts'

/** Builds the program afresh; nothing happens before `parse`. */
export function createProgram(shell: Shell): Command {
  const program = new Command('coffer')
    .description(
      'Keeps an organisation’s on-chain money safe: Safe payments, HSM keys, policy, and a log nobody can rewrite.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .addHelpText('after', '\nExample:\n  coffer demo\n\nEvery command has --help with an example, and --json.')
  for (const made of [
    demoCommand(shell),
    initCommand(shell),
    chainCommands(shell),
    keyCommands(shell),
    treasuryCommands(shell),
    policyCommands(shell),
    proposeCommands(shell),
    ...requestCommands(shell),
    ...approvalCommands(shell),
    executeCommand(shell),
    cancelCommand(shell),
    ...freezeCommands(shell),
    logCommands(shell),
  ])
    program.addCommand(made)
  configure(program, shell.io)
  return program
}

function configure(program: Command, io: Io): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    getOutHelpWidth: () => io.width,
    getErrHelpWidth: () => io.width,
    outputError: () => {},
  })
  for (const child of program.commands) configure(child, io)
}

/** Runs one command line. Never throws for a user's mistake. */
export async function runProgram(args: readonly string[], io: Io): Promise<Exit> {
  const shell: Shell = { io, exit: 0 }
  try {
    await createProgram(shell).parseAsync([...args], { from: 'user' })
    return shell.exit
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    const words = error.message.replace(/^error: /, '').replace('(outputHelp)', '')
    const usage = new CustodyError(
      'USAGE',
      words === ''
        ? 'Expected a command.'
        : `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`,
    )
    if (args.includes('--json')) io.out(`${toJsonText({ error: usage.toJSON() }, 2)}\n`)
    else if (error.code !== 'commander.help') io.err(`${renderError(usage, io.width)}\n`)
    return 2
  }
}

export function packageVersion(): string {
  // Two levels up in the repository, three in the built package.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version
    } catch {
      continue
    }
  }
  return 'unknown'
}
