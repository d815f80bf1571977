import { CustodyError, type ErrorCode } from '../../errors.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  CKR_PIN_INCORRECT: 'TOKEN_PIN',
  CKR_PIN_INVALID: 'TOKEN_PIN',
  CKR_PIN_LEN_RANGE: 'TOKEN_PIN',
  CKR_PIN_EXPIRED: 'TOKEN_PIN',
  CKR_PIN_LOCKED: 'TOKEN_PIN',
  CKR_KEY_HANDLE_INVALID: 'TOKEN_KEY',
  CKR_OBJECT_HANDLE_INVALID: 'TOKEN_KEY',
}

/** The CKR name of what pkcs11js threw, or null when it was no answer of the token. */
export function ckrName(error: unknown): string | null {
  return error instanceof Error ? (/CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? null) : null
}

/**
 * A fault of the token as Coffer's error. Only the CKR name crosses: the binding's own error could carry
 * more of what was handed to the token, so it is not kept as a cause either.
 */
export function tokenError(error: unknown, doing: string): CustodyError {
  if (error instanceof CustodyError) return error
  const name = ckrName(error)
  const code = (name === null ? undefined : codes[name]) ?? 'TOKEN_FAULT'
  return new CustodyError(code, `The token answered ${name ?? 'with an error that has no CKR code'} while ${doing}.`, {
    details: { ckr: name ?? 'none' },
  })
}

/** Runs calls to the token and turns what they throw. @throws TOKEN_FAULT, TOKEN_PIN, TOKEN_KEY */
export function asking<T>(doing: string, calls: () => T): T {
  try {
    return calls()
  } catch (error) {
    throw tokenError(error, doing)
  }
}
