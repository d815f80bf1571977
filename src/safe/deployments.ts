import { type Address, sameAddress } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { type SafeVersion, requireVersion, supportedVersion } from './hash.ts'

/** `codeHash` is keccak256 of the runtime code as it stands on chain. */
export interface Deployment {
  readonly address: Address
  readonly codeHash: Hex
}

export type DeployedVersion = '1.3.0' | '1.4.1' | '1.5.0'

export type DeployedContract =
  | 'Safe'
  | 'SafeL2'
  | 'SafeProxyFactory'
  | 'MultiSend'
  | 'MultiSendCallOnly'
  | 'CompatibilityFallbackHandler'
  | 'SignMessageLib'
  | 'CreateCall'
  | 'SimulateTxAccessor'

export type Deployments = { readonly [contract in DeployedContract]: Deployment }

// The canonical records of @safe-global/safe-deployments, written out so that a poisoned release of that
// package cannot move a pin. A test compares every row with the installed package. `Safe…` names 1.3.0's `GnosisSafe…` too.
const CANONICAL: { readonly [version in DeployedVersion]: Deployments } = {
  '1.3.0': {
    CompatibilityFallbackHandler: {
      address: '0xf48f2B2d2a534e402487b3ee7C18c33Aec0Fe5e4',
      codeHash: '0x03e69f7ce809e81687c69b19a7d7cca45b6d551ffdec73d9bb87178476de1abf',
    },
    CreateCall: {
      address: '0x7cbB62EaA69F79e6873cD1ecB2392971036cFAa4',
      codeHash: '0x8155d988823a4f6f1bcbc76a64af8e510c4ce68819290d43cf24956bd24dee82',
    },
    Safe: {
      address: '0xd9Db270c1B5E3Bd161E8c8503c55cEABeE709552',
      codeHash: '0xbba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e',
    },
    SafeL2: {
      address: '0x3E5c63644E683549055b9Be8653de26E0B4CD36E',
      codeHash: '0x21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f',
    },
    MultiSend: {
      address: '0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761',
      codeHash: '0x0208282bd262360d0320862c5ac70f375f5ed3b9d89a83a615b4d398415bdc83',
    },
    MultiSendCallOnly: {
      address: '0x40A2aCCbd92BCA938b02010E17A5b8929b49130D',
      codeHash: '0xa9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad',
    },
    SafeProxyFactory: {
      address: '0xa6B71E26C5e0845f74c812102Ca7114b6a896AB2',
      codeHash: '0x337d7f54be11b6ed55fef7b667ea5488db53db8320a05d1146aa4bd169a39a9b',
    },
    SignMessageLib: {
      address: '0xA65387F16B013cf2Af4605Ad8aA5ec25a2cbA3a2',
      codeHash: '0x3ac65dea3cc9dd0d7b7b800f834e3d73415b4e944bb94555c3e4a08fb137e918',
    },
    SimulateTxAccessor: {
      address: '0x59AD6735bCd8152B84860Cb256dD9e96b85F69Da',
      codeHash: '0xb3fb9763869f2c09a2ac5a425d2dd6060bf7ef46b3899049d71a711e71e00f04',
    },
  },
  '1.4.1': {
    CompatibilityFallbackHandler: {
      address: '0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99',
      codeHash: '0x7c6007a5d711cea8dfd5d91f5940ec29c7f200fe511eb1fc1397b367af3c42f9',
    },
    CreateCall: {
      address: '0x9b35Af71d77eaf8d7e40252370304687390A1A52',
      codeHash: '0x2b3060c55fcb8275653e99ad511a71f67ba76934ed66a7d74d6e68b52afff889',
    },
    MultiSend: {
      address: '0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526',
      codeHash: '0x0e4f7fc66550a322d1e7688e181b75e217e662a4f3f4d6a29b22bc61217c4b77',
    },
    MultiSendCallOnly: {
      address: '0x9641d764fc13c8B624c04430C7356C1C7C8102e2',
      codeHash: '0xecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939',
    },
    Safe: {
      address: '0x41675C099F32341bf84BFc5382aF534df5C7461a',
      codeHash: '0x1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4',
    },
    SafeL2: {
      address: '0x29fcB43b46531BcA003ddC8FCB67FFE91900C762',
      codeHash: '0xb1f926978a0f44a2c0ec8fe822418ae969bd8c3f18d61e5103100339894f81ff',
    },
    SafeProxyFactory: {
      address: '0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67',
      codeHash: '0x50c3cdc4074750a7a974204a716c999edd37482f907608d960b2b025ee0b3317',
    },
    SignMessageLib: {
      address: '0xd53cd0aB83D845Ac265BE939c57F53AD838012c9',
      codeHash: '0x525c754a46b79e05543a59bb61e8de3c9eee0d955a59352409cbe67ea1077528',
    },
    SimulateTxAccessor: {
      address: '0x3d4BA2E0884aa488718476ca2FB8Efc291A46199',
      codeHash: '0x91f82615581fc73b190b83d72e883608b25e392f72322035df1b13d51766cf8d',
    },
  },
  '1.5.0': {
    CompatibilityFallbackHandler: {
      address: '0x3EfCBb83A4A7AfcB4F68D501E2c2203a38be77f4',
      codeHash: '0x3c6a85bcf7b563daa624b884b4e9a1b9fa5371edde7be945d998071a48f28bbc',
    },
    CreateCall: {
      address: '0x2Ef5ECfbea521449E4De05EDB1ce63B75eDA90B4',
      codeHash: '0x6b7d8d29bdf7004c4617d95041923774f3f7e74b056bff55c1861c9ec92ce54f',
    },
    MultiSend: {
      address: '0x218543288004CD07832472D464648173c77D7eB7',
      codeHash: '0xca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5604',
    },
    MultiSendCallOnly: {
      address: '0xA83c336B20401Af773B6219BA5027174338D1836',
      codeHash: '0xcdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663',
    },
    Safe: {
      address: '0xFf51A5898e281Db6DfC7855790607438dF2ca44b',
      codeHash: '0xdda019cbd7c867a533a2a86e5c53434fdc50b13122b5a5ddb4a8df61b31c20f2',
    },
    SafeL2: {
      address: '0xEdd160fEBBD92E350D4D398fb636302fccd67C7e',
      codeHash: '0x180193227186ccb85316c94db1f0d156ed932b14712cfaac78901899178572dc',
    },
    SafeProxyFactory: {
      address: '0x14F2982D601c9458F93bd70B218933A6f8165e7b',
      codeHash: '0x967dae4cda22b0c9ef7f31b010bdc1ceb0af9904b0c3dc060b5302e4c18a4529',
    },
    SignMessageLib: {
      address: '0x4FfeF8222648872B3dE295Ba1e49110E61f5b5aa',
      codeHash: '0xd61840855da008da59a00fc03fb71455b4f70bdca1f56f9504f072ed8d90c50e',
    },
    SimulateTxAccessor: {
      address: '0x07EfA797c55B5DdE3698d876b277aBb6B893654C',
      codeHash: '0x706db4bb6151f75a5b3845724174e201c59046dfbe65b4e5909ad4b88f8f752d',
    },
  },
}

