import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { requireExecuted } from '../../src/broadcast/outcome.ts'
import { waitForExecution, type WaitInput } from '../../src/broadcast/wait.ts'
import { CustodyError, type ErrorCode } from '../../src/errors.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { FakeChain, type FakeTransaction } from '../support/fake-chain.ts'
import { OURS, outer, PAYER, ran, SAFE, sent, STRANGER, THEIRS, watching } from './fixture.ts'

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) }

let chain: FakeChain
let now: number
let resent: Hex[]
beforeEach(() => {
  chain = new FakeChain(SAFE)
  now = 1_000
  resent = []
})

/** `script` runs at each sleep, with how many there were. */
function waiting(
  list: readonly FakeTransaction[],
  script: (tick: number) => void,
  changes: Partial<WaitInput> = {},
): WaitInput {
  let tick = 0
  return {
    ...watching(chain, sent(...list)),
    confirmations: 1,
    clock: { now: () => now },
    sleep: async (seconds) => {
      now += seconds
      tick += 1
      script(tick)
    },
    deadline: now + 100,
    pollSeconds: 2,
    stuckAfterSeconds: 20,
    resend: async (missing) => {
      resent.push(...missing)
    },
    replace: async () => null,
    ...changes,
  }
}

const first = outer('first')
const bumped = outer('bumped')
const nothing = () => {}

describe('when the transaction is mined', () => {
  it('waits for the confirmations and ends final', async () => {
    chain.pool.set(first.hash, first)
    const kinds: string[] = []
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          chain.mine(...(tick === 2 ? [first] : []))
        },
        {
          confirmations: 3,
          onObservation: ({ kind }) => {
            kinds.push(kind)
          },
        },
      ),
    )
    expect(outcome).toMatchObject({ final: true, observation: { kind: 'executed', hash: first.hash }, held: null })
    expect(kinds).toEqual(['pending', 'pending', 'executed', 'executed', 'executed'])
    expect(requireExecuted(outcome)).toBe(outcome.observation)
  })

  it('G4 does not sleep, send or replace when it is final already', async () => {
    chain.mine(first)
    const never = async () => {
      throw new Error('must not be called')
    }
    await expect(
      waitForExecution(chain, waiting([first], nothing, { sleep: never, resend: never, replace: never })),
    ).resolves.toMatchObject({ final: true })
  })

  it('G5 takes nothing as final that a reorganisation of 3 blocks undid, and waits for it to land again', async () => {
    chain.mine(first)
    const kinds: string[] = []
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          if (tick === 3) chain.reorganise(3, 'pooled')
          else chain.mine(...(tick === 5 ? [first] : []))
        },
        {
          confirmations: 4,
          onObservation: ({ kind }) => {
            kinds.push(kind)
          },
        },
      ),
    )
    expect(outcome).toMatchObject({ final: true, observation: { kind: 'executed' } })
    expect(kinds).toEqual([
      'executed',
      'executed',
      'executed',
      'pending',
      'pending',
      'executed',
      'executed',
      'executed',
      'executed',
    ])
  })
})

describe('when the node forgot the transaction', () => {
  it('G4 has the stored bytes sent again and never asks for a signature', async () => {
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          if (tick === 2) chain.mine(first)
        },
        {
          resend: async (missing) => {
            resent.push(...missing)
            chain.pool.set(first.hash, first)
          },
          replace: async () => {
            throw new Error('must not be called')
          },
        },
      ),
    )
    expect(outcome).toMatchObject({ final: true })
    expect(resent).toEqual([first.hash])
  })

  it('holds a refusal of the node and goes on', async () => {
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          if (tick === 3) chain.mine(first)
        },
        {
          resend: async () => {
            throw new CustodyError('BROADCAST_REFUSED', 'underpriced')
          },
        },
      ),
    )
    expect(outcome).toMatchObject({ final: true, held: { code: 'BROADCAST_REFUSED' } })
  })
})

