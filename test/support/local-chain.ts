import { createRequire } from 'node:module'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeDeployData,
  type Hex as ViemHex,
  http,
  parseAbi,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import { LOCAL_ACCOUNTS, startLocalChain } from '../../src/chain/local/node.ts'
import { type Address, toChecksum, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { encodeSetup } from '../../src/safe/abi.ts'
import type { DeployedVersion } from '../../src/safe/deployments.ts'

const require = createRequire(import.meta.url)
interface Artifact {
  readonly abi: readonly unknown[]
  readonly bytecode: ViemHex
}

/** Where the published build of each version keeps its compiled contracts. */
const PACKAGES: Readonly<Record<DeployedVersion, { readonly root: string; readonly brand: string }>> = {
  '1.3.0': { root: '@gnosis.pm/safe-contracts', brand: 'Gnosis' },
  '1.4.1': { root: '@safe-global/safe-contracts', brand: '' },
  '1.5.0': { root: '@safe-global/safe-smart-account', brand: '' },
}
const artifact = (version: DeployedVersion, folder: string, name: string): Artifact =>
  require(`${PACKAGES[version].root}/build/artifacts/contracts/${folder}${name}.sol/${name}.json`) as Artifact

const factoryAbi = parseAbi([
  'function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address proxy)',
])

export const safeAbi = parseAbi([
  'function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)',
  'function encodeTransactionData(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes)',
  'function checkSignatures(bytes32 dataHash, bytes data, bytes signatures) view',
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)',
  'function domainSeparator() view returns (bytes32)',
  'function VERSION() view returns (string)',
  'function nonce() view returns (uint256)',
])
export const handlerAbi = parseAbi([
  'function getMessageHashForSafe(address safe, bytes message) view returns (bytes32)',
])

export interface SafeContracts {
  readonly version: DeployedVersion
  readonly singleton: Address
  readonly singletonL2: Address
  readonly factory: Address
  readonly handler: Address
  readonly multiSendCallOnly: Address
  /** A new Safe without modules or guard. */
  createSafe(owners: readonly Address[], threshold: number, handler?: Address): Promise<Address>
}

export type LocalChainClients = Awaited<ReturnType<typeof withLocalChain>>

/** A chain of its own with the funded development accounts; call `stop` when done. */
export async function withLocalChain() {
  const { url, stop } = await startLocalChain()
  const transport = http(url)
  const [first] = LOCAL_ACCOUNTS
  const account = privateKeyToAccount(first?.privateKey as Hex)
  const reader = createPublicClient({ chain: hardhat, transport, pollingInterval: 20 })
  const wallet = createWalletClient({ chain: hardhat, transport, account })
  const tester = createTestClient({ chain: hardhat, transport, mode: 'hardhat' })
  let salt = 0n

  const deploy = async ({ abi, bytecode }: Artifact): Promise<Address> => {
    const hash = await wallet.sendTransaction({ data: encodeDeployData({ abi, bytecode }) })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    return toChecksum(receipt.contractAddress as string)
  }

  /** Sends as any account, without its key. */
  const sendAs = async (from: Address, to: Address, data: Hex): Promise<void> => {
    await tester.impersonateAccount({ address: from })
    await tester.setBalance({ address: from, value: 10n ** 18n })
    // With the address alone viem asks the node to sign, which it does for an impersonated account.
    const hash = await createWalletClient({ chain: hardhat, transport, account: from }).sendTransaction({ to, data })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`the call of ${from} to ${to} reverted`)
  }

  const deploySafes = async (version: DeployedVersion): Promise<SafeContracts> => {
    const { brand } = PACKAGES[version]
    const singleton = await deploy(artifact(version, '', `${brand}Safe`))
    const singletonL2 = await deploy(artifact(version, '', `${brand}SafeL2`))
    const factory = await deploy(artifact(version, 'proxies/', `${brand}SafeProxyFactory`))
    const handler = await deploy(artifact(version, 'handler/', 'CompatibilityFallbackHandler'))
    const multiSendCallOnly = await deploy(artifact(version, 'libraries/', 'MultiSendCallOnly'))
    const createSafe = async (
      owners: readonly Address[],
      threshold: number,
      fallbackHandler = handler,
    ): Promise<Address> => {
      const initializer = encodeSetup({ owners, threshold, fallbackHandler })
      const { result, request } = await reader.simulateContract({
        account,
        address: factory,
        abi: factoryAbi,
        functionName: 'createProxyWithNonce',
        args: [singleton, initializer, salt++],
      })
      await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(request) })
      return toChecksum(result)
    }
    return { version, singleton, singletonL2, factory, handler, multiSendCallOnly, createSafe }
  }

  const fund = async (to: Address, value: bigint): Promise<void> => {
    await reader.waitForTransactionReceipt({
      hash: await wallet.sendTransaction({ to: to === ZERO_ADDRESS ? account.address : to, value }),
    })
  }

  return { url, chainId: 31337n, account, reader, wallet, tester, deploySafes, sendAs, fund, stop }
}
