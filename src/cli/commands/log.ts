import type { Command } from 'commander'
import { formatTime } from '../../primitives/time.ts'
import { command, group, type Shell } from '../command.ts'
import { fields, table } from '../text/wrap.ts'
import { readText, wholeNumber } from './flags.ts'
import { writeNew } from './policy.ts'

export function logCommands(shell: Shell): Command {
  return group('log', 'the log that nobody can rewrite', [
    command<[{ from: string; limit: string; type?: string }]>(
      shell,
      {
        name: 'list',
        summary: 'list entries, oldest first',
        example: 'coffer log list --type signature',
        setUp: (made) =>
          made
            .option('--from <seq>', 'first entry', '0')
            .option('--limit <number>', 'at most so many', '100')
            .option('--type <words>', 'only types that begin so, such as alarm'),
      },
      async (session, flags) => {
        const entries = await session.call('log.list', {
          from: wholeNumber(flags.from, '--from'),
          limit: wholeNumber(flags.limit, '--limit'),
          type: flags.type,
        })
        return {
          json: entries,
          text:
            entries.length === 0
              ? 'No entries.'
              : table(
                  ['SEQ', 'TIME', 'TYPE', 'ACTOR', 'ABOUT'],
                  entries.map((entry) => [
                    String(entry.seq),
                    formatTime(entry.time),
                    entry.type,
                    entry.actor,
                    about(entry.data),
                  ]),
                ),
        }
      },
    ),
    command<[{ since?: string }]>(
      shell,
      {
        name: 'verify',
        summary: 'recompute the whole log and hold it against its checkpoints',
        example: 'coffer log verify --since checkpoint-of-last-month',
        setUp: (made) => made.option('--since <file>', 'a checkpoint kept elsewhere that the log must extend'),
      },
      async (session, flags) => {
        const verified = await session.call('log.verify', {
          since: flags.since === undefined ? undefined : readText(flags.since, 'the checkpoint'),
        })
        return {
          json: verified,
          text: `The log is whole.\n${fields([['Entries', String(verified.size)], ['Root', verified.root], ...(verified.since === null ? [] : [['Extends', `the checkpoint over ${verified.since} entries`] as const])], session.io.width)}`,
        }
      },
    ),
    command<[{ out?: string }]>(
      shell,
      {
        name: 'checkpoint',
        summary: 'print the signed head of the log (C2SP checkpoint); keep copies elsewhere',
        example: 'coffer log checkpoint --out checkpoint-2026-11',
        setUp: (made) => made.option('--out <file>', 'write it to a new file'),
      },
      async (session, flags) => {
        const checkpoint = await session.call('log.checkpoint', {})
        if (flags.out !== undefined) writeNew(flags.out, checkpoint.trimEnd())
        return { json: { checkpoint }, text: flags.out === undefined ? checkpoint.trimEnd() : `Wrote ${flags.out}.` }
      },
    ),
    command<[string, { out?: string }]>(
      shell,
      {
        name: 'proof',
        summary: 'prove that a request (or an entry by number) is in the log: a C2SP .tlog-proof',
        example: 'coffer log proof r1ng6m2k8rbk1pq4qeqnq7cy --out invoice.tlog-proof',
        setUp: (made) => made.argument('<id or seq>').option('--out <file>', 'write it to a new file'),
      },
      async (session, id, flags) => {
        const proven = await session.call('log.proof', { id })
        if (flags.out !== undefined) writeNew(flags.out, proven.proof.trimEnd())
        return {
          json: proven,
          text:
            flags.out === undefined ? proven.proof.trimEnd() : `Wrote ${flags.out}, the proof of entry ${proven.seq}.`,
        }
      },
    ),
    command<[string, object]>(
      shell,
      {
        name: 'export',
        summary: 'write entries, checkpoint and verifier key to a folder, for another tool to verify',
        example: 'coffer log export audit-2026',
        setUp: (made) => made.argument('<folder>'),
      },
      async (session, folder) => {
        const exported = await session.call('log.export', { directory: folder })
        return {
          json: exported,
          text: `Wrote ${exported.size} entries to ${exported.directory}: entries.jsonl, checkpoint, vkey.`,
        }
      },
    ),
  ])
}

function about(data: Readonly<Record<string, unknown>>): string {
  for (const field of ['id', 'name', 'reason', 'request']) if (typeof data[field] === 'string') return data[field]
  for (const field of ['key', 'treasury', 'chain', 'policy']) {
    const inner = data[field] as { name?: string; version?: number } | undefined
    if (inner?.name !== undefined) return inner.name
    if (inner?.version !== undefined) return `version ${inner.version}`
  }
  return ''
}
