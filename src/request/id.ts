import { randomBytes } from 'node:crypto'
import type { Seconds } from '../primitives/time.ts'

// Crockford's base 32 in lower case: keeps byte order when sorted as text, and has no i, l, o or u to misread.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_DIGITS = 7
const RANDOM_BYTES = 10

/**
 * A new request id: `r`, seven digits of time (35 bits of seconds) and sixteen digits of randomness (80 bits).
 * Ids of later seconds sort later. `now` in seconds.
 */
export function newRequestId(now: Seconds): string {
  let time = ''
  for (let rest = now, i = 0; i < TIME_DIGITS; i++, rest = Math.floor(rest / 32))
    time = (ALPHABET[rest % 32] as string) + time
  let bits = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`)
  let random = ''
  for (let i = 0; i < (RANDOM_BYTES * 8) / 5; i++, bits >>= 5n)
    random = (ALPHABET[Number(bits & 31n)] as string) + random
  return `r${time}${random}`
}

/** Whether text has the form of an id. */
export function isRequestId(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-z][0-9a-z-]{0,63}$/.test(value)
}
