import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keccak256 } from '../../src/primitives/hash.ts'
import { byteLength } from '../../src/primitives/hex.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import { nestedMessage } from '../../src/safe/nested.ts'
import { address, RUNS, safeTx, uint256, VERSIONS } from './arbitraries.ts'

describe('what an owner Safe signs', () => {
  it('is the preimage for parents before 1.5.0 and its hash from 1.5.0 on', () => {
    fc.assert(
      fc.property(
        fc.record({ chainId: uint256, safe: address, version: fc.constantFrom(...VERSIONS, '1.4.1+L2', '1.5.0+L2') }),
        safeTx,
        (parent, tx) => {
          const message = nestedMessage(parent, tx)
          const { digest } = safeTxDigests(parent, tx)
          if (parent.version.startsWith('1.5.0')) {
            expect(message).toBe(digest)
          } else {
            expect(byteLength(message)).toBe(66)
            expect(keccak256(message)).toBe(digest)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('is refused for a parent of an unknown version', () => {
    const [tx] = fc.sample(safeTx, { numRuns: 1, seed: 1 })
    expect(() =>
      nestedMessage({ chainId: 1n, safe: '0x1111111111111111111111111111111111111111', version: '1.6.0' }, tx as never),
    ).toThrowWithCode('SAFE_VERSION')
  })
})
