import { CustodyError } from '../errors.ts'
import { formatDuration, parseDuration, type Seconds } from '../primitives/time.ts'

const MIN_LIFETIME_SECONDS = 60
/** The longest life of a request, in seconds: 90 days. */
export const MAX_LIFETIME_SECONDS = 90 * 86_400

/**
 * Reads how long a request lives, such as `7d`, into the second at which it expires.
 * @throws DURATION_INVALID when not a duration, EXPIRY_INVALID when not between 1 minute and 90 days
 */
export function parseExpiry(text: unknown, now: Seconds): Seconds {
  const lifetime = parseDuration(text, 'expiry')
  if (lifetime < MIN_LIFETIME_SECONDS || lifetime > MAX_LIFETIME_SECONDS) {
    throw new CustodyError('EXPIRY_INVALID', `Expected an expiry between 1m and 90d, got ${formatDuration(lifetime)}.`)
  }
  return now + lifetime
}
