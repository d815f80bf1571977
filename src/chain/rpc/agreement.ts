import { CustodyError, excerpt } from '../../errors.ts'
import { toJsonText } from '../../primitives/json.ts'
import type { Block } from '../chain.ts'
import type { RpcNode } from './node.ts'
import { block } from './shapes.ts'

/** A read at one block that all nodes have. `tag` is what goes into the request. */
export interface Pin {
  readonly block: Block
  readonly tag: string
}

/** Seconds of chain time by which the slowest node may lag; more and its head decides nothing. */
const MAX_LAG_SECONDS = 90
/** Nodes at the tip may sit on two sides of a reorganisation for a moment; lies stay. */
const ROUNDS = 3
const ROUND_PAUSE_MS = 300

/** Runs one read on every node and gives the answer all of them share. @throws CHAIN_DISAGREEMENT */
export async function agree<T>(
  nodes: readonly RpcNode[],
  what: string,
  read: (node: RpcNode) => Promise<T>,
  canonical: (value: T) => unknown = (value) => value,
): Promise<T> {
  const answers = await Promise.all(nodes.map((node) => read(node)))
  const first = answers[0] as T
  const expected = toJsonText(canonical(first))
  for (const [index, answer] of answers.entries()) {
    const got = toJsonText(canonical(answer))
    if (got !== expected) {
      throw disagreement(what, (nodes[0] as RpcNode).shown, expected, (nodes[index] as RpcNode).shown, got)
    }
  }
  return first
}

/**
 * The newest block that all nodes have, the same on each.
 * @throws CHAIN_DISAGREEMENT when they hold different blocks at that height, or one lags far behind: a node
 *   that names an old head would otherwise take every answer back to an old state
 */
export async function commonBlock(nodes: readonly RpcNode[]): Promise<Pin> {
  const heads = await Promise.all(
    nodes.map(async (node) => block(await node.result('eth_getBlockByNumber', ['latest', false]), 'latest') as Block),
  )
  const lowest = heads.reduce((low, head) => (head.number < low.number ? head : low))
  const highest = heads.reduce((high, head) => (head.number > high.number ? head : high))
  const tag = numberTag(lowest.number)
  const own = await Promise.all(
    nodes.map(async (node, index) => {
      const head = heads[index] as Block
      return head.number === lowest.number
        ? head
        : block(await node.result('eth_getBlockByNumber', [tag, false]), lowest.number)
    }),
  )
  const pinned = await agree(nodes, `block ${lowest.number}`, (node) =>
    Promise.resolve(own[nodes.indexOf(node)] ?? null),
  )
  if (pinned === null)
    throw new CustodyError(
      'CHAIN_ANSWER_INVALID',
      `Expected block ${lowest.number}, got none from a node that is beyond it.`,
    )
  if (highest.timestamp - pinned.timestamp > MAX_LAG_SECONDS) {
    const slow = (nodes[heads.indexOf(lowest)] as RpcNode).shown
    const fast = (nodes[heads.indexOf(highest)] as RpcNode).shown
    throw disagreement(
      'the latest block',
      fast,
      highest.number.toString(),
      slow,
      `${lowest.number}, ${highest.timestamp - pinned.timestamp} s older`,
    )
  }
  return { block: pinned, tag }
}

/** One read at a block that all nodes share. With one node there is nothing to compare and no pin is needed. */
export async function agreeAtHead<T>(
  nodes: readonly RpcNode[],
  what: string,
  read: (node: RpcNode, tag: string) => Promise<T>,
  canonical?: (value: T) => unknown,
): Promise<T> {
  if (nodes.length === 1) return read(nodes[0] as RpcNode, 'latest')
  return inRounds(async () => {
    const pin = await commonBlock(nodes)
    return agree(nodes, what, (node) => read(node, pin.tag), canonical)
  })
}

/** Tries again where nodes disagree, because a reorganisation at the tip passes and a lie does not. */
export async function inRounds<T>(round: () => Promise<T>): Promise<T> {
  for (let left = ROUNDS - 1; ; left--) {
    try {
      return await round()
    } catch (error) {
      if (left === 0 || !(error instanceof CustodyError) || error.code !== 'CHAIN_DISAGREEMENT') throw error
      await new Promise((resolve) => setTimeout(resolve, ROUND_PAUSE_MS))
    }
  }
}

export function numberTag(number: bigint): string {
  return `0x${number.toString(16)}`
}

export function disagreement(what: string, first: string, expected: string, second: string, got: string): CustodyError {
  return new CustodyError(
    'CHAIN_DISAGREEMENT',
    `Expected the same answer about ${what} from every node: ${first} says ${excerpt(expected, 100)}, ${second} says ${excerpt(got, 100)}.`,
  )
}
