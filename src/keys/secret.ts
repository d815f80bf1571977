import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { CustodyError } from '../errors.ts'
import type { Secret } from '../sign/signer.ts'

const MAX_BYTES = 4096
const WAIT_MS = 10

/**
 * A passphrase or PIN from a file that only we can read. One newline at the end is not part of it.
 * @throws FILE_UNREADABLE, FILE_PERMISSIONS
 */
export function readSecretFile(path: string): Secret {
  let descriptor: number
  try {
    // Without O_NONBLOCK a pipe in place of the file would hang the command before it can be refused.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw new CustodyError(
      'FILE_UNREADABLE',
      `Expected a file with a secret at "${path}": ${(cause as NodeJS.ErrnoException).code ?? 'cannot be opened'}.`,
    )
  }
  try {
    assertPrivate(descriptor, path)
    return readAll(descriptor, `the file "${path}"`)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * A passphrase or PIN from an open file descriptor, read to its end. One newline at the end is not part of it.
 * @throws FILE_UNREADABLE
 */
export function readSecretFd(fd: number): Secret {
  if (!Number.isInteger(fd) || fd < 0)
    throw new CustodyError('FILE_UNREADABLE', `Expected the number of an open file descriptor, got ${fd}.`)
  return readAll(fd, `file descriptor ${fd}`)
}

// On the descriptor, not on the path: what is checked is then what is read.
function assertPrivate(descriptor: number, path: string): void {
  const stat = fstatSync(descriptor)
  if (!stat.isFile()) throw new CustodyError('FILE_PERMISSIONS', `Expected a regular file at "${path}".`)
  const user = process.getuid?.()
  if (user !== undefined && stat.uid !== user) {
    throw new CustodyError(
      'FILE_PERMISSIONS',
      `Expected "${path}" to belong to user ${user}, it belongs to user ${stat.uid}.`,
    )
  }
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    throw new CustodyError(
      'FILE_PERMISSIONS',
      `Expected "${path}" with mode 600, got ${(stat.mode & 0o777).toString(8)}.`,
    )
  }
}

function readAll(descriptor: number, what: string): Secret {
  const buffer = Buffer.alloc(MAX_BYTES + 1)
  let length = 0
  try {
    while (length < buffer.length) {
      const count = readSome(descriptor, buffer, length, what)
      if (count === 0) break
      length += count
    }
    if (length > MAX_BYTES)
      throw new CustodyError('FILE_UNREADABLE', `Expected at most ${MAX_BYTES} bytes of secret in ${what}.`)
    return decode(buffer.subarray(0, length), what)
  } finally {
    buffer.fill(0)
  }
}

function readSome(descriptor: number, buffer: Buffer, offset: number, what: string): number {
  for (;;) {
    try {
      return readSync(descriptor, buffer, offset, buffer.length - offset, null)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN')
        throw new CustodyError('FILE_UNREADABLE', `Cannot read a secret from ${what}: ${code ?? 'unknown error'}.`)
      // The writer at the other end of a non-blocking pipe has not written yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
    }
  }
}

function decode(bytes: Uint8Array, what: string): Secret {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new CustodyError('FILE_UNREADABLE', `Expected a secret as UTF-8 text in ${what}.`)
  }
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new CustodyError('FILE_UNREADABLE', `Expected a secret in ${what}, it is empty.`)
  return secret
}
