import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  appendLeaf,
  consistencyProof,
  EMPTY_ROOT,
  emptyFrontier,
  frontierRoot,
  frontierWidth,
  inclusionProof,
  type InclusionClaim,
  leafHash,
  nodeHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/merkle.ts'
import { bytesToHex, type Hex } from '../../src/primitives/hex.ts'

interface Vectors {
  readonly inclusion: readonly {
    file: string
    leafIdx: number
    treeSize: number
    root: string
    leafHash: string
    proof: string[] | null
    wantErr: boolean
  }[]
  readonly consistency: readonly {
    file: string
    size1: number
    size2: number
    root1: string
    root2: string
    proof: string[] | null
    wantErr: boolean
  }[]
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/rfc6962-merkle.json', import.meta.url), 'utf8')) as Vectors
const hex = (base64: string): Hex => bytesToHex(Buffer.from(base64, 'base64'))

describe('the published vectors of transparency-dev/merkle', () => {
  it('hold both good and bad proofs of either kind', () => {
    for (const list of [vectors.inclusion, vectors.consistency]) {
      expect(list.length).toBe(98)
      expect(list.filter((vector) => !vector.wantErr).length).toBe(6)
    }
  })

  it.each(vectors.inclusion)('inclusion is judged as published: $file', (vector) => {
    const head = { size: vector.treeSize, root: hex(vector.root) }
    const claim = { index: vector.leafIdx, leaf: hex(vector.leafHash), head, proof: (vector.proof ?? []).map(hex) }
    expect(verifyInclusion(claim)).toBe(!vector.wantErr)
  })

  it.each(vectors.consistency)('consistency is judged as published: $file', (vector) => {
    const older = { size: vector.size1, root: hex(vector.root1) }
    const newer = { size: vector.size2, root: hex(vector.root2) }
    expect(verifyConsistency({ older, newer, proof: (vector.proof ?? []).map(hex) })).toBe(!vector.wantErr)
  })
})

describe('hashes of RFC 6962', () => {
  // Inputs and roots of the tree that certificate-transparency's own tests use.
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const leaves = inputs.map((input) => leafHash(Buffer.from(input, 'hex')))
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]

  it('gives the known leaf and empty roots', () => {
    expect(leaves[0]).toBe(`0x${roots[0]}`)
    expect(treeRoot([])).toBe(EMPTY_ROOT)
    expect(frontierRoot(emptyFrontier())).toBe(EMPTY_ROOT)
  })

  it.each(roots.map((root, i) => ({ root, size: i + 1 })))(
    'gives the known root over $size leaves, by tree and by frontier',
    ({ root, size }) => {
      const some = leaves.slice(0, size)
      expect(treeRoot(some)).toBe(`0x${root}`)
      const frontier = some.reduce(appendLeaf, emptyFrontier())
      expect(frontierRoot(frontier)).toBe(`0x${root}`)
      expect(frontier.hashes.length).toBe(frontierWidth(size))
    },
  )

  it('keeps leaf and node hashes apart, so that a node cannot pose as an entry', () => {
    const [left, right] = [leaves[0] as Hex, leaves[1] as Hex]
    const bytes = Buffer.from(left.slice(2) + right.slice(2), 'hex')
    expect(leafHash(bytes)).not.toBe(nodeHash(left, right))
  })
})

describe('claims that are malformed', () => {
  const leaves = ['a', 'b', 'c'].map((text) => leafHash(Buffer.from(text)))
  const head = { size: 3, root: treeRoot(leaves) }
  const proof = inclusionProof(1, leaves)
  const leaf = leaves[1] as Hex

  it.each<[string, Partial<InclusionClaim>]>([
    ['a negative index', { index: -1 }],
    ['a fractional index', { index: 0.5 }],
    ['an index behind the end', { index: 3 }],
    ['a hash that is cut', { proof: [proof[0] as Hex, '0x00'] }],
    ['a leaf that is no hash', { leaf: '0xnonsense' }],
  ])('are refused with %s', (_what, change) => {
    expect(verifyInclusion({ index: 1, leaf, head, proof })).toBe(true)
    expect(verifyInclusion({ index: 1, leaf, head, proof, ...change })).toBe(false)
  })

  it('throw NOT_FOUND when a proof is asked for what is not there', () => {
    expect(() => inclusionProof(3, leaves)).toThrowWithCode('NOT_FOUND')
    expect(() => consistencyProof(4, leaves)).toThrowWithCode('NOT_FOUND')
    expect(() => consistencyProof(0, leaves)).toThrowWithCode('NOT_FOUND')
  })
})
