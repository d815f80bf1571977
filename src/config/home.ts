import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CustodyError } from '../errors.ts'
import { type Address, parseAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { canonicalJson, type Json, parseJson } from '../primitives/json.ts'

export const HOME_FORMAT = 'coffer-home'
export const HOME_VERSION = 1

/** Who may change the policy, and which key signs the log. Fixed at `coffer init`, repeated in log entry 0. */
export interface RootOfTrust {
  readonly homeId: Hex
  readonly admins: readonly Address[]
  readonly threshold: number
  /** Verifier key of the log in C2SP form. */
  readonly logKey: string
  /** Origin line of every checkpoint. */
  readonly origin: string
}

/** Where everything of one home lives. Only the signer's user reads it. */
export interface Home {
  readonly directory: string
  readonly demo: boolean
  readonly root: RootOfTrust
  readonly paths: HomePaths
}

export interface HomePaths {
  readonly database: string
  readonly root: string
  readonly marker: string
  readonly logKey: string
  readonly log: string
  readonly keys: string
  readonly urls: string
  readonly locks: string
}

export function homePaths(directory: string): HomePaths {
  return {
    database: join(directory, 'coffer.db'),
    root: join(directory, 'root.json'),
    marker: join(directory, 'home.json'),
    logKey: join(directory, 'log.key'),
    log: join(directory, 'log'),
    keys: join(directory, 'keys'),
    urls: join(directory, 'urls.json'),
    locks: join(directory, 'locks'),
  }
}

const markerSchema = z.strictObject({
  format: z.literal(HOME_FORMAT),
  version: z.literal(HOME_VERSION),
  demo: z.boolean(),
})
const rootSchema = z.strictObject({
  homeId: z.string().regex(/^0x[0-9a-f]{64}$/),
  admins: z.array(z.string()).min(1),
  threshold: z.number().int().min(1),
  logKey: z.string().min(1),
  origin: z.string().min(1),
})

/**
 * Reads the home's marker and pinned root.
 * @throws HOME_MISSING, HOME_VERSION when another version of Coffer wrote it, HOME_TAMPERED when unreadable
 */
export function readHome(directory: string): Home {
  const paths = homePaths(directory)
  if (!existsSync(paths.marker))
    throw new CustodyError('HOME_MISSING', `Expected a Coffer home at ${directory}, found none.`)
  const document = readPinned(paths.marker)
  // The version first: a later one may mark its homes in another way.
  const { format, version } = (document ?? {}) as { readonly format?: unknown; readonly version?: unknown }
  if (format === HOME_FORMAT && Number.isSafeInteger(version) && version !== HOME_VERSION) {
    throw new CustodyError(
      'HOME_VERSION',
      `Expected a home of version ${HOME_VERSION}, got version ${String(version)}.`,
    )
  }
  const marker = markerSchema.safeParse(document)
  if (!marker.success) throw new CustodyError('HOME_TAMPERED', `Expected ${paths.marker} to mark a Coffer home.`)
  return { directory, demo: marker.data.demo, root: parseRoot(readPinned(paths.root)), paths }
}

// Coffer wrote these files itself: one that is gone or no JSON was not left so by Coffer.
function readPinned(path: string): unknown {
  try {
    return parseJson(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    const { code } = cause as { readonly code?: string }
    throw new CustodyError('HOME_TAMPERED', `Expected ${path} as Coffer wrote it: ${code ?? 'it cannot be read'}.`, {
      cause,
    })
  }
}

function parseRoot(document: unknown): RootOfTrust {
  const root = rootSchema.safeParse(document)
  if (!root.success) throw new CustodyError('HOME_TAMPERED', 'The pinned root of trust cannot be read.')
  return {
    ...root.data,
    homeId: root.data.homeId as Hex,
    admins: root.data.admins.map((admin) => parseAddress(admin, 'admin')),
  }
}

/** @throws HOME_EXISTS, STORE_FULL, STORE_FAULT */
export function createHomeDirectory(directory: string): HomePaths {
  const paths = homePaths(directory)
  if (existsSync(paths.marker)) throw new CustodyError('HOME_EXISTS', `There is a Coffer home at ${directory} already.`)
  // A log key without its marker is what an interrupted init leaves; going on from there would mix two roots of trust.
  if ([paths.logKey, paths.root, paths.database].some((path) => existsSync(path))) {
    throw new CustodyError('HOME_EXISTS', `An earlier coffer init at ${directory} ended before it was done.`, {
      next: `Remove ${directory}, then run the same command again.`,
    })
  }
  try {
    for (const path of [directory, paths.log, paths.keys, paths.locks])
      mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CustodyError(
      code === 'ENOSPC' || code === 'EDQUOT' ? 'STORE_FULL' : 'STORE_FAULT',
      `The folders of a home at ${directory} could not be made: ${code}.`,
      { cause },
    )
  }
  return paths
}

/** Writes root first and marker last: a home without its marker does not count as initialised. */
export function writeHome(paths: HomePaths, root: RootOfTrust, demo: boolean): void {
  writeFileSync(paths.root, `${canonicalJson(root as unknown as Json)}\n`, { mode: 0o400 })
  chmodSync(paths.root, 0o400)
  writeFileSync(paths.marker, `${canonicalJson({ format: HOME_FORMAT, version: HOME_VERSION, demo })}\n`, {
    mode: 0o600,
    flag: 'wx',
  })
}
