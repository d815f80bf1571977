import { z } from 'zod'

// The one interface between a door and the signer process. Structured clone keeps bigints; both sides check shape.

export const callSchema = z.strictObject({ id: z.number().int(), operation: z.string(), params: z.unknown() })

export type Call = z.infer<typeof callSchema>

export type Reply =
  | { readonly id: number; readonly kind: 'result'; readonly result: unknown }
  | {
      readonly id: number
      readonly kind: 'error'
      readonly error: {
        readonly code: string
        readonly message: string
        readonly next: string
        readonly details?: unknown
      }
    }
  | { readonly id: number; readonly kind: 'progress'; readonly text: string }
