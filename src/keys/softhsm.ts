import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Handle, PKCS11 } from 'pkcs11js'
import { CustodyError, excerpt } from '../errors.ts'
import { asking } from '../sign/pkcs11/ckr.ts'
import { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKF_TOKEN_INITIALIZED, CKU_SO } from '../sign/pkcs11/cryptoki.ts'
import { isSoftHsm, loadModule, restartModule } from '../sign/pkcs11/module.ts'
import type { Secret } from '../sign/signer.ts'
import { makePrivateFolder } from './private-folder.ts'

const CONFIGURATION = 'softhsm2.conf'

const places = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib/pkcs11/libsofthsm2.so',
  '/usr/lib/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

/** The SoftHSM library of this machine, or null when it is in none of the usual places. */
export function findSoftHsm(): string | null {
  return places.find((place) => existsSync(place)) ?? null
}

export interface SoftHsmOrder {
  /** Where the configuration and the token folder go; made with mode 700. Several tokens may share it. */
  readonly directory: string
  readonly label: string
  readonly pin: Secret
  /** PIN of the security officer, who can reset the user's PIN. */
  readonly soPin: Secret
  readonly module?: string | undefined
}

/**
 * Makes a SoftHSM token in a folder of its own and points SOFTHSM2_CONF of this process to it. SoftHSM keeps
 * keys in files that only the PIN protects: right for demos, tests and small teams, not a hardware token.
 * @throws DEPENDENCY_MISSING when SoftHSM or pkcs11js is absent; NAME_INVALID, NAME_TAKEN,
 *   FILE_EXISTS, STORE_FULL, STORE_FAULT, TOKEN_MODULE, TOKEN_PIN, TOKEN_FAULT
 */
export async function createSoftHsmToken(
  order: SoftHsmOrder,
): Promise<{ module: string; token: string; conf: string }> {
  const path = order.module ?? findSoftHsm()
  if (path === null) {
    throw new CustodyError(
      'DEPENDENCY_MISSING',
      'Expected the SoftHSM library in one of its usual places, found none.',
      {
        next: 'Install the package softhsm2 of your system.',
      },
    )
  }
  const label = assertLabel(order.label)
  assertPinLength(order.pin)
  assertPinLength(order.soPin)
  const conf = writeConfiguration(order.directory)
  pointTo(conf)
  const module = await loadModule(path)
  initialiseToken(module.pkcs11, label, order.pin, order.soPin)
  // SoftHSM gives the token another slot number once it is started again; finding by label does not mind.
  if (module.openTokens === 0) restartModule(module)
  return { module: path, token: label, conf }
}

/**
 * Lets SoftHSM use the token folder of this home, when there is one in `directory` or `directory/softhsm`. It
 * wins over what the environment says, because the keys of a home lie in the home. Other libraries: nothing.
 * @throws TOKEN_MODULE
 */
export function useTokenFolder(module: string, directory: string): void {
  if (!isSoftHsm(module)) return
  const conf = [join(directory, CONFIGURATION), join(directory, 'softhsm', CONFIGURATION)].find((path) =>
    existsSync(path),
  )
  if (conf !== undefined) pointTo(resolve(conf))
}

function pointTo(conf: string): void {
  // In a worker thread process.env is a copy that native code does not see.
  if (!isMainThread) throw new CustodyError('TOKEN_MODULE', 'SoftHSM takes its token folder from the main thread only.')
  process.env['SOFTHSM2_CONF'] = conf
}

// C_InitToken reads exactly 32 bytes, blank padded.
function assertLabel(label: string): string {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,30}[\x21-\x7e])?$/.test(label)) {
    throw new CustodyError(
      'NAME_INVALID',
      `Expected a token label of 1 to 32 printable ASCII characters, got "${excerpt(label)}".`,
    )
  }
  return label
}

// SoftHSM would refuse the user's PIN only after the token was made, and leave a token without one.
function assertPinLength(pin: Secret): void {
  const length = Buffer.byteLength(pin)
  if (length < 4 || length > 255)
    throw new CustodyError('TOKEN_PIN', `Expected a PIN of 4 to 255 bytes, got ${length < 4 ? 'fewer' : 'more'}.`)
}

function writeConfiguration(directory: string): string {
  const conf = resolve(directory, CONFIGURATION)
  const tokens = resolve(directory, 'tokens')
  const text = `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`
  makePrivateFolder(tokens)
  if (existsSync(conf)) {
    if (readFileSync(conf, 'utf8') !== text)
      throw new CustodyError('FILE_EXISTS', `There is another SoftHSM configuration at "${conf}".`)
  } else {
    writeFileSync(conf, text, { mode: 0o600, flag: 'wx' })
  }
  return conf
}

function initialiseToken(pkcs11: PKCS11, label: string, pin: Secret, soPin: Secret): void {
  const slot = freeSlot(pkcs11, label)
  asking('initialising a token', () => {
    pkcs11.C_InitToken(slot, soPin, label.padEnd(32))
    const session = pkcs11.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    try {
      pkcs11.C_Login(session, CKU_SO, soPin)
      pkcs11.C_InitPIN(session, pin)
      // Only the officer of this new token is logged in, so this takes nobody else's login away.
      pkcs11.C_Logout(session)
    } finally {
      pkcs11.C_CloseSession(session)
    }
  })
}

function freeSlot(pkcs11: PKCS11, label: string): Handle {
  return asking('listing tokens', () => {
    let free: Handle | null = null
    for (const slot of pkcs11.C_GetSlotList(true)) {
      const info = pkcs11.C_GetTokenInfo(slot)
      if ((info.flags & CKF_TOKEN_INITIALIZED) === 0) free = slot
      else if (info.label.trimEnd() === label)
        throw new CustodyError('NAME_TAKEN', `There is a token with the label "${label}" already.`)
    }
    if (free === null) throw new CustodyError('TOKEN_NOT_FOUND', 'SoftHSM offers no free slot for a new token.')
    return free
  })
}
