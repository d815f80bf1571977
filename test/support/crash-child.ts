/**
 * A process that runs Coffer with its real parts until the n-th call of a port, and there kills itself. It says
 * `ready` when everything is loaded, takes one errand over its channel, and answers if it lives to the end.
 *
 * A port call is a point before or after something outside this process changes or is asked: before, inside and
 * after each commit of the ledger, before and after each signature and each sending, before each other question
 * to the chain.
 */
import type { Chain } from '../../src/chain/chain.ts'
import { type Coffer, openCoffer } from '../../src/compose.ts'
import { CustodyError } from '../../src/errors.ts'
import { createPipeline } from '../../src/pipeline.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { createTreasury } from '../../src/registers/create-treasury.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { Signer } from '../../src/sign/signer.ts'
import type { Ledger } from '../../src/store/ledger.ts'

export type Errand =
  | { readonly kind: 'execute'; readonly id: string }
  | { readonly kind: 'approve'; readonly id: string; readonly digest: Hex; readonly key: string }
  | { readonly kind: 'create'; readonly name: string; readonly owners: readonly string[]; readonly payer: string }

export interface Order {
  readonly directory: string
  readonly secret: string
  readonly errands: readonly Errand[]
  /** Dies at this port call, counted from 1; 0 lives. */
  readonly killAt: number
}

/** Errors of the errands by index, as codes; `steps` are the names of the port calls that were passed. */
export interface Answer {
  readonly steps: readonly string[]
  readonly codes: readonly (string | null)[]
}

let killAt = 0
const steps: string[] = []

function step(name: string): void {
  steps.push(name)
  if (steps.length !== killAt) return
  process.kill(process.pid, 'SIGKILL')
  // Nothing may happen between the signal and the end.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
  step(`before ${name}`)
  const result = await work()
  step(`after ${name}`)
  return result
}

function countedLedger(ledger: Ledger): Ledger {
  return {
    ...ledger,
    commit: (work) =>
      around('commit', () =>
        ledger.commit(async (scope) => {
          const types: string[] = []
          const result = await work({ ...scope, record: (entry) => (types.push(entry.type), scope.record(entry)) })
          step(`inside commit ${types.join(' ')}`)
          return result
        }),
      ),
  }
}

const countedSigner = (signer: Signer): Signer => ({
  ...signer,
  sign: (digest) => around('signature', () => signer.sign(digest)),
})

function countedChain(chain: Chain): Chain {
  return new Proxy(chain, {
    get(target, method, receiver) {
      const member: unknown = Reflect.get(target, method, receiver)
      if (typeof member !== 'function' || typeof method !== 'string') return member
      return async (...given: unknown[]) => {
        const ask = () => Reflect.apply(member, target, given) as Promise<unknown>
        if (method === 'send') return around('send', ask)
        step(`before ${method}`)
        return ask()
      }
    },
  })
}

function counted(coffer: Coffer): Coffer {
  const plain = new WeakMap<Chain, Chain>()
  const under = (chain: Chain): Chain => plain.get(chain) ?? chain
  return {
    ...coffer,
    ledger: countedLedger(coffer.ledger),
    async openChain(record) {
      const chain = await coffer.openChain(record)
      const wrapped = countedChain(chain)
      plain.set(wrapped, chain)
      return wrapped
    },
    openSigner: async (record, secret) => countedSigner(await coffer.openSigner(record, secret)),
    // These two are many questions each, and nothing is decided between them: one step stands for all.
    readSafe: (chain, safe) => (step('before readSafe'), coffer.readSafe(under(chain), safe)),
    findExecutions: (chain, safe, from) => (
      step('before findExecutions'),
      coffer.findExecutions(under(chain), safe, from)
    ),
    withPayerLock: (chainId, payer, work) => around('payer lock', () => coffer.withPayerLock(chainId, payer, work)),
    sleep: () => coffer.sleep(20),
    // Loading protocol-kit would be most of a child's life, and nothing is written by it.
    protocolKitHash: async (domain, tx) => safeTxDigests(domain, tx).digest,
  }
}

async function run(coffer: Coffer, errand: Errand, secret: string): Promise<string | null> {
  const pipeline = createPipeline(coffer)
  try {
    if (errand.kind === 'execute') await pipeline.execute({ id: errand.id, secret })
    else if (errand.kind === 'approve') await pipeline.approve({ ...errand, secret })
    else await createTreasury(coffer, { ...errand, threshold: 2, secret })
    return null
  } catch (error) {
    return error instanceof CustodyError ? error.code : String((error as Error).stack)
  }
}

async function runAll(order: Order): Promise<readonly (string | null)[]> {
  const coffer = await openCoffer(order.directory)
  const wrapped = counted(coffer)
  const codes: (string | null)[] = []
  for (const errand of order.errands) codes.push(await run(wrapped, errand, order.secret))
  await coffer.close()
  return codes
}

process.once('message', (order: Order) => {
  killAt = order.killAt
  void runAll(order).then((codes) => process.send?.({ steps, codes } satisfies Answer, () => process.exit(0)))
})
process.send?.('ready')
