import { beforeEach, describe, expect, it } from 'vitest'
import { buildEnvelope, type EnvelopeInput } from '../../src/build/envelope.ts'
import type { FeeCaps } from '../../src/build/plan.ts'
import { FakeChain } from '../support/fake-chain.ts'

const SAFE = '0x1111111111111111111111111111111111111111'
const PAYER = '0x2222222222222222222222222222222222222222'
const GWEI = 10n ** 9n
const caps: FeeCaps = {
  gasCeiling: 1_000_000n,
  maxFeePerGas: 50n * GWEI,
  maxPriorityFeePerGas: 2n * GWEI,
  maxCostPerTransaction: 10n ** 16n,
  maxCostPerDay: 5n * 10n ** 16n,
}

let chain: FakeChain
const build = (changes: Partial<EnvelopeInput> = {}) =>
  buildEnvelope({
    chain,
    from: PAYER,
    nonce: 3,
    to: SAFE,
    data: '0x6a761202',
    value: 0n,
    caps,
    spentToday: 0n,
    ...changes,
  })

beforeEach(() => {
  chain = new FakeChain(SAFE)
  chain.quote = { baseFeePerGas: 10n * GWEI, priorityFeePerGas: GWEI, gasPrice: 11n * GWEI }
})

describe('when everything fits', () => {
  it('adds a fifth to the estimate and states the worst case', async () => {
    await expect(build()).resolves.toEqual({
      type: 'eip1559',
      chainId: 31337,
      from: PAYER,
      nonce: 3,
      to: SAFE,
      value: 0n,
      data: '0x6a761202',
      gasLimit: 120_000n,
      maxFeePerGas: 21n * GWEI,
      maxPriorityFeePerGas: GWEI,
      l1DataFee: 0n,
      worstCaseCost: 120_000n * 21n * GWEI,
    })
  })

  it('rounds the margin up', async () => {
    chain.gas = { ok: true, gas: 21_001n }
    expect((await build()).gasLimit).toBe(25_202n)
  })

  it('makes a legacy envelope where the chain has no base fee', async () => {
    chain.quote = { baseFeePerGas: null, priorityFeePerGas: 0n, gasPrice: 7n * GWEI }
    await expect(build()).resolves.toMatchObject({ type: 'legacy', maxFeePerGas: 7n * GWEI, maxPriorityFeePerGas: 0n })
  })

  it('adds the L1 data fee of an OP-stack chain to the worst case', async () => {
    chain.l1Fee = 12_345n
    const envelope = await build()
    expect(envelope.l1DataFee).toBe(12_345n)
    expect(envelope.worstCaseCost).toBe(120_000n * 21n * GWEI + 12_345n)
  })
})

describe('when the gas need meets the ceiling', () => {
  it('accepts a limit of exactly the ceiling', async () => {
    await expect(build({ caps: { ...caps, gasCeiling: 120_000n } })).resolves.toMatchObject({ gasLimit: 120_000n })
  })

  it('G5 refuses one gas more instead of cutting the limit', async () => {
    const act = build({ caps: { ...caps, gasCeiling: 119_999n } })
    await expect(act).rejects.toThrowWithCode('GAS_CEILING')
    await expect(act).rejects.toThrow(/119999 gas.*120000 gas/)
  })
})

describe('when the call would revert', () => {
  it('refuses with the decoded reason', async () => {
    chain.gas = { ok: false, data: '0x', reason: 'GS026: a signature is not of an owner' }
    const act = build()
    await expect(act).rejects.toThrowWithCode('EXECUTION_REVERTED')
    await expect(act).rejects.toThrow(/GS026/)
  })

  it('bounds and cleans a reason that the contract chose', async () => {
    chain.gas = { ok: false, data: '0x', reason: `\u001b[31m${'x'.repeat(5000)}` }
    const error = await build().catch((thrown: unknown) => thrown)
    expect((error as Error).message.length).toBeLessThan(500)
    expect((error as Error).message).not.toContain('\u001b')
  })
})

describe('when the cost meets a cap', () => {
  const worst = 120_000n * 21n * GWEI

  it('accepts a worst case of exactly the caps', async () => {
    await expect(
      build({ spentToday: 7n, caps: { ...caps, maxCostPerTransaction: worst, maxCostPerDay: worst + 7n } }),
    ).resolves.toMatchObject({ worstCaseCost: worst })
  })

  it('G5 refuses one wei more for one transaction', async () => {
    const act = build({ caps: { ...caps, maxCostPerTransaction: worst - 1n } })
    await expect(act).rejects.toThrowWithCode('COST_CAP')
    await expect(act).rejects.toThrow(/0\.00252 ETH/)
  })

  it('G5 refuses one wei more for the day, with what is reserved already', async () => {
    const act = build({ spentToday: caps.maxCostPerDay - worst + 1n })
    await expect(act).rejects.toThrowWithCode('COST_CAP_DAY')
    await expect(act).rejects.toThrow(/0\.05 ETH.*0\.00252 ETH/)
  })

  it('G5 counts an L1 data fee that alone breaks the cap', async () => {
    chain.l1Fee = caps.maxCostPerTransaction
    await expect(build()).rejects.toThrowWithCode('COST_CAP')
  })

  it('refuses a fee spike above the cap', async () => {
    chain.quote = { baseFeePerGas: 500n * GWEI, priorityFeePerGas: GWEI, gasPrice: 501n * GWEI }
    await expect(build()).rejects.toThrowWithCode('FEE_CAP')
  })
})

describe('when the payer is short', () => {
  it('refuses one wei below worst case and value, and says how much to send', async () => {
    chain.funds = 120_000n * 21n * GWEI + 4n
    const error = await build({ value: 5n }).catch((thrown: unknown) => thrown)
    expect(error).toThrowWithCode('PAYER_FUNDS')
    expect((error as { next: string }).next).toContain('0.000000000000000001 ETH')
    chain.funds += 1n
    await expect(build({ value: 5n })).resolves.toMatchObject({ value: 5n })
  })
})

describe('when a node answers nonsense', () => {
  it('G7 refuses a gas estimate of zero', async () => {
    chain.gas = { ok: true, gas: 0n }
    await expect(build()).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('G7 refuses a negative L1 data fee, which would hide a cost', async () => {
    chain.l1Fee = -1n
    await expect(build()).rejects.toThrowWithCode('CHAIN_ANSWER_INVALID')
  })

  it('G7 refuses when nothing answers', async () => {
    chain.offline = true
    await expect(build()).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
  })
})

describe('when the caller hands in fields of the wrong form', () => {
  it.each([
    [{ to: '0x12' as const }, 'ADDRESS_INVALID'],
    [{ from: '0x52908400098527886E0F7030069857D2E4169Ee8' as const }, 'ADDRESS_CHECKSUM'],
    [{ data: '0xabc' as const }, 'HEX_INVALID'],
    [{ nonce: -1 }, 'INTERNAL'],
    [{ spentToday: -1n }, 'INTERNAL'],
  ] as const)('refuses %o with %s', async (changes, code) => {
    await expect(build(changes)).rejects.toThrowWithCode(code)
  })
})
