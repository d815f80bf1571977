import { z } from 'zod'
import { catalogue, CustodyError, type ErrorCode } from '../../errors.ts'

// The one interface between a door and the signer process. Structured clone keeps bigints; both sides check shape.

export const callSchema = z.strictObject({ id: z.number().int(), operation: z.string(), params: z.unknown() })

export type Call = z.infer<typeof callSchema>

export type Reply =
  | { readonly id: number; readonly kind: 'result'; readonly result: unknown }
  | { readonly id: number; readonly kind: 'error'; readonly error: { readonly code: string; readonly message: string; readonly next: string; readonly details?: unknown } }
  | { readonly id: number; readonly kind: 'progress'; readonly text: string }

/** An error of the other process, with the code it had there. */
export function toCustodyError(error: { readonly code: string; readonly message: string; readonly next: string; readonly details?: unknown }): CustodyError {
  const code: ErrorCode = error.code in catalogue ? (error.code as ErrorCode) : 'INTERNAL'
  return new CustodyError(code, error.message, { next: error.next, details: (error.details ?? {}) as Record<string, unknown> })
}

/** What may leave the process about an error: never a stack, never the text of an error that is not ours. */
export function describeError(error: unknown): { code: ErrorCode; message: string; next: string; details?: unknown } {
  if (error instanceof CustodyError) return error.toJSON()
  const name = error instanceof Error ? error.name : typeof error
  return new CustodyError('INTERNAL', `An unexpected ${name} came up.`).toJSON()
}
