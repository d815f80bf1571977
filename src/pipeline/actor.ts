import { userInfo } from 'node:os'

/** `local:<user>`: somebody at this machine whom nothing vouches for but the operating system. */
export function localActor(): string {
  return `local:${userInfo().username.replace(/[^a-z0-9._-]/gi, '_')}`
}
