import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { readSecretFd, readSecretFile } from '../../src/keys/secret.ts'
import { temporaryFolder } from '../sign/keystore/key-file.ts'

const folder = temporaryFolder()
let count = 0

function secretFile(content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, `secret-${count++}`)
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
  return path
}

describe('when a secret is read from a file', () => {
  it.each([
    ['one newline', 'my secret\n', 'my secret'],
    ['a newline of Windows', 'my secret\r\n', 'my secret'],
    ['no newline', 'my secret', 'my secret'],
    ['two newlines', 'my secret\n\n', 'my secret\n'],
    ['blanks around it', ' my secret \n', ' my secret '],
    ['letters beyond ASCII', 'schlüssel ✓\n', 'schlüssel ✓'],
    ['exactly 4096 bytes', 'x'.repeat(4096), 'x'.repeat(4096)],
  ])('takes it whole, with %s at the end dropped at most once', (_, content, expected) => {
    expect(readSecretFile(secretFile(content))).toBe(expected)
  })

  it.each(['640', '620', '610', '604', '602', '601', '644', '666', '777'])(
    'G3 refuses mode %s with FILE_PERMISSIONS',
    (mode) => {
      expect(() => readSecretFile(secretFile('my secret', parseInt(mode, 8)))).toThrowWithCode('FILE_PERMISSIONS')
    },
  )

  it.each(['600', '400'])('takes mode %s', (mode) => {
    expect(readSecretFile(secretFile('my secret', parseInt(mode, 8)))).toBe('my secret')
  })

  it('G3 refuses a file of another user with FILE_PERMISSIONS', () => {
    const path = secretFile('my secret')
    const us = process.getuid?.() ?? 0
    vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(us + 1)
    try {
      expect(() => readSecretFile(path)).toThrowWithCode('FILE_PERMISSIONS')
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('judges what a link points to, not the link', () => {
    const link = join(folder, 'link')
    symlinkSync(secretFile('my secret', 0o644), link)
    expect(() => readSecretFile(link)).toThrowWithCode('FILE_PERMISSIONS')
  })

  it('refuses a folder and a pipe with FILE_PERMISSIONS, without waiting', () => {
    const sub = join(folder, 'sub')
    mkdirSync(sub, { mode: 0o700 })
    expect(() => readSecretFile(sub)).toThrowWithCode('FILE_PERMISSIONS')
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    expect(() => readSecretFile(pipe)).toThrowWithCode('FILE_PERMISSIONS')
  })

  it.each([
    ['an empty file', ''],
    ['only a newline', '\n'],
    ['more than 4096 bytes', 'x'.repeat(4097)],
    ['bytes that are no UTF-8', Uint8Array.of(0x61, 0xff, 0x62)],
  ])('refuses %s with FILE_UNREADABLE', (_, content) => {
    expect(() => readSecretFile(secretFile(content))).toThrowWithCode('FILE_UNREADABLE')
  })

  it('refuses a file that is not there with FILE_UNREADABLE', () => {
    expect(() => readSecretFile(join(folder, 'none'))).toThrowWithCode('FILE_UNREADABLE')
  })
})

describe('when a secret is read from a file descriptor', () => {
  it('takes it to the end', () => {
    const descriptor = openSync(secretFile('over a descriptor\n'), 'r')
    try {
      expect(readSecretFd(descriptor)).toBe('over a descriptor')
    } finally {
      closeSync(descriptor)
    }
  })

  it('takes it from a pipe whose writer is slow', () => {
    const source = fileURLToPath(new URL('../../src/keys/secret.ts', import.meta.url))
    const script = `import { readSecretFd } from ${JSON.stringify(source)}; process.stdout.write(String(readSecretFd(3) === 'slow words' ))`
    const result = spawnSync(
      'sh',
      [
        '-c',
        '(sleep 0.3; printf "slow "; sleep 0.2; printf "words\\n") | "$0" --input-type=module -e "$1" 3<&0',
        process.execPath,
        script,
      ],
      { encoding: 'utf8' },
    )
    expect(result.stdout).toBe('true')
  })

  it.each([-1, 1.5, 987_654])('refuses descriptor %d, which is not open, with FILE_UNREADABLE', (descriptor) => {
    expect(() => readSecretFd(descriptor)).toThrowWithCode('FILE_UNREADABLE')
  })
})
