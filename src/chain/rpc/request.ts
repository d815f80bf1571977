import { CustodyError, excerpt } from '../../errors.ts'
import type { Endpoint } from './url.ts'

/** What a JSON-RPC node said. An error is an answer too; whether it is a fault is for the caller to judge. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string; readonly data: unknown }

export interface RpcLimits {
  /** Milliseconds for one attempt, body included. */
  readonly timeoutMs: number
  /** Bytes of one answer. */
  readonly maxBytes: number
}

const MAX_ATTEMPTS = 3
/** A node that let one attempt time out gets one more; waiting three times helps nobody. */
const MAX_TIMEOUTS = 2
const BACKOFF_MS = [100, 400] as const
const BUSY_STATUS = new Set([429, 502, 503, 504])
/** "limit exceeded", EIP-1474; a try later may go through. */
const BUSY_CODE = -32005

/**
 * One JSON-RPC request with bounded retries. Every method that Coffer uses may be repeated, sending
 * included, because the same signed bytes have the same effect once.
 * @throws CHAIN_UNREACHABLE when no attempt got an answer; CHAIN_ANSWER_INVALID when the answer is too large
 *   or is no JSON-RPC
 */
export async function rpcRequest(
  endpoint: Endpoint,
  method: string,
  params: readonly unknown[],
  limits: RpcLimits,
): Promise<RpcAnswer> {
  let timeouts = 0
  let last = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS && timeouts < MAX_TIMEOUTS; attempt++) {
    if (attempt > 0) await pause(BACKOFF_MS[attempt - 1] as number)
    const outcome = await attemptOnce(endpoint, method, params, limits)
    if (outcome.kind === 'answer') {
      if (outcome.answer.ok || outcome.answer.code !== BUSY_CODE) return outcome.answer
      last = `"${excerpt(outcome.answer.message, 100)}"`
    } else {
      last = outcome.why
      if (outcome.kind === 'timeout') timeouts++
    }
  }
  throw new CustodyError('CHAIN_UNREACHABLE', `Expected an answer to ${method} from ${endpoint.shown}, got ${last}.`)
}

type Attempt =
  | { readonly kind: 'answer'; readonly answer: RpcAnswer }
  | { readonly kind: 'timeout' | 'failed'; readonly why: string }

async function attemptOnce(
  endpoint: Endpoint,
  method: string,
  params: readonly unknown[],
  limits: RpcLimits,
): Promise<Attempt> {
  const signal = AbortSignal.timeout(limits.timeoutMs)
  let text: string
  let status: number
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(endpoint.authorization !== null && { authorization: endpoint.authorization }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      // A redirect would send the request, and the caller's trust, to a host nobody configured.
      redirect: 'error',
      signal,
    })
    status = response.status
    text = await readBounded(response, limits.maxBytes, endpoint, method)
  } catch (error) {
    if (error instanceof CustodyError) throw error
    if (signal.aborted) return { kind: 'timeout', why: `none in ${limits.timeoutMs} ms` }
    return { kind: 'failed', why: `"${excerpt(rootMessage(error), 100)}"` }
  }
  if (BUSY_STATUS.has(status)) return { kind: 'failed', why: `HTTP status ${status}` }
  const answer = readAnswer(text)
  if (answer !== null) return { kind: 'answer', answer }
  if (status < 200 || status > 299) return { kind: 'failed', why: `HTTP status ${status}` }
  throw new CustodyError(
    'CHAIN_ANSWER_INVALID',
    `Expected a JSON-RPC 2.0 answer to ${method} from ${endpoint.shown}, got "${excerpt(text)}".`,
  )
}

async function readBounded(response: Response, maxBytes: number, endpoint: Endpoint, method: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Typed by hand: the DOM's Response body lacks the iterator that Node's has.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxBytes) {
      throw new CustodyError(
        'CHAIN_ANSWER_INVALID',
        `Expected at most ${maxBytes} bytes from ${endpoint.shown} in answer to ${method}, got more.`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readAnswer(text: string): RpcAnswer | null {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  const { jsonrpc, id, result, error } = body as Record<string, unknown>
  // Nodes that could not even read the id answer null; that can only be an error.
  if (jsonrpc !== '2.0' || (id !== 1 && !(id === null && error !== undefined))) return null
  if (error === undefined || error === null) return result === undefined ? null : { ok: true, result }
  if (result !== undefined && result !== null) return null
  const { code, message, data } = error as Record<string, unknown>
  if (!Number.isInteger(code) || typeof message !== 'string') return null
  return { ok: false, code: code as number, message, data }
}

// Messages of the network layer can hold the URL, and with it an API key; a system code cannot.
function rootMessage(error: unknown): string {
  let deepest: unknown = error
  for (let depth = 0; depth < 5 && deepest instanceof Error; depth++) {
    const { code } = deepest as NodeJS.ErrnoException
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code)) return code
    // fetch never connects to the ports of its own block list and says just this.
    if (deepest.message === 'bad port') return 'a port that fetch refuses to connect to'
    const inner: unknown = deepest instanceof AggregateError ? deepest.errors[0] : deepest.cause
    if (!(inner instanceof Error)) break
    deepest = inner
  }
  return deepest instanceof Error ? deepest.name : typeof deepest
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
