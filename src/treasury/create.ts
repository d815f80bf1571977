import { createRequire } from 'node:module'
import type { Chain } from '../chain/chain.ts'
import { assertSupportedChain } from '../chain/names.ts'
import { CustodyError } from '../errors.ts'
import { type Address, toChecksum } from '../primitives/address.ts'
import { keccak256 } from '../primitives/hash.ts'
import { addressWord, concatHex, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import { bytesTail, encodeCall, encodeSetup } from '../safe/abi.ts'
import { canonicalDeployments, type DeployedContract, isL2Default } from '../safe/deployments.ts'
import { checkUint256 } from '../safe/hash.ts'

/** The versions of which Coffer creates Safes. */
export type CreatableVersion = '1.4.1' | '1.5.0'

export interface SafeCreation {
  readonly version: CreatableVersion
  readonly chainId: number
  readonly owners: readonly Address[]
  readonly threshold: number
  /** Picks one of the addresses that these owners can have; always chosen, never left to a default. */
  readonly saltNonce: bigint
  /** SafeL2, which emits its transactions as events; the default everywhere but on Ethereum and its test nets. */
  readonly l2?: boolean
}

/** `createProxyWithNonce(address,bytes,uint256)` */
const CREATE_SELECTOR: Hex = '0x1688f0b9'

// The creation code of SafeProxy decides the predicted address, so the copy in the package is pinned.
const PROXY: { readonly [version in CreatableVersion]: { readonly artifact: string; readonly codeHash: Hex } } = {
  '1.4.1': {
    artifact: '@safe-global/safe-contracts/build/artifacts/contracts/proxies/SafeProxy.sol/SafeProxy.json',
    codeHash: '0x1856e0ee08399d74e0ea0b03adca210aeade6f748969ac023cdcb4dd62dcaf5f',
  },
  '1.5.0': {
    artifact: '@safe-global/safe-smart-account/build/artifacts/contracts/proxies/SafeProxy.sol/SafeProxy.json',
    codeHash: '0x941b3e88811b2f33b8e26783c7407d2e978404581a21c9f07abf2cad9cb87e12',
  },
}

/**
 * The call that creates a Safe, and the address it will have. The address depends on owners, threshold,
 * handler, singleton and saltNonce, so nobody can put another Safe there.
 * @throws CHAIN_UNSUPPORTED, FIELD_INVALID, ADDRESS_INVALID; SAFE_DEPLOY_MISMATCH when the installed artifact
 *   is not the published one
 */
export function planSafeCreation(input: SafeCreation): {
  readonly to: Address
  readonly data: Hex
  readonly predicted: Address
} {
  assertSupportedChain(input.chainId)
  const contracts = canonicalDeployments(input.version)
  const singleton = contracts[singletonOf(input.chainId, input.l2)].address
  const factory = contracts.SafeProxyFactory.address
  const initializer = encodeSetup({
    owners: input.owners,
    threshold: input.threshold,
    fallbackHandler: contracts.CompatibilityFallbackHandler.address,
  })
  const saltNonce = uintWord(checkUint256(input.saltNonce, 'saltNonce'))
  const salt = keccak256(concatHex(keccak256(initializer), saltNonce))
  const initCode = concatHex(proxyCreationCode(input.version), addressWord(singleton))
  return {
    to: factory,
    data: encodeCall(CREATE_SELECTOR, [addressWord(singleton), bytesTail(initializer), saltNonce]),
    predicted: create2Address(factory, salt, initCode),
  }
}

/** @see EIP-1014 */
export function create2Address(deployer: Address, salt: Hex, initCode: Hex): Address {
  return toChecksum(`0x${keccak256(concatHex('0xff', deployer, salt, keccak256(initCode))).slice(-40)}`)
}

/**
 * Whether the chain has the published contracts that a new Safe rests on.
 * @throws SAFE_DEPLOY_MISMATCH when one is absent or has other code
 */
export async function assertCanonicalContracts(chain: Chain, version: CreatableVersion, l2?: boolean): Promise<void> {
  assertSupportedChain(chain.chainId)
  const contracts = canonicalDeployments(version)
  const needed: readonly DeployedContract[] = [
    singletonOf(chain.chainId, l2),
    'SafeProxyFactory',
    'CompatibilityFallbackHandler',
    'MultiSendCallOnly',
  ]
  await Promise.all(
    needed.map(async (name) => {
      const { address, codeHash } = contracts[name]
      const code = await chain.code(address)
      if (code === '0x') {
        throw new CustodyError(
          'SAFE_DEPLOY_MISMATCH',
          `Expected the published ${name} ${version} at ${address} on ${chain.name}, got no code.`,
          {
            next: `Safe ${version} is not deployed on this chain; choose another version or chain.`,
          },
        )
      }
      const found = keccak256(code)
      if (found !== codeHash) {
        throw new CustodyError(
          'SAFE_DEPLOY_MISMATCH',
          `Expected code hash ${codeHash} of ${name} ${version} at ${address} on ${chain.name}, got ${found}.`,
        )
      }
    }),
  )
}

function singletonOf(chainId: number, l2: boolean | undefined): 'Safe' | 'SafeL2' {
  return (l2 ?? isL2Default(chainId)) ? 'SafeL2' : 'Safe'
}

const load = createRequire(import.meta.url)

function proxyCreationCode(version: CreatableVersion): Hex {
  const { artifact, codeHash } = PROXY[version]
  const code = parseHex((load(artifact) as { bytecode?: unknown }).bytecode, 'SafeProxy creation code')
  const found = keccak256(code)
  if (found !== codeHash) {
    throw new CustodyError(
      'SAFE_DEPLOY_MISMATCH',
      `Expected creation code ${codeHash} of SafeProxy ${version}, got ${found}.`,
      {
        next: 'The installed Safe package was altered; install Coffer again from its lockfile.',
      },
    )
  }
  return code
}
