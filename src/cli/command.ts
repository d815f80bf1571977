import { Command } from 'commander'
import type { Io } from './io.ts'
import { type Exit, type Outcome, report } from './outcome.ts'
import { openSession, type Session } from './session.ts'

/** What the program shares with its commands. `exit` holds the status of the command that ran. */
export interface Shell {
  readonly io: Io
  exit: Exit
}

/** A command with its example; `action` parses, calls the signer and renders, and holds no rule. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it names the arguments of each command where the command is written
export function command<A extends readonly unknown[]>(
  shell: Shell,
  spec: {
    readonly name: string
    readonly summary: string
    readonly example: string
    readonly setUp?: (command: Command) => Command
  },
  action: (session: Session, ...rest: A) => Promise<Outcome>,
): Command {
  const made = new Command(spec.name).description(spec.summary).addHelpText('after', `\nExample:\n  ${spec.example}`)
  spec.setUp?.(made)
  made
    .option('--home <dir>', 'home directory (default: COFFER_HOME, else ~/.coffer)')
    .option('--json', 'print exactly one JSON document on stdout')
    .option('--quiet', 'no progress on stderr')
  made.action(async (...args: unknown[]) => {
    const flags = made.opts<{ home?: string; json?: boolean; quiet?: boolean }>()
    const session = openSession(shell.io, flags)
    // commander appends its options object and the command itself to the positional arguments.
    const rest = [...args.slice(0, -2), flags] as unknown as A
    shell.exit = await report(shell.io, flags.json === true, async () => {
      try {
        return await action(session, ...rest)
      } finally {
        await session.close()
      }
    })
  })
  return made
}

/** A group such as `coffer key`. */
export function group(name: string, summary: string, commands: readonly Command[]): Command {
  const made = new Command(name).description(summary)
  for (const each of commands) made.addCommand(each)
  return made
}
