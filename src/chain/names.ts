import { CustodyError, excerpt } from '../errors.ts'
import { type Address, parseAddress } from '../primitives/address.ts'

/** EIP-3770 short names of common chains, as registered in ethereum-lists/chains. */
const SHORT_NAMES: Readonly<Record<string, number>> = {
  eth: 1,
  oeth: 10,
  flr: 14,
  cro: 25,
  rsk: 30,
  lukso: 42,
  xdc: 50,
  bnb: 56,
  etc: 61,
  bnbt: 97,
  gno: 100,
  fuse: 122,
  unichain: 130,
  matic: 137,
  mon: 143,
  sonic: 146,
  manta: 169,
  okb: 196,
  opbnb: 204,
  lens: 232,
  ftm: 250,
  fraxtal: 252,
  boba: 288,
  'zksync-sepolia': 300,
  filecoin: 314,
  zksync: 324,
  zkCRO: 388,
  wc: 480,
  hyper_evm: 999,
  cfx: 1030,
  'metis-andromeda': 1088,
  zkevm: 1101,
  core: 1116,
  lisk: 1135,
  mbeam: 1284,
  mriver: 1285,
  'unichain-sep': 1301,
  sei: 1329,
  sty: 1514,
  soneium: 1868,
  'soneium-minato': 1946,
  kava: 2222,
  abstract: 2741,
  morph: 2818,
  lisksep: 4202,
  megaeth: 4326,
  wcsep: 4801,
  mantle: 5000,
  'mnt-sep': 5003,
  'zetachain-mainnet': 7000,
  'kaia-mainnet': 8217,
  base: 8453,
  plasma: 9745,
  chi: 10200,
  'abstract-sepolia': 11124,
  holesky: 17000,
  apechain: 33139,
  curtis: 33111,
  mode: 34443,
  arb1: 42161,
  'arb-nova': 42170,
  celo: 42220,
  etlk: 42793,
  hemi: 43111,
  fuji: 43113,
  avax: 43114,
  'zircuit-mainnet': 48900,
  sophon: 50104,
  ink: 57073,
  'linea-sepolia': 59141,
  linea: 59144,
  bob: 60808,
  polygonamoy: 80002,
  'berachain-bepolia': 80069,
  berachain: 80094,
  blastmainnet: 81457,
  basesep: 84532,
  chiliz: 88888,
  'plume-mainnet': 98866,
  'tko-mainnet': 167000,
  'arb-sep': 421614,
  scr: 534352,
  'scr-sepolia': 534351,
  hoe: 560048,
  katana: 747474,
  inksepolia: 763373,
  zora: 7777777,
  'celo-sep': 11142220,
  sep: 11155111,
  opsep: 11155420,
  blastsepolia: 168587773,
  aurora: 1313161554,
  'hmy-s0': 1666600000,
}

/** Names people use for the same chains that are not the registered ones; read, never written. */
const ALIASES: Readonly<Record<string, number>> = { hoodi: 560048, bera: 80094, blast: 81457, mnt: 5000 }

/**
 * Chains of the ZK stack: their own account and address derivation, and Safe contracts of another build, so
 * neither predicted addresses nor code hashes hold there.
 */
const ZK_STACK: Readonly<Record<number, string>> = {
  232: 'Lens',
  37111: 'Lens Testnet',
  240: 'Cronos zkEVM Testnet',
  282: 'Cronos zkEVM Testnet',
  388: 'Cronos zkEVM',
  260: 'ZKsync in-memory node',
  270: 'ZKsync local node',
  272: 'ZKsync local chain',
  280: 'ZKsync Era Goerli',
  300: 'ZKsync Era Sepolia',
  312: 'ZKsync Era Testnet',
  324: 'ZKsync Era',
  626: 'BattleChain',
  627: 'BattleChain Testnet',
  2741: 'Abstract',
  11124: 'Abstract Testnet',
  50104: 'Sophon',
  531050104: 'Sophon Testnet',
  531050204: 'Sophon OS Testnet',
  61166: 'Treasure',
  978658: 'Treasure Topaz',
  543210: 'ZERO Network',
  4457845: 'ZERO Sepolia',
  810180: 'zkLink Nova',
  1612127: 'PlayFi Albireo',
}

const BY_ID: ReadonlyMap<number, string> = new Map(Object.entries(SHORT_NAMES).map(([name, id]) => [id, name]))

/** The EIP-3770 short name of a chain; null when Coffer has none for it. @see EIP-3770 */
export function shortName(chainId: number): string | null {
  return BY_ID.get(chainId) ?? null
}

/** The chain id behind a short name; null when it is not known. */
export function chainByShortName(name: string): number | null {
  if (Object.hasOwn(SHORT_NAMES, name)) return SHORT_NAMES[name] as number
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] as number) : null
}

/**
 * Reads untrusted text as an address on this chain, with or without its EIP-3770 prefix.
 * @throws ADDRESS_CHAIN_MISMATCH when the prefix names another chain or none that is known;
 *   ADDRESS_INVALID, ADDRESS_CHECKSUM
 */
export function parseChainAddress(text: unknown, chainId: number, what = 'address'): Address {
  if (typeof text !== 'string') return parseAddress(text, what)
  const colon = text.indexOf(':')
  if (colon < 0) return parseAddress(text, what)
  const prefix = text.slice(0, colon)
  // The address first: text that is none is no question of chains.
  const address = parseAddress(text.slice(colon + 1), what)
  const named = chainByShortName(prefix)
  if (named !== chainId) {
    const meaning = named === null ? 'which is no known chain' : `which is chain ${named}`
    throw new CustodyError(
      'ADDRESS_CHAIN_MISMATCH',
      `Expected ${what} on chain ${chainId}${suffix(chainId)}, got the prefix "${excerpt(prefix)}", ${meaning}.`,
    )
  }
  return address
}

/** @throws CHAIN_UNSUPPORTED when Safe works differently there, by name */
export function assertSupportedChain(chainId: number): void {
  const name = ZK_STACK[chainId]
  if (name !== undefined) {
    throw new CustodyError(
      'CHAIN_UNSUPPORTED',
      `Expected a chain with Ethereum's address derivation, got ${name} (${chainId}), a ZK-stack chain.`,
    )
  }
}

function suffix(chainId: number): string {
  const name = shortName(chainId)
  return name === null ? '' : ` (${name})`
}
