import { createRequire } from 'node:module'
import { CustodyError } from '../../errors.ts'
import { type Address, sameAddress } from '../../primitives/address.ts'
import { keccak256 } from '../../primitives/hash.ts'
import { concatHex, type Hex, parseHex, uintWord } from '../../primitives/hex.ts'
import { canonicalDeployments, type DeployedContract } from '../../safe/deployments.ts'
import { bytes } from '../rpc/shapes.ts'
import { type LocalRpc, localRpc } from './local-rpc.ts'

const load = createRequire(import.meta.url)

const PACKAGES = { '1.4.1': '@safe-global/safe-contracts', '1.5.0': '@safe-global/safe-smart-account' } as const

const SOURCES: { readonly [contract in DeployedContract]: string } = {
  Safe: 'Safe.sol',
  SafeL2: 'SafeL2.sol',
  SafeProxyFactory: 'proxies/SafeProxyFactory.sol',
  MultiSend: 'libraries/MultiSend.sol',
  MultiSendCallOnly: 'libraries/MultiSendCallOnly.sol',
  CompatibilityFallbackHandler: 'handler/CompatibilityFallbackHandler.sol',
  SignMessageLib: 'libraries/SignMessageLib.sol',
  CreateCall: 'libraries/CreateCall.sol',
  SimulateTxAccessor: 'accessors/SimulateTxAccessor.sol',
}

/**
 * Puts the published Safe contracts where they stand on public chains, through the singleton factory and
 * from the creation code of the npm packages. What is there already stays.
 * @throws CHAIN_ID_MISMATCH when it is not the local chain; SAFE_DEPLOY_MISMATCH when an address or the code
 *   there is not the published one
 */
export async function deployCanonicalSafe(url: string, version: '1.4.1' | '1.5.0'): Promise<void> {
  const rpc = localRpc(url)
  const factory = await deploySingletonFactory(rpc)
  const contracts = Object.entries(SOURCES) as [DeployedContract, string][]
  await Promise.all(
    contracts.map(async ([name, source]) => {
      const { address, codeHash } = canonicalDeployments(version)[name]
      if ((await codeAt(rpc, address)) === '0x') {
        const artifact = load(`${PACKAGES[version]}/build/artifacts/contracts/${source}/${name}.json`) as {
          bytecode: unknown
        }
        await rpc.transact({
          to: factory,
          data: concatHex(uintWord(0n), parseHex(artifact.bytecode, `creation code of ${name}`)),
        })
      }
      const found = keccak256(await codeAt(rpc, address))
      if (found !== codeHash) {
        throw new CustodyError(
          'SAFE_DEPLOY_MISMATCH',
          `Expected code hash ${codeHash} of ${name} ${version} at ${address}, got ${found}.`,
        )
      }
    }),
  )
}

// The factory's creation is a transaction that its vendor signed for this chain id, so its address cannot be chosen.
async function deploySingletonFactory(rpc: LocalRpc): Promise<Address> {
  const deployment = load('@safe-global/safe-singleton-factory/artifacts/31337/deployment.json') as {
    readonly address: Address
    readonly signerAddress: Address
    readonly transaction: Hex
    readonly gasPrice: string
    readonly gasLimit: string
  }
  if ((await codeAt(rpc, deployment.address)) !== '0x') return deployment.address
  await rpc.transact({ to: deployment.signerAddress, value: BigInt(deployment.gasPrice) * BigInt(deployment.gasLimit) })
  const created = await rpc.sendRaw(deployment.transaction)
  if (created === null || !sameAddress(created, deployment.address)) {
    throw new CustodyError(
      'SAFE_DEPLOY_MISMATCH',
      `Expected the singleton factory at ${deployment.address}, got ${created ?? 'none'}.`,
    )
  }
  return deployment.address
}

async function codeAt(rpc: LocalRpc, address: Address): Promise<Hex> {
  return bytes(await rpc.result('eth_getCode', [address, 'latest']), 'code')
}

export { deployLocalContract, fundLocal, type LocalContract, mintTestToken } from './test-contracts.ts'
