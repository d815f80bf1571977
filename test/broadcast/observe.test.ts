import { beforeEach, describe, expect, it } from 'vitest'
import { feePaid } from '../../src/broadcast/observation.ts'
import { observe } from '../../src/broadcast/observe.ts'
import type { Receipt } from '../../src/chain/chain.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import { EXECUTION_FAILURE_TOPIC } from '../../src/safe/exec.ts'
import { FakeChain, type FakeTransaction } from '../support/fake-chain.ts'
import { OURS, outer, PAYER, ran, SAFE, sent, STRANGER, THEIRS, watching } from './fixture.ts'

let chain: FakeChain
beforeEach(() => {
  chain = new FakeChain(SAFE)
})
const first = outer('first')
const look = (...list: readonly FakeTransaction[]) => observe(chain, watching(chain, sent(...list)))

describe('when one of ours was mined', () => {
  it('is executed once the Safe says ExecutionSuccess', async () => {
    const block = chain.mine(first)
    const seen = await look(first)
    expect(seen).toMatchObject({
      kind: 'executed',
      success: true,
      hash: first.hash,
      payment: 0n,
      block: { number: block.number, hash: block.hash },
    })
    if (seen.kind === 'executed') expect(feePaid(seen.receipt)).toBe(80_000n * 10n ** 9n)
  })

  it('G7 is an inner failure when the receipt is a success and the Safe says ExecutionFailure', async () => {
    const failed = outer('failed', 0, ran(false))
    chain.mine(failed)
    await expect(look(failed)).resolves.toMatchObject({
      kind: 'inner-failure',
      success: false,
      receipt: { success: true },
    })
  })

  it('is reverted when the outer transaction reverted', async () => {
    const reverted = outer('reverted', 0, { kind: 'revert' })
    chain.mine(reverted)
    await expect(look(reverted)).resolves.toMatchObject({ kind: 'reverted', hash: reverted.hash })
  })

  it('finds the replacement that was mined in place of the first', async () => {
    const bumped = outer('bumped')
    chain.pool.set(first.hash, first)
    chain.mine(bumped)
    await expect(look(first, bumped)).resolves.toMatchObject({ kind: 'executed', hash: bumped.hash })
  })

  it('G4 counts a transaction once that a resumed caller names twice', async () => {
    chain.mine(first)
    await expect(look(first, first)).resolves.toMatchObject({ kind: 'executed', hash: first.hash })
  })

  it('reads a first revert as past once a later one is in the pool', async () => {
    const reverted = outer('reverted', 0, { kind: 'revert' })
    const again = outer('again', 1)
    chain.mine(reverted)
    chain.pool.set(again.hash, again)
    await expect(look(reverted, again)).resolves.toEqual({ kind: 'pending', known: [again.hash] })
  })

  it('is cancelled when the empty transfer took the payer nonce', async () => {
    const cancel = { ...outer('cancel', 0, { kind: 'transfer' }), to: PAYER } as const
    chain.mine(cancel)
    const list = [...sent(first), { hash: cancel.hash, nonce: 0, cancels: true }]
    await expect(observe(chain, watching(chain, list))).resolves.toMatchObject({ kind: 'cancelled', hash: cancel.hash })
  })
})

describe('when none of ours was mined', () => {
  it('is pending while a node has one of them', async () => {
    chain.pool.set(first.hash, first)
    await expect(look(first, outer('bumped'))).resolves.toEqual({ kind: 'pending', known: [first.hash] })
  })

  it('is missing when the node forgot them', async () => {
    await expect(look(first)).resolves.toEqual({ kind: 'missing', missing: [first.hash] })
  })

  it('is missing with nothing to re-send when nothing was signed', async () => {
    await expect(look()).resolves.toEqual({ kind: 'missing', missing: [] })
  })

  it('is displaced when something unknown took the payer nonce, so that re-sending is not tried for ever', async () => {
    chain.mine({ ...outer('other use of the payer', 0, { kind: 'transfer' }), to: STRANGER })
    await expect(look(first)).resolves.toMatchObject({ kind: 'displaced', block: { number: 1n } })
  })
})

