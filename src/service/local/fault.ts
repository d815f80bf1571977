import { catalogue, CustodyError, type ErrorCode } from '../../errors.ts'

/** An error of the other process, with the code it had there. */
export function toCustodyError(error: {
  readonly code: string
  readonly message: string
  readonly next: string
  readonly details?: unknown
}): CustodyError {
  const code: ErrorCode = error.code in catalogue ? (error.code as ErrorCode) : 'INTERNAL'
  return new CustodyError(code, error.message, {
    next: error.next,
    details: (error.details ?? {}) as Record<string, unknown>,
  })
}

/** What may leave the process about an error: never a stack, never the text of an error that is not ours. */
export function describeError(error: unknown): { code: ErrorCode; message: string; next: string; details?: unknown } {
  if (error instanceof CustodyError) return error.toJSON()
  const name = error instanceof Error ? error.name : typeof error
  return new CustodyError('INTERNAL', `An unexpected ${name} came up.`).toJSON()
}
