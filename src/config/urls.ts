import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { CustodyError } from '../errors.ts'
import { sha256 } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'
import { parseJson, toJsonText } from '../primitives/json.ts'

/**
 * An RPC URL as the log names it. URLs often carry API keys, and the log is handed to auditors, so the URL itself
 * stays in a file of the home; its hash in the log is what the file is held against.
 */
export interface LoggedUrl {
  /** Scheme, host and port. */
  readonly shown: string
  readonly sha256: Hex
}

const fileSchema = z.record(z.string(), z.string())

export function toLoggedUrl(url: string): LoggedUrl {
  return { shown: new URL(url).origin, sha256: sha256(url) }
}

/** Adds URLs to the file, readable by the home's user only. */
export function rememberUrls(file: string, urls: readonly string[]): void {
  const known = { ...readUrls(file), ...Object.fromEntries(urls.map((url) => [sha256(url), url])) }
  writeFileSync(`${file}.new`, `${toJsonText(known, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The URLs that the log means. @throws HOME_TAMPERED when one is gone or is another one */
export function resolveUrls(file: string, logged: readonly LoggedUrl[]): readonly string[] {
  const known = readUrls(file)
  return logged.map(({ shown, sha256: hash }) => {
    const url = known[hash]
    if (url === undefined || sha256(url) !== hash) {
      throw new CustodyError('HOME_TAMPERED', `The URL of ${shown} in ${file} is not the one that the log recorded.`, {
        next: 'Run coffer chain add again with the right URLs.',
      })
    }
    return url
  })
}

function readUrls(file: string): Record<string, string> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CustodyError('HOME_TAMPERED', `${file} cannot be read.`)
  }
  const urls = fileSchema.safeParse(parseJson(text, 'urls.json'))
  if (!urls.success) throw new CustodyError('HOME_TAMPERED', `${file} is not of the form Coffer wrote.`)
  return urls.data
}