describe('when the Safe nonce was used outside', () => {
  const theirs = { ...outer('theirs', 0, ran(true, THEIRS)), from: STRANGER } as const

  it('G5 names the safeTxHash that took it', async () => {
    const block = chain.mine(theirs)
    await expect(look(first)).resolves.toEqual({
      kind: 'outside',
      safeTxHash: THEIRS,
      sameEffect: false,
      success: true,
      transactionHash: theirs.hash,
      block: { number: block.number, hash: block.hash },
    })
  })

  it('names the right one of several executions', async () => {
    chain.mine(theirs)
    chain.mine({ ...outer('later', 1, ran(true, keccak256Text('later SafeTx'))), from: STRANGER })
    await expect(look(first)).resolves.toMatchObject({ kind: 'outside', safeTxHash: THEIRS })
    await expect(observe(chain, { ...watching(chain, []), safeNonce: 1n })).resolves.toMatchObject({
      safeTxHash: keccak256Text('later SafeTx'),
    })
  })

  it('G4 knows our own SafeTx when a stranger sent it, so it is not paid again', async () => {
    chain.mine({ ...outer('front-run'), from: STRANGER })
    await expect(look(first)).resolves.toMatchObject({
      kind: 'outside',
      safeTxHash: OURS,
      sameEffect: true,
      success: true,
    })
  })

  it('says that it does not know who when the logs are gone', async () => {
    chain.mine(theirs)
    const seen = await observe(chain, { ...watching(chain, sent(first)), findExecutions: async () => [] })
    expect(seen).toEqual({
      kind: 'outside',
      safeTxHash: null,
      sameEffect: false,
      success: null,
      transactionHash: null,
      block: { number: chain.head, hash: (await chain.block('latest'))?.hash },
    })
  })

  it('is outside even when ours was mined and reverted on the used nonce', async () => {
    chain.mine(theirs)
    const late = outer('late', 0, { kind: 'revert' })
    chain.mine(late)
    await expect(look(late)).resolves.toMatchObject({ kind: 'outside', safeTxHash: THEIRS })
  })

  it('G7 refuses logs that no receipt confirms', async () => {
    chain.mine(theirs)
    chain.lieAboutReceipt = (receipt) => (receipt === null ? null : { ...receipt, logs: [] })
    await expect(look(first)).rejects.toThrowWithCode('RECEIPT_INVALID')
    chain.lieAboutReceipt = () => null
    await expect(look(first)).rejects.toThrowWithCode('RECEIPT_INVALID')
  })

  it('G7 refuses a receipt that says another outcome than the logs', async () => {
    chain.mine(theirs)
    chain.lieAboutReceipt = rewriteLogs((log) => ({ ...log, topics: [EXECUTION_FAILURE_TOPIC, THEIRS] }))
    await expect(look(first)).rejects.toThrowWithCode('RECEIPT_INVALID')
  })
})

describe('when a reorganisation takes the block', () => {
  it.each([
    ['pooled', 'pending'],
    ['forgotten', 'missing'],
  ] as const)('G5 goes back when the transaction is %s', async (fate, kind) => {
    chain.mine(first)
    chain.mine()
    chain.mine()
    await expect(look(first)).resolves.toMatchObject({ kind: 'executed' })
    chain.reorganise(3, fate)
    await expect(look(first)).resolves.toMatchObject({ kind })
  })

  it('does not believe a receipt whose block is no longer on the chain', async () => {
    chain.mine(first)
    const stale = await chain.receipt(first.hash)
    chain.reorganise(1, 'pooled')
    chain.lieAboutReceipt = () => stale
    await expect(look(first)).resolves.toMatchObject({ kind: 'pending' })
  })
})

