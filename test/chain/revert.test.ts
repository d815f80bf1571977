import fc from 'fast-check'
import { AbiCoder, concat } from 'ethers'
import { describe, expect, it } from 'vitest'
import { decodeRevert } from '../../src/chain/revert.ts'
import type { Hex } from '../../src/primitives/hex.ts'

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) }
const coder = AbiCoder.defaultAbiCoder()
const error = (text: string): Hex => concat(['0x08c379a0', coder.encode(['string'], [text])]) as Hex
const panic = (code: bigint): Hex => concat(['0x4e487b71', coder.encode(['uint256'], [code])]) as Hex

describe('when a call reverted', () => {
  it('puts words to the codes of the Safe contracts', () => {
    expect(decodeRevert(error('GS026'))).toBe(
      'GS026: a signature is not of an owner, or the owners are not in ascending order',
    )
    expect(decodeRevert(error('GS013'))).toContain('the inner call failed')
    expect(decodeRevert(error('GS300'))).toContain('guard')
  })

  it('names panics', () => {
    expect(decodeRevert(panic(0x11n))).toBe('Panic 0x11: arithmetic went over or under its bounds')
    expect(decodeRevert(panic(0x99n))).toBe('Panic 0x99: an unknown code')
  })

  it('says that there is no reason, or shows what it cannot read', () => {
    expect(decodeRevert('0x')).toBe('reverted without a reason')
    expect(decodeRevert('0xc40a8c6e')).toBe('custom error 0xc40a8c6e')
    expect(decodeRevert('0x12')).toBe('raw data 0x12')
  })

  it('shows any printable reason as it was encoded', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'grapheme-ascii' }), (text) => {
        fc.pre(!/^GS\d{3}$/.test(text))
        expect(decodeRevert(error(text))).toBe(`"${text}"`)
      }),
      runs,
    )
  })

  it('never lets a reason write control characters or fill the screen', () => {
    const shown = decodeRevert(error(`\u001b[2J\u202e${'x'.repeat(5000)}`))
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(shown.length).toBeLessThan(250)
  })

  it('does not throw on any bytes, lying lengths included', () => {
    fc.assert(
      fc.property(fc.constantFrom('', '08c379a0', '4e487b71'), fc.uint8Array({ maxLength: 200 }), (selector, tail) => {
        expect(decodeRevert(`0x${selector}${Buffer.from(tail).toString('hex')}`).length).toBeLessThan(400)
      }),
      runs,
    )
    expect(decodeRevert(`0x08c379a0${'20'.padStart(64, '0')}${'f'.repeat(64)}`)).toContain('custom error')
  })
})
