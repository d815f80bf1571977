import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withFileLock } from '../../src/store/lock.ts'
import { startOther, temporaryFolder } from './run-other.ts'

describe('a lock file', () => {
  it('gives what the work gives, is free afterwards, also when the work throws', async () => {
    const file = join(temporaryFolder(), 'lock')
    expect(await withFileLock(file, async () => 7)).toBe(7)
    await expect(withFileLock(file, async () => Promise.reject(new Error('why')))).rejects.toThrow('why')
    expect(await withFileLock(file, async () => 8, { timeoutMs: 0 })).toBe(8)
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it('lets one caller of this process in at a time', async () => {
    const file = join(temporaryFolder(), 'lock')
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 10 }, () =>
        withFileLock(
          file,
          async () => {
            most = Math.max(most, ++inside)
            await new Promise((resolve) => setTimeout(resolve, 3))
            inside--
          },
          { timeoutMs: 60_000 },
        ),
      ),
    )
    expect(most).toBe(1)
  })

  it('held by another process is refused in time with STORE_LOCKED, or the code that is asked for', async () => {
    const file = join(temporaryFolder(), 'lock')
    const other = startOther('hold-lock', file)
    expect(await other.line()).toBe('ready')
    let ran = false
    const work = async (): Promise<void> => {
      ran = true
    }
    await expect(withFileLock(file, work, { timeoutMs: 100 })).rejects.toThrowWithCode('STORE_LOCKED')
    await expect(withFileLock(file, work, { timeoutMs: 0, code: 'SIGNER_UNAVAILABLE' })).rejects.toThrowWithCode(
      'SIGNER_UNAVAILABLE',
    )
    expect(ran).toBe(false)
    const waiting = withFileLock(file, work, { timeoutMs: 60_000 })
    await other.finish()
    await waiting
    expect(ran).toBe(true)
  })

  it('held by a process that is killed is free at once', async () => {
    const file = join(temporaryFolder(), 'lock')
    const other = startOther('hold-lock', file)
    expect(await other.line()).toBe('ready')
    await other.kill()
    expect(await withFileLock(file, async () => 'in', { timeoutMs: 0 })).toBe('in')
  })

  it('that is no lock file is a fault', async () => {
    const file = join(temporaryFolder(), 'lock')
    writeFileSync(file, 'something of somebody else'.repeat(100))
    await expect(withFileLock(file, async () => {}, { timeoutMs: 0 })).rejects.toThrowWithCode('STORE_CORRUPT')
  })
})
