import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PKCS11 } from 'pkcs11js'
import { afterAll, beforeAll } from 'vitest'
import { createSoftHsmToken } from '../../../src/keys/softhsm.ts'
import { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_USER } from '../../../src/sign/pkcs11/cryptoki.ts'
import { loadModule } from '../../../src/sign/pkcs11/module.ts'
import { findToken } from '../../../src/sign/pkcs11/session.ts'

export const PIN = 'pin-7391-correct'
export const SO_PIN = 'officer-4417-pin'

export interface TokenFolder {
  directory: string
  module: string
  token: string
  /** The very object that Coffer calls the token through, for tests that make it lie. */
  pkcs11: PKCS11
}

/** A real SoftHSM token of this test file alone; a machine without SoftHSM fails with what to install. */
export function softHsmToken(label: string): TokenFolder {
  const folder: TokenFolder = {
    directory: mkdtempSync(join(tmpdir(), 'coffer-token-')),
    module: '',
    token: '',
    pkcs11: null as unknown as PKCS11,
  }
  beforeAll(async () => {
    const { module, token } = await createSoftHsmToken({
      directory: join(folder.directory, 'softhsm'),
      label,
      pin: PIN,
      soPin: SO_PIN,
    })
    Object.assign(folder, { module, token, pkcs11: (await loadModule(module)).pkcs11 })
  })
  afterAll(() => rmSync(folder.directory, { recursive: true, force: true }))
  return folder
}

/** A session of our own beside Coffer's, to do to the token what an intruder with the PIN could. */
export function intruderSession({ pkcs11, token }: TokenFolder) {
  const session = pkcs11.C_OpenSession(findToken(pkcs11, token).slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
  try {
    pkcs11.C_Login(session, CKU_USER, PIN)
  } catch (error) {
    if (!(error as Error).message.includes('CKR_USER_ALREADY_LOGGED_IN')) throw error
  }
  return { pkcs11, session, close: () => pkcs11.C_CloseSession(session) }
}
