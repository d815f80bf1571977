import { hash } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { TreeHead } from './entry.ts'

/**
 * RFC 6962 Merkle trees over SHA-256: heads, frontiers that grow in O(log n), and proofs. Sizes and indices
 * are whole numbers below 2^53, so nothing here uses 32-bit operators.
 * @see RFC 6962 §2.1
 */

/** The root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hex = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * The roots of the full subtrees that make up a log of `size` leaves, largest (leftmost) first: one for each
 * one-bit of `size`.
 */
export interface Frontier {
  readonly size: number
  readonly hashes: readonly Hex[]
}

const LEAF_PREFIX = Uint8Array.of(0)
/** One node's bytes, reused: hashing is synchronous, and a log of a million entries makes a million nodes. */
const NODE = Buffer.alloc(65, 1)

/** The hash of one leaf: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Hex {
  return `0x${hash('sha256', Buffer.concat([LEAF_PREFIX, data]), 'hex')}`
}

/** The hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hex, right: Hex): Hex {
  NODE.write(left.slice(2), 1, 32, 'hex')
  NODE.write(right.slice(2), 33, 32, 'hex')
  return `0x${hash('sha256', NODE, 'hex')}`
}

/** The frontier of the empty log. */
export function emptyFrontier(): Frontier {
  return { size: 0, hashes: [] }
}

/** The frontier after one more leaf. `leaf` is a leaf hash. Amortised one node hash. */
export function appendLeaf(frontier: Frontier, leaf: Hex): Frontier {
  const hashes = frontier.hashes.slice()
  let node = leaf
  // Each trailing one-bit of the size is a full subtree as large as the one in hand, so the two merge.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    node = nodeHash(hashes.pop() as Hex, node)
  }
  hashes.push(node)
  return { size: frontier.size + 1, hashes }
}

/** The Merkle root of the log that the frontier stands for. */
export function frontierRoot(frontier: Frontier): Hex {
  const last = frontier.hashes.at(-1)
  if (last === undefined) return EMPTY_ROOT
  return frontier.hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
}

/** How many hashes the frontier of a log of this size has. */
export function frontierWidth(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return ones
}

/** The Merkle root over leaf hashes, in memory. */
export function treeRoot(leaves: readonly Hex[]): Hex {
  return leaves.length === 0 ? EMPTY_ROOT : subtreeRoot(leaves, 0, leaves.length)
}

/** The root over `leaves[from..to)`, which must not be empty. */
function subtreeRoot(leaves: readonly Hex[], from: number, to: number): Hex {
  if (to - from === 1) {
    const leaf = leaves[from]
    if (leaf === undefined) throw new CustodyError('INTERNAL', `Expected a leaf at ${from}, got none.`)
    return leaf
  }
  const middle = from + splitPoint(to - from)
  return nodeHash(subtreeRoot(leaves, from, middle), subtreeRoot(leaves, middle, to))
}

/** The largest power of two below `size`, where RFC 6962 splits a tree. `size` is at least 2. */
function splitPoint(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

/** What an inclusion proof claims. `leaf` is a leaf hash; `proof` runs from the leaf's sibling up. */
export interface InclusionClaim {
  readonly index: number
  readonly leaf: Hex
  readonly head: TreeHead
  readonly proof: readonly Hex[]
}

/** What a consistency proof claims: the first `older.size` leaves of both trees are the same. */
export interface ConsistencyClaim {
  readonly older: TreeHead
  readonly newer: TreeHead
  readonly proof: readonly Hex[]
}

/**
 * The audit path of `leaves[index]` in the tree over all leaf hashes, sibling first.
 * @throws NOT_FOUND when there is no such leaf
 * @see RFC 6962 §2.1.1
 */
export function inclusionProof(index: number, leaves: readonly Hex[]): Hex[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) {
    throw new CustodyError('NOT_FOUND', `Expected an entry number below ${leaves.length}, got ${index}.`)
  }
  const path: Hex[] = []
  let from = 0
  let to = leaves.length
  while (to - from > 1) {
    const middle = from + splitPoint(to - from)
    if (index < middle) {
      path.push(subtreeRoot(leaves, middle, to))
      to = middle
    } else {
      path.push(subtreeRoot(leaves, from, middle))
      from = middle
    }
  }
  return path.reverse()
}

/**
 * The proof that the tree over all leaf hashes extends the tree over the first `oldSize` of them.
 * @throws NOT_FOUND when that is nothing or more than there are
 * @see RFC 6962 §2.1.2
 */
export function consistencyProof(oldSize: number, leaves: readonly Hex[]): Hex[] {
  if (!Number.isSafeInteger(oldSize) || oldSize < 1 || oldSize > leaves.length) {
    throw new CustodyError('NOT_FOUND', `Expected a size from 1 to ${leaves.length}, got ${oldSize}.`)
  }
  if (oldSize === leaves.length) return []
  const path: Hex[] = []
  let from = 0
  let to = leaves.length
  while (to !== oldSize) {
    const middle = from + splitPoint(to - from)
    if (oldSize <= middle) {
      path.push(subtreeRoot(leaves, middle, to))
      to = middle
    } else {
      path.push(subtreeRoot(leaves, from, middle))
      from = middle
    }
  }
  // A whole left part of the old tree needs no hash of its own: the verifier holds it as the old root.
  if (from > 0) path.push(subtreeRoot(leaves, from, to))
  return path.reverse()
}

const half = (value: number): number => Math.floor(value / 2)
const isOdd = (value: number): boolean => value % 2 === 1
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/**
 * Whether the proof shows the leaf at its index. Everything in the claim may come from an attacker except
 * what the caller checked itself; a malformed claim is false, never an exception.
 * @see RFC 9162 §2.1.3.2
 */
export function verifyInclusion({ index, leaf, head, proof }: InclusionClaim): boolean {
  if (!isSize(index) || !isSize(head.size) || index >= head.size || ![leaf, ...proof].every(isHash)) return false
  let position = index
  let last = head.size - 1
  let node = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(position) || position === last) {
      node = nodeHash(sibling, node)
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      node = nodeHash(node, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && node === head.root
}

/**
 * Whether the proof shows that the newer tree only added leaves. Malformed claims are false, and so is one
 * about the empty tree: a proof that anything extends nothing says nothing.
 * @see RFC 9162 §2.1.4.2
 */
export function verifyConsistency({ older, newer, proof }: ConsistencyClaim): boolean {
  if (!isSize(older.size) || !isSize(newer.size) || older.size === 0 || older.size > newer.size) return false
  if (older.size === newer.size) return proof.length === 0 && older.root === newer.root
  if (![older.root, newer.root, ...proof].every(isHash)) return false

  let position = older.size - 1
  let last = newer.size - 1
  while (isOdd(position)) {
    position = half(position)
    last = half(last)
  }
  // position 0 now means that the old tree is one full subtree, which the proof leaves out.
  const path = position === 0 ? [older.root, ...proof] : proof
  const start = path[0]
  if (start === undefined) return false
  let oldNode = start
  let newNode = start
  for (const sibling of path.slice(1)) {
    if (last === 0) return false
    if (isOdd(position) || position === last) {
      oldNode = nodeHash(sibling, oldNode)
      newNode = nodeHash(sibling, newNode)
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      newNode = nodeHash(newNode, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && oldNode === older.root && newNode === newer.root
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value)
}
