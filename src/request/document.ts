import * as z from 'zod'
import { CustodyError, excerpt } from '../errors.ts'
import { type Address, parseAddress, toChecksum } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { canonicalJson, type Json } from '../primitives/json.ts'
import { parseName } from '../primitives/name.ts'
import { MAX_LIFETIME_SECONDS } from './expiry.ts'
import { isRequestId } from './id.ts'
import { MAX_BATCH_CALLS, type Request } from './request.ts'

const MAX_DATA_BYTES = 128 * 1024
const MAX_TEXT = 64 * 1024
const UINT256_DIGITS = 78

// Every parser of `primitives/` throws; here its words become the words of the field they were about.
const parsed = <T>(parse: (value: unknown) => T) =>
  z.unknown().transform((value, context): T => {
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      context.issues.push({ code: 'custom', message: error.message, input: value })
      return z.NEVER
    }
  })

const expected = (what: string, value: unknown): CustodyError =>
  new CustodyError('FIELD_INVALID', `Expected ${what}, got ${describe(value)}.`)

const describe = (value: unknown): string =>
  typeof value === 'string'
    ? `"${excerpt(value)}"`
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'a list'
        : `a ${typeof value}`

const text = (what: string, pattern: RegExp) =>
  parsed((value): string => {
    if (typeof value !== 'string' || !value.isWellFormed() || !pattern.test(value)) throw expected(what, value)
    return value
  })

const wholeNumber = (what: string, least: number, most: number) =>
  parsed((value): number => {
    if (
      typeof value !== 'number' ||
      !Number.isSafeInteger(value) ||
      Object.is(value, -0) ||
      value < least ||
      value > most
    )
      throw expected(what, value)
    return value
  })

/** A uint256 as its only decimal text, so that one number has one spelling and one digest. */
const uint256 = parsed((value): bigint => {
  if (typeof value !== 'string' || value.length > UINT256_DIGITS || !/^(?:0|[1-9][0-9]*)$/.test(value))
    throw expected('a decimal string without leading zeros', value)
  const units = BigInt(value)
  if (units >> 256n !== 0n) throw expected('a number below 2^256', value)
  return units
})

const address = parsed((value): Address => parseAddress(value))

