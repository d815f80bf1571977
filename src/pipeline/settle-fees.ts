import { feePaid } from '../broadcast/observation.ts'
import type { Chain } from '../chain/chain.ts'
import type { Address } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { TreasuryRecord } from '../store/registers.ts'
import type { Parts } from './parts.ts'

/** The fee of a reverted or cancelled transaction is gone; the effect itself is as live as before. `paid` in wei. */
export async function recordPaid(parts: Parts, hash: Hex, paid: bigint): Promise<void> {
  await parts.ledger.commit(async (work) => {
    const row = await work.tx.selectFrom('executions').selectAll().where('hash', '=', hash).executeTakeFirst()
    if (row === undefined || row.state === 'mined') return
    await work.tx
      .updateTable('executions')
      .set({ state: 'mined', cost: paid.toString() })
      .where('hash', '=', hash)
      .execute()
    await work.tx
      .updateTable('executions')
      .set({ state: 'dropped' })
      .where('chain_id', '=', row.chain_id)
      .where('payer', '=', row.payer)
      .where('nonce', '=', row.nonce)
      .where('hash', '!=', hash)
      .execute()
    work.record({
      type: 'execution.paid',
      actor: 'coffer',
      data: {
        id: row.request_id,
        hash,
        effect: 'none',
        spending: { chainId: row.chain_id, payer: row.payer, nonce: row.nonce, cost: paid.toString(), open: false },
      },
    })
  })
}

/**
 * Transactions of a treasury that were mined while nobody watched and executed nothing: what they set aside from
 * the payer's budget becomes what they paid. Executions themselves are settled where they close their request.
 */
export async function settleFees(parts: Parts, chain: Chain, treasury: TreasuryRecord): Promise<void> {
  const open = await parts.ledger.db
    .selectFrom('executions')
    .innerJoin('requests', 'requests.id', 'executions.request_id')
    .select(['executions.hash', 'executions.payer', 'executions.nonce'])
    .where('requests.treasury', '=', treasury.name)
    .where('executions.chain_id', '=', treasury.chainId)
    .where('executions.state', 'in', ['stored', 'sent'])
    .execute()
  const counts = new Map<string, number>()
  for (const payer of new Set(open.map((row) => row.payer)))
    counts.set(payer, await chain.transactionCount(payer as Address, 'latest'))
  for (const row of open.filter(({ payer, nonce }) => nonce < (counts.get(payer) ?? 0))) {
    const receipt = await chain.receipt(row.hash as Hex)
    // One with logs executed the Safe after this look began; the next look closes its request.
    if (receipt !== null && receipt.logs.length === 0) await recordPaid(parts, row.hash as Hex, feePaid(receipt))
  }
}
