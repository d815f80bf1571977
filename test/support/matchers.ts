import { expect } from 'vitest'
import { CustodyError, type ErrorCode } from '../../src/errors.ts'

interface CustodyMatchers<R = unknown> {
  /** A function (or a rejected promise, through `rejects`) failed with this code of the catalogue. */
  toThrowWithCode(code: ErrorCode): R
}

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- vitest's own extension point has this shape
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends CustodyMatchers<R> {}
}

expect.extend({
  toThrowWithCode(received: unknown, code: ErrorCode) {
    let thrown: unknown = received
    if (typeof received === 'function') {
      try {
        ;(received as () => unknown)()
        thrown = undefined
      } catch (error) {
        thrown = error
      }
    }
    const got = thrown instanceof CustodyError ? thrown.code : thrown === undefined ? 'nothing' : String(thrown)
    return {
      pass: thrown instanceof CustodyError && thrown.code === code,
      message: () => `expected a CustodyError with code ${code}, got ${got}`,
    }
  },
})
