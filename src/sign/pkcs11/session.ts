import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Handle, PKCS11, TokenInfo } from 'pkcs11js'
import { CustodyError, excerpt } from '../../errors.ts'
import type { Secret } from '../signer.ts'
import { asking, ckrName, tokenError } from './ckr.ts'
import {
  CKF_RW_SESSION,
  CKF_SERIAL_SESSION,
  CKF_TOKEN_INITIALIZED,
  CKF_USER_PIN_FINAL_TRY,
  CKF_USER_PIN_LOCKED,
  CKS_RO_USER_FUNCTIONS,
  CKS_RW_USER_FUNCTIONS,
  CKU_USER,
} from './cryptoki.ts'
import { loadModule, type TokenModule } from './module.ts'

/** Which token: the library's absolute path and the token's label. Slot numbers change, labels do not. */
export interface TokenPlace {
  readonly module: string
  readonly token: string
}

/** One user's hold on a token that is logged in. */
export interface OpenToken {
  readonly pkcs11: PKCS11
  readonly info: TokenInfo
  openSession(kind: 'read-only' | 'read-write'): Handle
  closeSession(session: Handle): void
  /** Gives the hold back; the last one ends the login. */
  release(): void
}

interface Login {
  readonly module: TokenModule
  readonly slot: Handle
  readonly info: TokenInfo
  /** Kept idle: a token ends the login when its last session closes. */
  readonly anchor: Handle
  readonly markKey: Buffer
  readonly pinMark: Buffer
  wrongPins: number
  holds: number
}

const logins = new Map<string, Login>()
const MAX_WRONG_PINS = 3

/**
 * Opens a token by its label and logs in, or joins the login that this process has already. Login belongs to
 * the process, so whoever joins must know the PIN as well. A PIN is tried once; nothing here retries.
 * @throws TOKEN_MODULE, DEPENDENCY_MISSING, TOKEN_NOT_FOUND, TOKEN_PIN, TOKEN_FAULT
 */
export async function openToken(place: TokenPlace, pin: Secret): Promise<OpenToken> {
  const module = await loadModule(place.module)
  // No await below: the register of logins and the token's own state change together.
  const key = `${module.path}\n${place.token}`
  let login = logins.get(key)
  if (login !== undefined && !isAlive(login)) {
    drop(key, login)
    login = undefined
  }
  if (login === undefined) {
    login = logIn(module, place.token, pin)
    module.openTokens++
    logins.set(key, login)
  } else {
    assertSamePin(login, pin)
  }
  return hold(key, login)
}

function hold(key: string, login: Login): OpenToken {
  const { pkcs11 } = login.module
  let held = true
  login.holds++
  return {
    pkcs11,
    info: login.info,
    openSession: (kind) =>
      asking('opening a session', () =>
        pkcs11.C_OpenSession(login.slot, CKF_SERIAL_SESSION | (kind === 'read-write' ? CKF_RW_SESSION : 0)),
      ),
    closeSession: (session) => closeQuietly(pkcs11, session),
    release() {
      if (!held) return
      held = false
      login.holds--
      if (login.holds === 0 && logins.get(key) === login) drop(key, login)
    },
  }
}

// Never C_Logout: it would log out every other user of the token in this process.
function drop(key: string, login: Login): void {
  logins.delete(key)
  login.module.openTokens--
  closeQuietly(login.module.pkcs11, login.anchor)
}

/** The one slot whose token has the label. @throws TOKEN_NOT_FOUND, TOKEN_FAULT */
export function findToken(pkcs11: PKCS11, label: string): { slot: Handle; info: TokenInfo } {
  const found = asking('listing tokens', () =>
    pkcs11.C_GetSlotList(true).flatMap((slot) => {
      const info = pkcs11.C_GetTokenInfo(slot)
      return (info.flags & CKF_TOKEN_INITIALIZED) !== 0 && info.label.replace(/[ \0]+$/, '') === label
        ? [{ slot, info }]
        : []
    }),
  )
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new CustodyError(
      'TOKEN_NOT_FOUND',
      `Expected one token with the label "${excerpt(label)}", found ${found.length}.`,
    )
  }
  return only
}

function logIn(module: TokenModule, label: string, pin: Secret): Login {
  const { pkcs11 } = module
  const { slot, info } = findToken(pkcs11, label)
  if ((info.flags & CKF_USER_PIN_LOCKED) !== 0)
    throw new CustodyError('TOKEN_PIN', `The PIN of the token "${excerpt(label)}" is locked.`)
  const anchor = asking('opening a session', () => pkcs11.C_OpenSession(slot, CKF_SERIAL_SESSION))
  try {
    pkcs11.C_Login(anchor, CKU_USER, pin)
  } catch (error) {
    if (ckrName(error) !== 'CKR_USER_ALREADY_LOGGED_IN') {
      const last = isFinalTry(pkcs11, slot)
      closeQuietly(pkcs11, anchor)
      const refused = tokenError(error, `logging in to "${excerpt(label)}"`)
      throw last && refused.code === 'TOKEN_PIN'
        ? new CustodyError('TOKEN_PIN', `${refused.message} One try is left before it locks.`, {
            details: refused.details,
          })
        : refused
    }
  }
  const markKey = randomBytes(32)
  return { module, slot, info, anchor, markKey, pinMark: markOf(markKey, pin), wrongPins: 0, holds: 0 }
}

function isFinalTry(pkcs11: PKCS11, slot: Handle): boolean {
  try {
    return (pkcs11.C_GetTokenInfo(slot).flags & CKF_USER_PIN_FINAL_TRY) !== 0
  } catch {
    return false
  }
}

function markOf(markKey: Buffer, pin: Secret): Buffer {
  return createHmac('sha256', markKey).update(pin, 'utf8').digest()
}

// The token does not check a PIN while it is logged in, so this does, with a limit of its own.
function assertSamePin(login: Login, pin: Secret): void {
  if (login.wrongPins < MAX_WRONG_PINS && timingSafeEqual(login.pinMark, markOf(login.markKey, pin))) return
  login.wrongPins++
  throw new CustodyError(
    'TOKEN_PIN',
    login.wrongPins > MAX_WRONG_PINS
      ? 'Too many wrong PINs for a token that is in use; close its keys first.'
      : 'Expected the PIN with which the token is open already, got another.',
  )
}

// A token that was taken out, or logged out by other code, leaves dead sessions behind.
function isAlive(login: Login): boolean {
  try {
    const { state } = login.module.pkcs11.C_GetSessionInfo(login.anchor)
    return state === CKS_RO_USER_FUNCTIONS || state === CKS_RW_USER_FUNCTIONS
  } catch {
    return false
  }
}

function closeQuietly(pkcs11: PKCS11, session: Handle): void {
  try {
    pkcs11.C_CloseSession(session)
  } catch {
    // The session is gone already, which is what was wanted.
  }
}
