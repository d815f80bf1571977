import { privateKeyToAccount } from 'viem/accounts'
import { LOCAL_ACCOUNTS } from '../../src/chain/local/accounts.ts'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { type Address, compareAddress, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { concatHex, type Hex } from '../../src/primitives/hex.ts'
import { encodeExecTransaction } from '../../src/safe/exec.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import { type CreatableVersion, planSafeCreation } from '../../src/treasury/create.ts'

export const OWNERS: readonly Address[] = LOCAL_ACCOUNTS.slice(0, 3).map((account) => account.address)

/** A new 2-of-3 Safe on a local chain that has the canonical contracts. */
export async function createLocalSafe(
  url: string,
  version: CreatableVersion,
  saltNonce: bigint,
  l2?: boolean,
): Promise<Address> {
  const plan = planSafeCreation({
    version,
    chainId: 31337,
    owners: OWNERS,
    threshold: 2,
    saltNonce,
    ...(l2 !== undefined && { l2 }),
  })
  await localRpc(url).transact({ to: plan.to, data: plan.data })
  return plan.predicted
}

/** Executes a transaction of such a Safe with the signatures of its first two owners; gives its safeTxHash. */
export async function executeLocally(
  url: string,
  safe: Address,
  version: string,
  nonce: bigint,
  part: Partial<SafeTx>,
): Promise<Hex> {
  const tx: SafeTx = {
    to: safe,
    value: 0n,
    data: '0x',
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: ZERO_ADDRESS,
    refundReceiver: ZERO_ADDRESS,
    nonce,
    ...part,
  }
  const { digest } = safeTxDigests({ chainId: 31337n, safe, version }, tx)
  const signers = LOCAL_ACCOUNTS.slice(0, 2)
    .map((account) => privateKeyToAccount(account.privateKey))
    .sort((a, b) => compareAddress(a.address, b.address))
  const signatures = await Promise.all(signers.map((signer) => signer.sign({ hash: digest })))
  await localRpc(url).transact({ to: safe, data: encodeExecTransaction(tx, concatHex(...signatures)) })
  return digest
}
