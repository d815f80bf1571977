import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { vkeyOf } from '../../src/audit/note.ts'
import { tlogProof, verifyTlogProof } from '../../src/audit/proof.ts'
import { headOf, inputsOf, logOf } from './sample-log.ts'

const key = { name: 'log.example/treasury', privateKey: new Uint8Array(32).fill(7) }
const vkey = vkeyOf(key)
const rows = logOf(inputsOf(13))
const leaves = rows.map(({ leaf }) => leaf)
const checkpoint = signCheckpoint('log.example/treasury', headOf(rows), key)
const textAt = (index: number): string => rows[index]?.text ?? ''

describe('a .tlog-proof', () => {
  it('shows each entry of the log at its place', () => {
    for (const { seq, text } of rows) {
      expect(verifyTlogProof(tlogProof(seq, leaves, checkpoint), text, vkey)).toEqual({
        index: seq,
        origin: 'log.example/treasury',
        head: headOf(rows),
      })
    }
  })

  it('has the lines of the specification', () => {
    const [front = ''] = tlogProof(3, leaves, checkpoint).split('\n\n')
    expect(front).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 3\n(?:[A-Za-z0-9+/]{43}=\n?){4}$/)
  })

  it('of a log with one entry has no hashes', () => {
    const one = signCheckpoint('x', headOf(rows.slice(0, 1)), key)
    expect(verifyTlogProof(tlogProof(0, leaves.slice(0, 1), one), textAt(0), vkey).index).toBe(0)
  })

  it('may carry an extra line, which proves nothing and changes nothing', () => {
    const proof = tlogProof(3, leaves, checkpoint).replace('\nindex', '\nextra aGVsbG8=\nindex')
    expect(verifyTlogProof(proof, textAt(3), vkey).index).toBe(3)
  })

  const proof = tlogProof(3, leaves, checkpoint)
  const path = proof.split('\n')[2] as string
  it.each([
    ['another header', proof.replace('@v1', '@v2')],
    ['another index', proof.replace('index 3', 'index 4')],
    ['a leading zero', proof.replace('index 3', 'index 03')],
    ['an index behind the end', proof.replace('index 3', 'index 13')],
    ['no index', proof.replace('index 3\n', '')],
    ['a hash missing', proof.replace(`${path}\n`, '')],
    ['a hash too many', proof.replace(`${path}\n`, `${path}\n${path}\n`)],
    ['a hash that is cut', proof.replace(path, path.slice(4))],
    ['extra that is no base64', proof.replace('\nindex', '\nextra ??\nindex')],
    ['54 hashes', proof.replace(`${path}\n`, `${path}\n`.repeat(54))],
    ['no checkpoint', proof.split('\n\n')[0] as string],
    ['nothing', ''],
  ])('G6 is refused with %s', (_what, changed) => {
    expect(changed).not.toBe(proof)
    expect(() => verifyTlogProof(changed, textAt(3), vkey)).toThrowWithCode('PROOF_INVALID')
  })

  it('G6 is refused for another text than the one logged', () => {
    const at = fc.nat(textAt(3).length - 1)
    fc.assert(
      fc.property(at, (i) => {
        const changed = `${textAt(3).slice(0, i)}~${textAt(3).slice(i + 1)}`
        expect(() => verifyTlogProof(proof, changed, vkey)).toThrowWithCode('PROOF_INVALID')
      }),
    )
  })

  it('G6 is refused under a checkpoint of another key', () => {
    const forged = signCheckpoint('log.example/treasury', headOf(rows), {
      ...key,
      privateKey: new Uint8Array(32).fill(8),
    })
    expect(() => verifyTlogProof(tlogProof(3, leaves, forged), textAt(3), vkey)).toThrowWithCode('CHECKPOINT_INVALID')
  })
})