const data = parsed((value): Hex => {
  const hex = parseHex(value, 'data')
  if ((hex.length - 2) / 2 > MAX_DATA_BYTES)
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected at most ${MAX_DATA_BYTES} bytes of data, got ${(hex.length - 2) / 2}.`,
    )
  return hex
})

const name = parsed((value): string => parseName(value))

const json = parsed((value): Json => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw expected('an object', value)
  if (canonicalJson(value as Json).length > MAX_TEXT)
    throw new CustodyError('FIELD_INVALID', `Expected typed data of at most ${MAX_TEXT} characters.`)
  return value as Json
})

const messageText = parsed((value): string => {
  if (typeof value !== 'string' || !value.isWellFormed() || value.length === 0 || value.length > MAX_TEXT)
    throw expected(`1 to ${MAX_TEXT} characters of text`, value)
  return value
})

const requestId = parsed((value): string => {
  if (!isRequestId(value)) throw expected('a request id', value)
  return value as string
})

const call = z.strictObject({ to: address, value: uint256, data })
const operation = z.union([z.literal(0), z.literal(1)])

const action = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('transfer'),
    asset: text('an asset symbol of 1 to 32 printable characters', /^[!-~]{1,32}$/),
    token: address.nullable(),
    decimals: wholeNumber('decimals from 0 to 77', 0, 77),
    recipient: address,
    recipientName: name.nullable(),
    amount: uint256,
  }),
  z.strictObject({
    kind: z.literal('call'),
    call,
    signature: text('a function signature', /^[A-Za-z_$][\w$]{0,127}\([\w$,()[\]]{0,2000}\)$/).nullable(),
  }),
  z.strictObject({ kind: z.literal('batch'), calls: z.array(call).min(1).max(MAX_BATCH_CALLS) }),
  z.discriminatedUnion('format', [
    z.strictObject({ kind: z.literal('message'), format: z.literal('text'), text: messageText }),
    z.strictObject({ kind: z.literal('message'), format: z.literal('typed-data'), typedData: json }),
  ]),
  z.strictObject({ kind: z.literal('rejection'), rejects: requestId }),
  z.strictObject({ kind: z.literal('safe-tx'), call, operation }),
])

const refund = z.strictObject({
  safeTxGas: uint256,
  baseGas: uint256,
  gasPrice: uint256,
  gasToken: address,
  refundReceiver: address,
})

const seconds = wholeNumber('whole seconds since 1970', 0, 253_402_300_799)

const schema = z.strictObject({
  format: z.literal('coffer-request/v1'),
  id: requestId,
  idempotencyKey: text('an idempotency key of 1 to 255 printable characters', /^[ -~]{1,255}$/),
  chainId: wholeNumber('a chain id', 1, Number.MAX_SAFE_INTEGER),
  treasury: name,
  safe: address,
  nonce: uint256.nullable(),
  action,
  refund: refund.nullable(),
  // Line breaks and text-direction controls could make a memo look like part of the review.
  memo: text(
    'a memo of 1 to 500 characters without control characters',
    /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{1,500}$/u,
  ).nullable(),
  creator: z.strictObject({
    principal: text('a principal of 1 to 128 printable characters', /^[!-~]{1,128}$/),
    address: address.nullable(),
  }),
  createdAt: seconds,
  expiresAt: seconds,
})

/** The JSON form: bigints as decimal strings, addresses checksummed, hex in lower case. */
export function requestToJson(request: Request): Json {
  return toJson(request) as Json
}

function toJson(value: unknown, key = ''): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (key === 'typedData' || value === null || typeof value !== 'object') {
    if (typeof value === 'string' && ADDRESS_KEYS.has(key) && /^0x[0-9a-fA-F]{40}$/.test(value))
      return toChecksum(value)
    return typeof value === 'string' && key === 'data' ? value.toLowerCase() : value
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item, name)]))
}

const ADDRESS_KEYS = new Set(['to', 'safe', 'token', 'recipient', 'gasToken', 'refundReceiver', 'address'])

/**
 * Reads a JSON value as a request; every field is present and no other is.
 * @throws FIELD_UNKNOWN naming the field, FIELD_INVALID naming it and what was expected
 */
export function requestFromJson(value: unknown): Request {
  const result = schema.safeParse(value)
  if (!result.success) throw fromIssues(result.error.issues, 'request')
  const request = result.data as Request
  assertCoherent(request)
  return request
}

/** The first thing wrong with a document, in words. An unknown field speaks first: it may be why others are missing. */
export function fromIssues(issues: readonly z.core.$ZodIssue[], document: string): CustodyError {
  const flat = issues.flatMap(unfold)
  const unknown = flat.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown !== undefined) {
    const field = [...unknown.path.map(String), unknown.keys[0] as string].join('.')
    return new CustodyError('FIELD_UNKNOWN', `The ${document} has the unknown field "${excerpt(field, 100)}".`, {
      details: { field: excerpt(field, 100) },
    })
  }
  const first = flat[0] as z.core.$ZodIssue
  const field = first.path.map(String).join('.')
  return new CustodyError(
    'FIELD_INVALID',
    `The field "${excerpt(field === '' ? document : field, 100)}" of the ${document}: ${excerpt(first.message, 200)}`,
    { details: { field: excerpt(field, 100) } },
  )
}

// A union reports what each of its members found wrong, with paths that begin at the union.
function unfold(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  return issue.errors.flat().flatMap((inner) => unfold({ ...inner, path: [...issue.path, ...inner.path] }))
}

function assertCoherent(request: Request): void {
  const refuse = (field: string, why: string): never => {
    throw new CustodyError('FIELD_INVALID', `The field "${field}" of the request: ${why}.`, { details: { field } })
  }
  const isMessage = request.action.kind === 'message'
  if (isMessage !== (request.nonce === null))
    refuse('nonce', isMessage ? 'expected null, because a message has no nonce' : 'expected the Safe nonce, got null')
  if (isMessage && request.refund !== null) refuse('refund', 'expected null, because a message costs no gas')
  if (request.expiresAt <= request.createdAt) refuse('expiresAt', 'expected a time after createdAt')
  if (request.expiresAt - request.createdAt > MAX_LIFETIME_SECONDS)
    refuse('expiresAt', 'expected at most 90 days after createdAt')
  if (request.action.kind === 'rejection' && request.action.rejects === request.id)
    refuse('action.rejects', 'expected another request, got its own id')
}
