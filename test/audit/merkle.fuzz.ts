import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeHead } from '../../src/audit/entry.ts'
import {
  appendLeaf,
  consistencyProof,
  emptyFrontier,
  type Frontier,
  frontierRoot,
  frontierWidth,
  inclusionProof,
  leafHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/merkle.ts'
import type { Hex } from '../../src/primitives/hex.ts'

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 100)
const leavesOf = (size: number, salt = ''): Hex[] =>
  Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${salt}${i}`)))
const headOf = (leaves: readonly Hex[]): TreeHead => ({ size: leaves.length, root: treeRoot(leaves) })
const flip = (hash: Hex, bit: number): Hex => {
  const digit = 2 + Math.floor(bit / 4)
  const flipped = (parseInt(hash[digit] as string, 16) ^ (1 << (bit % 4))).toString(16)
  return `${hash.slice(0, digit)}${flipped}${hash.slice(digit + 1)}` as Hex
}
const bit = fc.integer({ min: 0, max: 255 })

describe('for every size up to 70', () => {
  it('the frontier has the root of the tree, and grows from a copy that is left alone', () => {
    const leaves = leavesOf(70)
    let frontier: Frontier = emptyFrontier()
    for (const [i, leaf] of leaves.entries()) {
      const before = frontier.hashes.join()
      const next = appendLeaf(frontier, leaf)
      expect(frontier.hashes.join()).toBe(before)
      frontier = next
      expect(frontierRoot(frontier)).toBe(treeRoot(leaves.slice(0, i + 1)))
      expect(frontier.hashes.length).toBe(frontierWidth(i + 1))
    }
  })

  it('every inclusion and consistency proof holds', () => {
    for (let size = 1; size <= 70; size++) {
      const leaves = leavesOf(size)
      const head = headOf(leaves)
      for (let i = 0; i < size; i++) {
        expect(verifyInclusion({ index: i, leaf: leaves[i] as Hex, head, proof: inclusionProof(i, leaves) })).toBe(true)
        const older = headOf(leaves.slice(0, i + 1))
        expect(verifyConsistency({ older, newer: head, proof: consistencyProof(i + 1, leaves) })).toBe(true)
      }
    }
  })
})

describe('G6 a proof for something else than what was logged', () => {
  const place = fc
    .integer({ min: 2, max: 300 })
    .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }))

  it('fails inclusion for another leaf, index or root, and for a hash flipped, dropped or added', () => {
    fc.assert(
      fc.property(place, bit, fc.nat(), ({ size, index }, at, pick) => {
        const leaves = leavesOf(size)
        const claim = { index, leaf: leaves[index] as Hex, head: headOf(leaves), proof: inclusionProof(index, leaves) }
        const which = pick % claim.proof.length
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leaf: flip(claim.leaf, at) })).toBe(false)
        expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(false)
        expect(verifyInclusion({ ...claim, head: { size, root: flip(claim.head.root, at) } })).toBe(false)
        expect(
          verifyInclusion({ ...claim, proof: claim.proof.map((hash, i) => (i === which ? flip(hash, at) : hash)) }),
        ).toBe(false)
        expect(verifyInclusion({ ...claim, proof: claim.proof.slice(0, -1) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...claim.proof, claim.leaf] })).toBe(false)
      }),
      { numRuns },
    )
  })

  it('fails consistency for a rewritten past, whatever proof the rewriter makes', () => {
    fc.assert(
      fc.property(place, fc.nat(), ({ size, index: oldSize }, pick) => {
        fc.pre(oldSize > 0)
        const leaves = leavesOf(size)
        const older = headOf(leaves.slice(0, oldSize))
        const rewritten = leaves.slice()
        rewritten[pick % oldSize] = leafHash(Buffer.from('another past'))
        expect(verifyConsistency({ older, newer: headOf(leaves), proof: consistencyProof(oldSize, leaves) })).toBe(true)
        expect(
          verifyConsistency({ older, newer: headOf(rewritten), proof: consistencyProof(oldSize, rewritten) }),
        ).toBe(false)
        expect(verifyConsistency({ older, newer: headOf(rewritten), proof: consistencyProof(oldSize, leaves) })).toBe(
          false,
        )
      }),
      { numRuns },
    )
  })

  it('fails consistency for a hash flipped, dropped or added, or another root', () => {
    fc.assert(
      fc.property(place, bit, fc.nat(), ({ size, index: oldSize }, at, pick) => {
        fc.pre(oldSize > 0)
        const leaves = leavesOf(size)
        const claim = {
          older: headOf(leaves.slice(0, oldSize)),
          newer: headOf(leaves),
          proof: consistencyProof(oldSize, leaves),
        }
        const which = pick % claim.proof.length
        expect(
          verifyConsistency({ ...claim, proof: claim.proof.map((hash, i) => (i === which ? flip(hash, at) : hash)) }),
        ).toBe(false)
        expect(verifyConsistency({ ...claim, proof: claim.proof.slice(0, -1) })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: [...claim.proof, claim.older.root] })).toBe(false)
        expect(verifyConsistency({ ...claim, older: { ...claim.older, root: flip(claim.older.root, at) } })).toBe(false)
        expect(verifyConsistency({ ...claim, newer: { ...claim.newer, root: flip(claim.newer.root, at) } })).toBe(false)
      }),
      { numRuns },
    )
  })
})