/** Singletons before 1.3.0, and the EIP-155 twins of 1.3.0 on chains where the canonical factory could not run. */
const OTHER_SINGLETONS: { readonly [version in SafeVersion]?: readonly Deployment[] } = {
  '1.0.0': [
    {
      address: '0xb6029EA3B2c51D09a50B53CA8012FeEB05bDa35A',
      codeHash: '0xe1f1593df76e69abc2d692792c80f329457551d5e83dde597546a1d58764da80',
    },
  ],
  '1.1.1': [
    {
      address: '0x34CfAC646f301356fAa8B21e94227e3583Fe3F5F',
      codeHash: '0x56b8be58b5ad629a621593a2e5e5e8e9a28408dc06e95597497b303902772e45',
    },
  ],
  '1.2.0': [
    {
      address: '0x6851D6fDFAfD08c0295C392436245E5bc78B0185',
      codeHash: '0x2ae2d1231f0d754a7fa4f5e5d0e5554085e1b500d8e09f95aaaaa3f49c0db922',
    },
  ],
  '1.3.0': [
    {
      address: '0x69f4D1788e39c87893C980c06EdF4b7f686e2938',
      codeHash: '0xbba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e',
    },
    {
      address: '0xfb1bffC9d739B8D520DaF37dF666da4C687191EA',
      codeHash: '0x21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f',
    },
  ],
}

const OTHER_BATCH_LIBRARIES: readonly Deployment[] = [
  {
    address: '0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B',
    codeHash: '0xa9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad',
  },
]

/** Addresses and code hashes of one version, the same on every chain that has them. */
export function canonicalDeployments(version: DeployedVersion): Deployments {
  return CANONICAL[version]
}

/**
 * The version whose batch library, handler and factory go with a Safe: its own, or the nearest that was published.
 * 1.3.0 serves the older ones, which had no MultiSendCallOnly. @throws SAFE_VERSION
 */
export function deployedVersion(version: string): DeployedVersion {
  const known = requireVersion(version)
  if (known === '1.5.0' || known === '1.4.1') return known
  return known === '1.4.0' ? '1.4.1' : '1.3.0'
}

/** Whether this is a published MultiSendCallOnly, by address and by the code that is there now. No other delegatecall target is ever pinned. */
export function pinnedBatchLibrary(address: Address, codeHash: Hex): boolean {
  const pinned = [...Object.values(CANONICAL).map((contracts) => contracts.MultiSendCallOnly), ...OTHER_BATCH_LIBRARIES]
  return pinned.some((deployment) => matches(deployment, address, codeHash))
}

/** Whether this is the published Safe or SafeL2 of that version, by address and code. False for a version Coffer does not know. */
export function isGenuineSingleton(version: string, address: Address, codeHash: Hex): boolean {
  const known = supportedVersion(version)
  if (known === null) return false
  const canonical = known === '1.3.0' || known === '1.4.1' || known === '1.5.0' ? CANONICAL[known] : null
  const published = [
    ...(canonical === null ? [] : [canonical.Safe, canonical.SafeL2]),
    ...(OTHER_SINGLETONS[known] ?? []),
  ]
  return published.some((deployment) => matches(deployment, address, codeHash))
}

/** Ethereum and its test nets, retired ones included. */
const LAYER_1_CHAINS: ReadonlySet<bigint> = new Set([1n, 3n, 4n, 5n, 42n, 17_000n, 560_048n, 11_155_111n])

/** Whether SafeL2 is the default there: everywhere but on Ethereum and its test nets, whose tracers show a plain Safe. */
export function isL2Default(chainId: bigint | number): boolean {
  return !LAYER_1_CHAINS.has(BigInt(chainId))
}

function matches(deployment: Deployment, address: Address, codeHash: Hex): boolean {
  return sameAddress(deployment.address, address) && deployment.codeHash === codeHash.toLowerCase()
}
