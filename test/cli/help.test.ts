import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram, runProgram } from '../../src/cli/program.ts'
import { capturedIo } from './captured-io.ts'
import { wideLines } from './run-coffer.ts'

/** Every command that does something, with its path: groups only hold others. */
function leaves(
  command: Command,
  path: readonly string[] = [],
): readonly { readonly path: readonly string[]; readonly command: Command }[] {
  return command.commands.length === 0
    ? [{ path, command }]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name()]))
}

const program = createProgram({ io: capturedIo({}), exit: 0 })
const commands = leaves(program).map(({ path, command }) => ({ name: path.join(' '), path, command }))

async function help(...path: readonly string[]) {
  const io = capturedIo({})
  const exit = await runProgram([...path, '--help'], io)
  return { exit, stdout: io.stdout(), stderr: io.stderr() }
}

describe('when a command is asked for help', () => {
  it('knows all commands of the manual', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'init',
        'chain add',
        'key generate',
        'key list',
        'key show',
        'key import',
        'treasury create',
        'treasury adopt',
        'treasury show',
        'propose transfer',
        'propose call',
        'propose batch',
        'propose message',
        'reject',
        'list',
        'show',
        'approve',
        'execute',
        'policy show',
        'policy check',
        'policy activate',
        'log list',
        'log verify',
        'log checkpoint',
        'log proof',
        'log export',
        'freeze',
        'unfreeze',
        'demo',
      ]),
    )
  })

  it.each(commands)('coffer $name shows an example of itself, and how to get JSON', async ({ path, command }) => {
    const { exit, stdout, stderr } = await help(...path)
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    const example = /\nExample:\n {2}(coffer .+)\n/.exec(stdout)?.[1] ?? ''
    expect(example.startsWith(`coffer ${path.join(' ')}`)).toBe(true)
    expect(stdout).toContain('--json')
    expect(stdout).toContain('--home <dir>')
    expect(wideLines(stdout)).toEqual([])
    // Every flag of the example is one that the command takes.
    for (const flag of example.match(/ --[a-z-]+/g) ?? [])
      expect(command.options.map(({ long }) => long)).toContain(flag.trim())
  })

  it.each(['', 'chain', 'key', 'treasury', 'policy', 'propose', 'log'])(
    'the group "%s" lists what is in it',
    async (name) => {
      const { exit, stdout } = await help(...(name === '' ? [] : [name]))
      expect(exit).toBe(0)
      expect(stdout).toMatch(/\nCommands:\n/)
      expect(wideLines(stdout)).toEqual([])
    },
  )

  it('prints the version of the package', async () => {
    const io = capturedIo({})
    expect(await runProgram(['--version'], io)).toBe(0)
    expect(io.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
