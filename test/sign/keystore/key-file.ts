import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { encryptKeystore } from '../../../src/sign/keystore/web3-secret-storage.ts'

/** scrypt cost for tests: a file of this cost opens in a few milliseconds. */
export const TEST_N = 1024

/** A folder that is gone after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function writeKeyFile(folder: string, key: Uint8Array, passphrase: string, mode = 0o600): Promise<string> {
  const keystore = await encryptKeystore(key, passphrase, { n: TEST_N })
  const file = join(folder, `${keystore.id}.json`)
  writeFileSync(file, JSON.stringify(keystore), { mode })
  return file
}
