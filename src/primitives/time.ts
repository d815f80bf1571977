import { CustodyError, excerpt } from '../errors.ts'

/** Whole seconds since 1970-01-01 UTC. */
export type Seconds = number

export interface Clock {
  now(): Seconds
}

export const systemClock: Clock = { now: () => Math.floor(Date.now() / 1000) }

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Reads `30s`, `15m`, `12h` or `7d` into seconds. @throws DURATION_INVALID */
export function parseDuration(text: unknown, what = 'duration'): Seconds {
  const match = typeof text === 'string' ? /^(0|[1-9][0-9]{0,6})([smhd])$/.exec(text) : null
  if (match === null) {
    throw new CustodyError(
      'DURATION_INVALID',
      `Expected ${what} such as 30m, 12h or 7d, got "${excerpt(String(text))}".`,
    )
  }
  return Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS]
}

export function formatDuration(seconds: Seconds): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`
  }
  return `${seconds}s`
}

/** `2026-11-22 19:37:00 UTC` */
export function formatTime(seconds: Seconds): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
