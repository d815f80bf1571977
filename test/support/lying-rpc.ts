import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RpcCall {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

/** What the proxy does with one method: a new result, a JSON-RPC error, raw text, a status, a wait, or a cut line. */
export type Lie =
  | { readonly result: (truth: unknown, call: RpcCall) => unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly text: string; readonly status?: number }
  | { readonly delayMs: number }
  | { readonly cut: true }

export interface LyingRpc {
  readonly url: string
  /** Methods in the order they came. */
  readonly calls: RpcCall[]
  /** Headers of the last request. */
  readonly seen: { headers: Readonly<Record<string, string | string[] | undefined>> }
  /** `*` is every method that has no lie of its own. `times` is how often, then the truth again. */
  lie(method: string, lie: Lie, times?: number): void
  honest(): void
  stop(): Promise<void>
}

/** A loopback proxy before a real node, whose answers a test can turn into lies. */
export async function startLyingRpc(upstream: string): Promise<LyingRpc> {
  const lies = new Map<string, { lie: Lie; left: number }>()
  const calls: RpcCall[] = []
  const seen: LyingRpc['seen'] = { headers: {} }

  function lieFor(method: string): Lie | undefined {
    const planned = lies.get(method) ?? lies.get('*')
    if (planned === undefined || planned.left === 0) return undefined
    planned.left--
    return planned.lie
  }

  async function ask(body: string): Promise<Record<string, unknown>> {
    const answer = await fetch(upstream, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return (await answer.json()) as Record<string, unknown>
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const call = JSON.parse(body) as RpcCall
    calls.push(call)
    seen.headers = request.headers
    const lie = lieFor(call.method)
    if (lie !== undefined && 'cut' in lie) return void request.socket.destroy()
    if (lie !== undefined && 'delayMs' in lie) await new Promise((resolve) => setTimeout(resolve, lie.delayMs))
    if (lie !== undefined && 'text' in lie) {
      response.writeHead(lie.status ?? 200, { 'content-type': 'application/json' })
      return void response.end(lie.text)
    }
    if (lie !== undefined && 'error' in lie) {
      return void response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, error: lie.error }))
    }
    const truth = await ask(body)
    if (lie !== undefined && 'result' in lie) {
      return void response.end(
        JSON.stringify({ jsonrpc: '2.0', id: call.id, result: lie.result(truth['result'], call) }),
      )
    }
    response.end(JSON.stringify(truth))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    seen,
    lie: (method, lie, times = Infinity) => void lies.set(method, { lie, left: times }),
    honest: () => lies.clear(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
