import { CustodyError } from '../../errors.ts'

/** An RPC endpoint. `shown` is all that may be printed: paths and queries of RPC URLs carry API keys. */
export interface Endpoint {
  readonly url: string
  readonly shown: string
  readonly authorization: string | null
}

/**
 * Reads untrusted text as an RPC URL. User and password in it become a Basic header, because fetch refuses
 * them in the URL.
 * @throws CHAIN_URL_INVALID when it is not http or https; the text itself is never repeated, it may hold a key
 */
export function parseRpcUrl(text: unknown): Endpoint {
  const url = typeof text === 'string' && text.length <= 2048 && URL.canParse(text) ? new URL(text) : null
  if (url === null)
    throw new CustodyError(
      'CHAIN_URL_INVALID',
      'Expected an RPC URL of the form http://host:port or https://host/path.',
    )
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new CustodyError(
      'CHAIN_URL_INVALID',
      `Expected an http or https URL, got one with "${url.protocol.slice(0, 20)}".`,
    )
  }
  const user = decodeURIComponentOrRaw(url.username)
  const password = decodeURIComponentOrRaw(url.password)
  const authorization =
    user === '' && password === '' ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  url.username = ''
  url.password = ''
  url.hash = ''
  return { url: url.href, shown: url.origin, authorization }
}

function decodeURIComponentOrRaw(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
