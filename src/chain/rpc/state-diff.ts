import { type Address, compareAddress } from '../../primitives/address.ts'
import type { Hex } from '../../primitives/hex.ts'
import type { ChainCall, StateDiff } from '../chain.ts'
import { callObject } from './execution.ts'
import type { RpcNode } from './node.ts'
import { address, bytes32, quantity, record } from './shapes.ts'

const ZERO_WORD: Hex = `0x${'00'.repeat(32)}`

/**
 * What a call would change, from the prestate tracer in diff mode.
 * @returns null when this node does not trace; that is "not run", never "no effect"
 */
export async function traceStateDiff(node: RpcNode, call: ChainCall, tag: string): Promise<StateDiff | null> {
  const answer = await node.ask('debug_traceCall', [
    callObject(call),
    tag,
    { tracer: 'prestateTracer', tracerConfig: { diffMode: true } },
  ])
  if (!answer.ok) return null
  const diff = record(answer.result, 'state diff')
  return readStateDiff(diff['pre'], diff['post'])
}

/**
 * `pre` holds the touched accounts whole, `post` only what became different: what is missing there kept its
 * value, an emptied slot is left out, and an account that is gone is left out altogether.
 */
export function readStateDiff(pre: unknown, post: unknown): StateDiff {
  const before = accounts(pre, 'state before')
  const after = accounts(post, 'state after')
  const touched = [...new Set([...before.keys(), ...after.keys()])].sort(compareAddress)
  const balances: { address: Address; before: bigint; after: bigint }[] = []
  const storage: { address: Address; slot: Hex; before: Hex; after: Hex }[] = []
  for (const key of touched) {
    const old = before.get(key)
    const now = after.get(key)
    const oldBalance = old?.balance ?? 0n
    const newBalance = now === undefined ? 0n : (now.balance ?? oldBalance)
    if (oldBalance !== newBalance) balances.push({ address: key, before: oldBalance, after: newBalance })
    for (const slot of [...new Set([...(old?.storage.keys() ?? []), ...(now?.storage.keys() ?? [])])].sort()) {
      const oldWord = old?.storage.get(slot) ?? ZERO_WORD
      const newWord = now?.storage.get(slot) ?? ZERO_WORD
      if (oldWord !== newWord) storage.push({ address: key, slot, before: oldWord, after: newWord })
    }
  }
  return { balances, storage }
}

interface AccountState {
  readonly balance: bigint | null
  readonly storage: ReadonlyMap<Hex, Hex>
}

function accounts(value: unknown, what: string): ReadonlyMap<Address, AccountState> {
  const states = new Map<Address, AccountState>()
  for (const [key, item] of Object.entries(record(value, what))) {
    const state = record(item, what)
    const slots = Object.entries(record(state['storage'] ?? {}, what))
    states.set(address(key, what), {
      balance: state['balance'] === undefined ? null : quantity(state['balance'], what),
      storage: new Map(slots.map(([slot, word]) => [bytes32(slot, what), bytes32(word, what)])),
    })
  }
  return states
}
