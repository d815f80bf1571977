import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finality } from '../../src/broadcast/finality.ts'
import type { Observation } from '../../src/broadcast/observation.ts'
import { isCanonical } from '../../src/broadcast/receipt.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import { FakeChain } from '../support/fake-chain.ts'
import { outer, SAFE } from './fixture.ts'

const at = (number: bigint): Observation => ({
  kind: 'outside',
  safeTxHash: null,
  sameEffect: false,
  success: null,
  transactionHash: null,
  block: { number, hash: keccak256Text('block') },
})

describe('when an outcome is in a block', () => {
  it('is final from the given number of blocks on, its own included', () => {
    expect(finality({ observation: at(10n), head: 10n, confirmations: 1 })).toBe('final')
    expect(finality({ observation: at(10n), head: 12n, confirmations: 4 })).toBe('waiting')
    expect(finality({ observation: at(10n), head: 13n, confirmations: 4 })).toBe('final')
  })

  it('G5 waits when the head is behind the block', () => {
    expect(finality({ observation: at(10n), head: 9n, confirmations: 1 })).toBe('waiting')
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses to count %d confirmations', (confirmations) => {
    expect(() => finality({ observation: at(10n), head: 10n, confirmations })).toThrowWithCode('INTERNAL')
  })
})

describe('when an outcome is in no block', () => {
  it('G5 is never final, however long it takes', () => {
    const nowhere = fc.constantFrom<Observation>({ kind: 'pending', known: [] }, { kind: 'missing', missing: [] })
    fc.assert(
      fc.property(
        nowhere,
        fc.bigInt({ min: 0n, max: 1n << 64n }),
        fc.integer({ min: 1, max: 100 }),
        (observation, head, confirmations) => {
          expect(finality({ observation, head, confirmations })).toBe('waiting')
        },
      ),
    )
  })
})

describe('when the recorded block is looked at again', () => {
  it('is canonical until a reorganisation changes the hash at its height', async () => {
    const chain = new FakeChain(SAFE)
    const { number, hash } = chain.mine(outer('first'))
    await expect(isCanonical(chain, { number, hash })).resolves.toBe(true)
    chain.reorganise(1, 'pooled')
    await expect(isCanonical(chain, { number, hash })).resolves.toBe(false)
    await expect(isCanonical(chain, { number: 99n, hash })).resolves.toBe(false)
  })
})
