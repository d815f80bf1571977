import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { privateKeyToAccount } from 'viem/accounts'
import { CustodyError } from '../../src/errors.ts'
import { compareAddress, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { concatHex, type Hex } from '../../src/primitives/hex.ts'
import { encodeExecTransaction } from '../../src/safe/exec.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import type { Person, TestTreasury, World } from './stage.ts'

/** What people do around Coffer: they sign with their own keys and send from another account. Gives the safeTxHash. */
export async function executeOutside(
  world: World,
  treasury: TestTreasury,
  signers: readonly Person[],
  part: Partial<SafeTx>,
): Promise<Hex> {
  const tx: SafeTx = {
    to: treasury.safe,
    value: 0n,
    data: '0x',
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: ZERO_ADDRESS,
    refundReceiver: ZERO_ADDRESS,
    nonce: await world.nonceOf(treasury.safe),
    ...part,
  }
  const { digest } = safeTxDigests({ chainId: 31337n, safe: treasury.safe, version: treasury.version }, tx)
  const accounts = signers
    .map(({ privateKey }) => privateKeyToAccount(privateKey))
    .sort((a, b) => compareAddress(a.address, b.address))
  const signatures = await Promise.all(accounts.map((account) => account.sign({ hash: digest })))
  await world.rpc.transact({ to: treasury.safe, data: encodeExecTransaction(tx, concatHex(...signatures)) })
  return digest
}

/** Edits the database of a home as somebody with the disk would: around triggers, keys and Coffer. */
export function editDatabase(directory: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(directory, 'coffer.db'), { enableForeignKeyConstraints: false })
  try {
    work(database)
  } finally {
    database.close()
  }
}

/** The code that something was refused with; `done` when it was not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof CustodyError) return error.code
    throw error
  }
}