describe('when the transaction is stuck', () => {
  it('replaces it once per span and takes either as the outcome', async () => {
    chain.pool.set(first.hash, first)
    let replaced = 0
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          if (tick === 15) chain.mine(bumped)
        },
        {
          replace: async () => {
            replaced += 1
            chain.pool.delete(first.hash)
            chain.pool.set(bumped.hash, bumped)
            return { hash: bumped.hash, nonce: bumped.nonce }
          },
        },
      ),
    )
    expect(replaced).toBe(1)
    expect(outcome).toMatchObject({
      final: true,
      observation: { kind: 'executed', hash: bumped.hash },
      sent: [{ hash: first.hash }, { hash: bumped.hash }],
    })
  })

  it('replaces one that the node will not take back', async () => {
    let replaced = 0
    await waitForExecution(
      chain,
      waiting([first], nothing, {
        replace: async () => {
          replaced += 1
          return null
        },
      }),
    )
    expect(replaced).toBe(5)
  })

  it.each(['FEE_CAP', 'COST_CAP', 'COST_CAP_DAY'] as const)(
    'G5 waits on within the caps when a replacement meets %s, and says so at the end',
    async (code) => {
      chain.pool.set(first.hash, first)
      const outcome = await waitForExecution(
        chain,
        waiting([first], nothing, {
          replace: async () => {
            throw new CustodyError(code, 'above the cap')
          },
        }),
      )
      expect(outcome).toMatchObject({ final: false, observation: { kind: 'pending' }, held: { code } })
      expect(() => requireExecuted(outcome)).toThrowWithCode('EXECUTION_PENDING')
      expect(() => requireExecuted(outcome)).toThrow(/above the cap/)
    },
  )

  it.each(['SIGNATURE_MISMATCH', 'STORE_FULL', 'FROZEN'] as const)(
    'G7 ends at once when replacing meets %s',
    async (code) => {
      chain.pool.set(first.hash, first)
      const replace = async () => {
        throw new CustodyError(code, 'stop')
      }
      await expect(waitForExecution(chain, waiting([first], nothing, { replace }))).rejects.toThrowWithCode(code)
    },
  )
})

describe('when the node goes away', () => {
  it('goes on when it comes back', async () => {
    chain.offline = true
    const outcome = await waitForExecution(
      chain,
      waiting([first], (tick) => {
        if (tick === 4) {
          chain.offline = false
          chain.mine(first)
        }
      }),
    )
    expect(outcome).toMatchObject({ final: true, held: { code: 'CHAIN_UNREACHABLE' } })
  })

  it('G7 throws at the deadline when it never answered', async () => {
    chain.offline = true
    await expect(waitForExecution(chain, waiting([first], nothing))).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
    expect(now).toBe(1_100)
  })

  it('G7 ends at once when a receipt does not prove the execution', async () => {
    chain.mine(first)
    chain.lieAboutReceipt = (receipt) => (receipt === null ? null : { ...receipt, logs: [] })
    await expect(waitForExecution(chain, waiting([first], nothing))).rejects.toThrowWithCode('RECEIPT_INVALID')
  })
})

describe('when nobody knows who used the nonce', () => {
  it('counts confirmations from the first sight, so that it does end', async () => {
    const block = chain.mine({ ...outer('theirs', 0, ran(true, THEIRS)), from: STRANGER })
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        () => {
          chain.mine()
        },
        { confirmations: 3, findExecutions: async () => [] },
      ),
    )
    expect(outcome).toMatchObject({
      final: true,
      observation: { kind: 'outside', transactionHash: null, block: { number: block.number, hash: block.hash } },
    })
    expect(() => requireExecuted(outcome)).toThrowWithCode('EXECUTION_OUTSIDE')
  })

  it('counts anew when a reorganisation took that block', async () => {
    chain.mine({ ...outer('other use of the payer', 0, { kind: 'transfer' }), to: STRANGER })
    const outcome = await waitForExecution(
      chain,
      waiting(
        [first],
        (tick) => {
          if (tick === 1) {
            chain.reorganise(1, 'forgotten')
            chain.mine({ ...outer('other use again', 0, { kind: 'transfer' }), to: STRANGER })
          } else chain.mine()
        },
        { confirmations: 3 },
      ),
    )
    expect(outcome).toMatchObject({ final: true, observation: { kind: 'displaced', block: { number: 3n } } })
  })
})

