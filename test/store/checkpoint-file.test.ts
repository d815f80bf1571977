import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { leafHash } from '../../src/audit/merkle.ts'
import { listCheckpoints, readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint-file.ts'
import { temporaryFolder } from './run-other.ts'

const key = { name: 'log.example', privateKey: new Uint8Array(32).fill(7) }
const noteOf = (size: number, text = 'honest'): string =>
  signCheckpoint('log.example', { size, root: leafHash(Buffer.from(`${text}${size}`)) }, key)

describe('checkpoints beside the database', () => {
  it('that were never written are none', () => {
    const dir = temporaryFolder()
    expect(readCheckpoint(dir)).toBeNull()
    expect(listCheckpoints(dir)).toEqual([])
  })

  it('are read back: the latest, and all in the order of their sizes', () => {
    const dir = temporaryFolder()
    for (const size of [1, 9, 10, 100]) writeCheckpoint(dir, noteOf(size), size)
    expect(readCheckpoint(dir)).toBe(noteOf(100))
    expect(listCheckpoints(dir)).toEqual([1, 9, 10, 100].map((size) => ({ size, note: noteOf(size) })))
    expect(readdirSync(join(dir, 'checkpoints'))).toEqual([
      '000000000001',
      '000000000009',
      '000000000010',
      '000000000100',
    ])
    expect(statSync(join(dir, 'checkpoint')).mode & 0o077).toBe(0)
  })

  it('written again are the same, and leave no file aside', () => {
    const dir = temporaryFolder()
    writeCheckpoint(dir, noteOf(3), 3)
    writeCheckpoint(dir, noteOf(3), 3)
    expect(readdirSync(dir).sort()).toEqual(['checkpoint', 'checkpoints'])
    expect(listCheckpoints(dir).length).toBe(1)
  })

  it('G6 never go back in size', () => {
    const dir = temporaryFolder()
    writeCheckpoint(dir, noteOf(5), 5)
    writeCheckpoint(dir, noteOf(4), 4)
    expect(readCheckpoint(dir)).toBe(noteOf(5))
    expect(listCheckpoints(dir).map(({ size }) => size)).toEqual([4, 5])
  })

  it('G6 of another past over the same entries are refused, and the stored ones stay', () => {
    const dir = temporaryFolder()
    writeCheckpoint(dir, noteOf(4), 4)
    writeCheckpoint(dir, noteOf(5), 5)
    for (const size of [4, 5]) {
      expect(() => writeCheckpoint(dir, noteOf(size, 'forged'), size)).toThrowWithCode('LOG_INCONSISTENT')
    }
    expect(listCheckpoints(dir).map(({ note }) => note)).toEqual([noteOf(4), noteOf(5)])
    expect(readCheckpoint(dir)).toBe(noteOf(5))
  })

  it('that say another size than they are written under are refused', () => {
    const dir = temporaryFolder()
    expect(() => writeCheckpoint(dir, noteOf(5), 6)).toThrowWithCode('CHECKPOINT_INVALID')
    expect(() => writeCheckpoint(dir, 'nonsense', 6)).toThrowWithCode('CHECKPOINT_INVALID')
    expect(readCheckpoint(dir)).toBeNull()
  })

  it('beyond a thousand lose the oldest, never the latest', () => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, 'checkpoints'))
    for (let size = 1; size <= 1000; size++)
      writeFileSync(join(dir, 'checkpoints', String(size).padStart(12, '0')), noteOf(size))
    writeCheckpoint(dir, noteOf(1001), 1001)
    const sizes = listCheckpoints(dir).map(({ size }) => size)
    expect([sizes.length, sizes[0], sizes.at(-1)]).toEqual([1000, 2, 1001])
  })

  it('that the disk has no room for leave the old one whole', () => {
    const dir = temporaryFolder()
    writeCheckpoint(dir, noteOf(1), 1)
    const script = `
      import { writeCheckpoint } from ${JSON.stringify(new URL('../../src/store/checkpoint-file.ts', import.meta.url).href)}
      try { writeCheckpoint(process.argv[1], process.argv[2], 2) } catch (error) { console.log(error.code) }`
    // A limit of nothing: the first byte already fails, as on a full disk.
    const said = execFileSync(
      'sh',
      [
        '-c',
        'ulimit -f 0; exec "$@" | cat',
        'sh',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
        dir,
        noteOf(2),
      ],
      { encoding: 'utf8' },
    )
    expect(said.trim()).toBe('STORE_FULL')
    expect(readFileSync(join(dir, 'checkpoint'), 'utf8')).toBe(noteOf(1))
    expect(readdirSync(dir).sort()).toEqual(['checkpoint', 'checkpoints'])
  })

  it('in a folder that is none are refused', () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(() => writeCheckpoint(file, noteOf(1), 1)).toThrowWithCode('STORE_FAULT')
    expect(() => readCheckpoint(file)).toThrowWithCode('STORE_FAULT')
  })
})
