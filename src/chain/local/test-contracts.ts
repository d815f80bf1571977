import type { Abi } from 'viem'
import { encodeDeployData, encodeFunctionData } from 'viem/utils'
import { CustodyError } from '../../errors.ts'
import type { Address } from '../../primitives/address.ts'
import type { Hex } from '../../primitives/hex.ts'
import contracts from './contracts.json' with { type: 'json' }
import { localRpc } from './local-rpc.ts'

/** The contracts that come with Coffer for the local chain only. */
export type LocalContract = keyof typeof contracts

/** Deploys one of them from the development account. @throws CHAIN_ID_MISMATCH when it is not the local chain */
export async function deployLocalContract(
  url: string,
  name: LocalContract,
  args: readonly unknown[] = [],
): Promise<Address> {
  const { abi, bytecode } = contracts[name]
  const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args })
  const created = await localRpc(url).transact({ data })
  if (created === null)
    throw new CustodyError('CHAIN_ANSWER_INVALID', `Expected the address of the new ${name}, got none.`)
  return created
}

/** Gives `wei` of the development account to an account of the local chain. */
export async function fundLocal(url: string, to: Address, wei: bigint): Promise<void> {
  await localRpc(url).transact({ to, value: wei })
}

/** Mints base units of a TestToken that `deployLocalContract` made. */
export async function mintTestToken(url: string, token: Address, to: Address, amount: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: contracts.TestToken.abi as Abi, functionName: 'mint', args: [to, amount] })
  await localRpc(url).transact({ to: token, data })
}
