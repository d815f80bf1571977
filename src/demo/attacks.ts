import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount, sign } from 'viem/accounts'
import { localRpc } from '../chain/local/local-rpc.ts'
import { deployLocalContract } from '../chain/local/deploy-safe.ts'
import { CustodyError } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Stage } from './stage.ts'
import { VENDOR } from './stage.ts'

export interface Refusal {
  readonly attack: string
  readonly code: string
  readonly message: string
  /** What would have happened. */
  readonly wanted: string
}

/**
 * Attacks that are played for real against the running signer. Each must be refused; one that is not is a bug and
 * ends the demo with INTERNAL.
 */
export async function playAttacks(stage: Stage): Promise<readonly Refusal[]> {
  const { signer, secret } = stage
  const refused: Refusal[] = []
  const attack = async (name: string, wanted: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof CustodyError) || error.code === 'INTERNAL') throw error
      refused.push({ attack: name, code: error.code, message: error.message, wanted })
      return
    }
    throw new CustodyError('INTERNAL', `The attack "${name}" was not refused.`)
  }

  const trojan = await deployLocalContract(stage.chain.url, 'StorageTrojan')
  await attack(
    'delegatecall that rewrites the Safe (Bybit)',
    'slot 0 of the Safe would point to the attacker’s code',
    () =>
      signer.call('propose', {
        treasury: 'ops',
        action: { kind: 'call', to: trojan, sig: 'transfer(address,uint256)', args: [trojan, '0'], delegatecall: true },
      }),
  )

  await attack('payment above the limit', '60,000.00 USDC would leave in one transaction', () =>
    signer.call('propose', {
      treasury: 'ops',
      action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount: '60000.00' },
    }),
  )

  const { request, review } = await signer.call('propose', {
    treasury: 'ops',
    action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount: '250.00' },
    memo: 'invoice 43',
  })
  const { digest } = review.digests
  for (const key of ['alice', 'bob']) await signer.call('approve', { id: request.id, digest, key, secret })

  const database = new DatabaseSync(join(stage.home, 'coffer.db'))
  const stored = database.prepare('select body from requests where id = ?').get(request.id) as { body: string }
  const write = database.prepare('update requests set body = ? where id = ?')
  try {
    write.run(stored.body.replace('"amount":"250000000"', '"amount":"950000000"'), request.id)
    await attack('proposal altered by one byte after approval', '950.00 USDC would leave instead of 250.00', () =>
      signer.call('execute', { id: request.id, secret }),
    )
  } finally {
    write.run(stored.body, request.id)
    database.close()
  }

  const node = localRpc(stage.chain.url)
  await node.result('hardhat_setNextBlockBaseFeePerGas', [`0x${(5_000n * 10n ** 9n).toString(16)}`])
  await node.result('hardhat_mine', ['0x1'])
  await attack('fee spike above the cap', 'the payer would burn its coins on one transaction', () =>
    signer.call('execute', { id: request.id, secret }),
  )
  await node.result('hardhat_setNextBlockBaseFeePerGas', [`0x${(10n ** 9n).toString(16)}`])
  await node.result('hardhat_mine', ['0x1'])

  const stranger = generatePrivateKey()
  const carol = stage.keys.find(({ name }) => name === 'carol')
  const forged: Hex = await sign({ hash: digest, privateKey: stranger, to: 'hex' })
  await attack(
    'signature by a stranger presented as an owner’s',
    `${privateKeyToAccount(stranger).address} would count as an owner`,
    () => signer.call('approve.signature', { id: request.id, signature: forged, owner: carol?.address ?? '' }),
  )
  return refused
}