describe('when the outcome is not an execution of ours with success', () => {
  it.each<[string, FakeTransaction, Parameters<typeof waitForExecution>[1]['sent'], ErrorCode]>([
    ['an inner failure', outer('failed', 0, ran(false)), sent(outer('failed')), 'EXECUTION_FAILED'],
    ['an outer revert', outer('reverted', 0, { kind: 'revert' }), sent(outer('reverted')), 'EXECUTION_REVERTED'],
    [
      'another SafeTx on the nonce',
      { ...outer('theirs', 0, ran(true, THEIRS)), from: STRANGER },
      sent(first),
      'EXECUTION_OUTSIDE',
    ],
    [
      'our SafeTx sent by a stranger, failing inside',
      { ...outer('theirs', 0, ran(false, OURS)), from: STRANGER },
      sent(first),
      'EXECUTION_FAILED',
    ],
    [
      'a cancellation',
      { ...outer('cancel', 0, { kind: 'transfer' }), to: PAYER },
      [{ hash: outer('cancel').hash, nonce: 0, cancels: true }],
      'EXECUTION_PENDING',
    ],
    [
      'a payer nonce used elsewhere',
      { ...outer('elsewhere', 0, { kind: 'transfer' }), to: STRANGER },
      sent(first),
      'EXECUTION_PENDING',
    ],
  ])('G7 does not pass %s', async (_what, mined, list, code) => {
    chain.mine(mined)
    const outcome = await waitForExecution(chain, waiting([], nothing, { sent: list }))
    expect(outcome.final).toBe(true)
    expect(() => requireExecuted(outcome)).toThrowWithCode(code)
  })

  it('passes our SafeTx with success that a stranger sent', async () => {
    chain.mine({ ...outer('front-run'), from: STRANGER })
    expect(requireExecuted(await waitForExecution(chain, waiting([first], nothing)))).toMatchObject({
      kind: 'outside',
      sameEffect: true,
    })
  })

  it('G7 does not pass an execution that is not deep enough', async () => {
    chain.mine(first)
    const outcome = await waitForExecution(chain, waiting([first], nothing, { confirmations: 2 }))
    expect(() => requireExecuted(outcome)).toThrowWithCode('EXECUTION_PENDING')
  })
})

describe('for any order of mining, forgetting, reorganising and outages', () => {
  it('G4 a final outcome is true of the chain, and never more than one execution is on it', async () => {
    const events = fc.constantFrom('mine first', 'mine bumped', 'empty', 'forget', 'reorganise', 'outage', 'back')
    let finals = 0
    await fc.assert(
      fc.asyncProperty(fc.array(events, { maxLength: 30 }), async (script) => {
        chain = new FakeChain(SAFE)
        now = 1_000
        chain.pool.set(first.hash, first)
        const outcome = await waitForExecution(
          chain,
          waiting(
            [first],
            (tick) => {
              const event = script[tick - 1] ?? 'back'
              const wanted = event === 'mine first' ? first : event === 'mine bumped' ? bumped : null
              if (wanted !== null && chain.pool.has(wanted.hash)) chain.mine(wanted)
              else if (event === 'reorganise' && chain.head > 3n)
                chain.reorganise(2, tick % 2 === 0 ? 'pooled' : 'forgotten')
              else if (event === 'forget') chain.pool.clear()
              else if (event === 'empty') chain.mine()
              chain.offline = event === 'outage'
            },
            {
              confirmations: 3,
              stuckAfterSeconds: 8,
              deadline: now + 200,
              resend: async (missing) => {
                for (const lost of [first, bumped]) if (missing.includes(lost.hash)) chain.pool.set(lost.hash, lost)
              },
              replace: async () => {
                chain.pool.set(bumped.hash, bumped)
                return { hash: bumped.hash, nonce: bumped.nonce }
              },
            },
          ),
        )
        const executions = await chain.findExecutions(chain, SAFE, 0n)
        expect(executions.length).toBeLessThanOrEqual(1)
        if (!outcome.final) return
        finals += 1
        expect(executions).toMatchObject([
          {
            safeTxHash: OURS,
            transactionHash:
              requireExecuted(outcome).kind === 'executed' ? (outcome.observation as { hash: Hex }).hash : null,
          },
        ])
      }),
      runs,
    )
    expect(finals).toBeGreaterThan(0)
  })
})
