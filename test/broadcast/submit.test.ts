import { beforeEach, describe, expect, it } from 'vitest'
import { submit } from '../../src/broadcast/submit.ts'
import { keccak256 } from '../../src/primitives/hash.ts'
import { FakeChain } from '../support/fake-chain.ts'
import { outer, SAFE } from './fixture.ts'

const RAW = '0x02c0ffee'
const HASH = keccak256(RAW)
const transaction = { ...outer('raw'), hash: HASH }

let chain: FakeChain
beforeEach(() => {
  chain = new FakeChain(SAFE)
  chain.sendable.set(HASH, transaction)
})

describe('when signed bytes are sent', () => {
  it('says sent, also the second time', async () => {
    await expect(submit(chain, RAW, HASH)).resolves.toEqual({ kind: 'sent' })
    await expect(submit(chain, RAW, HASH)).resolves.toEqual({ kind: 'sent' })
  })

  it('takes a refusal of a transaction that the node knows as sent', async () => {
    chain.pool.set(HASH, transaction)
    chain.refusal = { reason: 'Known transaction', nonceTooLow: false }
    await expect(submit(chain, RAW, HASH)).resolves.toEqual({ kind: 'sent' })
  })

  it('says nonce-used, not retry, when the payer nonce is taken', async () => {
    chain.refusal = { reason: 'nonce too low', nonceTooLow: true }
    await expect(submit(chain, RAW, HASH)).resolves.toEqual({ kind: 'nonce-used', reason: 'nonce too low' })
  })
})

describe('when the node refuses', () => {
  it('throws with its reason, bounded', async () => {
    chain.refusal = { reason: `underpriced ${'x'.repeat(9_000)}`, nonceTooLow: false }
    const error = await submit(chain, RAW, HASH).catch((thrown: unknown) => thrown)
    expect(error).toThrowWithCode('BROADCAST_REFUSED')
    expect((error as Error).message).toMatch(/underpriced/)
    expect((error as Error).message.length).toBeLessThan(500)
  })

  it('G7 throws when nothing answers', async () => {
    chain.offline = true
    await expect(submit(chain, RAW, HASH)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
  })
})

describe('when the stored bytes were exchanged', () => {
  it('G4 sends nothing', async () => {
    await expect(submit(chain, '0x02c0ffef', HASH)).rejects.toThrowWithCode('REQUEST_ALTERED')
    expect(chain.transmitted).toEqual([])
  })
})
