import { CustodyError } from '../errors.ts'
import { sha256 } from '../primitives/hash.ts'
import { canonicalJson, parseJson } from '../primitives/json.ts'
import { requestFromJson, requestToJson } from './document.ts'
import type { DigestedRequest, Request } from './request.ts'

/**
 * The canonical text of a request and the digest that approvals bind to. The request is read back from
 * that text, so what is returned is exactly what the text says.
 * @throws FIELD_INVALID, FIELD_UNKNOWN when the value is no request
 * @throws JSON_INVALID when text in it cannot be written as RFC 8785, such as half a surrogate pair
 * @see RFC 8785
 */
export function digestRequest(request: Request): DigestedRequest {
  const canonical = canonicalJson(requestToJson(requestFromJson(requestToJson(request))))
  return { request: parseRequest(canonical), canonical, digest: sha256(canonical) }
}

/**
 * Reads the JSON text of a request. Spaces and key order are free here; addresses come back checksummed.
 * @throws JSON_INVALID when not JSON or a key stands twice, FIELD_UNKNOWN, FIELD_INVALID
 */
export function parseRequest(text: string): Request {
  return requestFromJson(parseJson(text, 'request'))
}

/**
 * Reads a request that Coffer itself wrote. Text that is not in canonical form was not written by Coffer.
 * The caller still compares the digest with the logged one: a well-formed row can be a forged one.
 * @throws REQUEST_ALTERED when the text is not canonical; JSON_INVALID, FIELD_UNKNOWN, FIELD_INVALID
 */
export function parseStoredRequest(text: string): Request {
  const { request, canonical } = digestRequest(parseRequest(text))
  if (canonical !== text)
    throw new CustodyError('REQUEST_ALTERED', 'Expected the stored request in canonical form; its text was changed.')
  return request
}