describe('when answers are of different moments', () => {
  it('G5 does not call ours executed by a stale receipt when the nonce went elsewhere after the reorganisation', async () => {
    chain.mine(first)
    const stale = await chain.receipt(first.hash)
    chain.reorganise(1, 'forgotten')
    chain.mine({ ...outer('theirs', 0, ran(true, THEIRS)), from: STRANGER })
    chain.lieAboutReceipt = (receipt, hash) => (hash === first.hash ? stale : receipt)
    await expect(look(first)).resolves.toMatchObject({ kind: 'outside', safeTxHash: THEIRS })
  })

  it('waits for its own receipt when only the logs show its execution yet', async () => {
    chain.mine(first)
    chain.lieAboutReceipt = () => null
    await expect(look(first)).resolves.toMatchObject({ kind: 'pending' })
  })
})

describe('when a node lies about the receipt', () => {
  const other = keccak256Text('another transaction')
  const lies: [string, (receipt: Receipt) => Receipt][] = [
    ['a success without the event of the Safe', (receipt) => ({ ...receipt, logs: [] })],
    ['the event from another contract', (receipt) => mapLogs(receipt, (log) => ({ ...log, address: STRANGER }))],
    [
      'the event for another SafeTx',
      (receipt) => mapLogs(receipt, (log) => ({ ...log, topics: [log.topics[0] as typeof OURS, THEIRS] })),
    ],
    [
      'the event with a cut topic',
      (receipt) => mapLogs(receipt, (log) => ({ ...log, topics: [log.topics[0] as typeof OURS] })),
    ],
    [
      'both outcomes at once',
      (receipt) => ({
        ...receipt,
        logs: receipt.logs.flatMap((log) => [log, { ...log, topics: [EXECUTION_FAILURE_TOPIC, OURS] }]),
      }),
    ],
    ['another transaction', (receipt) => ({ ...receipt, transactionHash: other })],
    ['another sender', (receipt) => ({ ...receipt, from: STRANGER })],
    ['another target', (receipt) => ({ ...receipt, to: STRANGER })],
    ['a contract creation', (receipt) => ({ ...receipt, to: null })],
    ['logs of another transaction', (receipt) => mapLogs(receipt, (log) => ({ ...log, transactionHash: other }))],
    ['logs of another block', (receipt) => mapLogs(receipt, (log) => ({ ...log, blockHash: other }))],
    ['a revert with logs', (receipt) => ({ ...receipt, success: false })],
  ]

  it.each(lies)('G7 refuses %s', async (_what, lie) => {
    chain.mine(first)
    chain.lieAboutReceipt = (receipt) => (receipt === null ? null : lie(receipt))
    await expect(look(first)).rejects.toThrowWithCode('RECEIPT_INVALID')
  })

  it('G7 refuses an execution that did not use the Safe nonce', async () => {
    chain.mine(first)
    chain.lieAboutSafeNonce = () => 0n
    await expect(look(first)).rejects.toThrowWithCode('RECEIPT_INVALID')
  })

  it('G7 refuses two executions of the same SafeTx', async () => {
    const twice = outer('twice', 1)
    chain.mine(first, twice)
    await expect(look(first, twice)).rejects.toThrowWithCode('RECEIPT_INVALID')
  })

  it('G7 refuses a cancellation that made logs', async () => {
    const cancel = { ...outer('cancel'), to: PAYER } as const
    chain.mine(cancel)
    await expect(
      observe(chain, watching(chain, [{ hash: cancel.hash, nonce: 0, cancels: true }])),
    ).rejects.toThrowWithCode('RECEIPT_INVALID')
  })

  it('G7 does not guess when nothing answers', async () => {
    chain.offline = true
    await expect(look(first)).rejects.toThrowWithCode('CHAIN_UNREACHABLE')
  })

  it('G7 refuses an account that does not answer like a Safe', async () => {
    await expect(observe(chain, { ...watching(chain, []), safe: STRANGER })).rejects.toThrowWithCode(
      'CHAIN_ANSWER_INVALID',
    )
  })
})

function mapLogs(receipt: Receipt, change: (log: Receipt['logs'][number]) => Receipt['logs'][number]): Receipt {
  return { ...receipt, logs: receipt.logs.map(change) }
}

function rewriteLogs(change: Parameters<typeof mapLogs>[1]) {
  return (receipt: Receipt | null): Receipt | null => (receipt === null ? null : mapLogs(receipt, change))
}
