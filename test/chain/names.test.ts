import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { assertSupportedChain, chainByShortName, parseChainAddress, shortName } from '../../src/chain/names.ts'

const ADDRESS = '0xFf51A5898e281Db6DfC7855790607438dF2ca44b'
// Somebody else's copy of the register; it throws for what it does not have.
const kit = createRequire(import.meta.url)('@safe-global/protocol-kit') as {
  getChainIdFromEip3770NetworkPrefix(prefix: string): bigint
  getEip3770NetworkPrefixFromChainId(chainId: bigint): string
}

const NAMES = (
  'eth oeth gno bnb matic sonic unichain wc base arb1 arb-nova celo avax linea scr mantle mode ink blastmainnet zksync ' +
  'berachain sep basesep opsep arb-sep polygonamoy chi fuji hoe holesky soneium lisk xdc flr cro rsk etc fuse metis-andromeda zkevm ' +
  'fraxtal boba mon katana plasma hemi bob morph sei kaia-mainnet zora aurora apechain core manta okb opbnb'
).split(' ')

describe('EIP-3770 short names', () => {
  it.each(NAMES)('%s names the chain that protocol-kit knows by it', (name) => {
    const chainId = chainByShortName(name) as number
    expect(BigInt(chainId)).toBe(kit.getChainIdFromEip3770NetworkPrefix(name))
    expect(shortName(chainId)).toBe(name)
  })

  it('are what protocol-kit has for every chain id below a million that Coffer names', () => {
    let named = 0
    for (let chainId = 1; chainId < 1_000_000; chainId++) {
      const name = shortName(chainId)
      if (name === null) continue
      named++
      expect(kit.getEip3770NetworkPrefixFromChainId(BigInt(chainId))).toBe(name)
    }
    expect(named).toBeGreaterThan(60)
  })

  it('reads names in common use and writes the registered one', () => {
    expect(shortName(chainByShortName('hoodi') as number)).toBe('hoe')
    expect(shortName(chainByShortName('bera') as number)).toBe('berachain')
    expect(shortName(chainByShortName('mnt') as number)).toBe('mantle')
    expect(shortName(chainByShortName('blast') as number)).toBe('blastmainnet')
  })

  it.each(['constructor', 'toString', '__proto__', '', 'ETH'])('does not know "%s"', (name) => {
    expect(chainByShortName(name)).toBeNull()
  })
})

describe('when an address carries a prefix', () => {
  it('is read on its own chain, and without a prefix on any', () => {
    expect(parseChainAddress(`eth:${ADDRESS}`, 1)).toBe(ADDRESS)
    expect(parseChainAddress(`base:${ADDRESS.toLowerCase()}`, 8453)).toBe(ADDRESS)
    expect(parseChainAddress(ADDRESS, 31337)).toBe(ADDRESS)
  })

  it.each([
    ['another chain', `oeth:${ADDRESS}`, 1, 'ADDRESS_CHAIN_MISMATCH'],
    ['an unknown name', `nowhere:${ADDRESS}`, 1, 'ADDRESS_CHAIN_MISMATCH'],
    ['an empty name', `:${ADDRESS}`, 1, 'ADDRESS_CHAIN_MISMATCH'],
    ['an inherited property', `constructor:${ADDRESS}`, 1, 'ADDRESS_CHAIN_MISMATCH'],
    ['two prefixes', `eth:eth:${ADDRESS}`, 1, 'ADDRESS_INVALID'],
    ['a wrong checksum', `eth:${ADDRESS.replace('Ff51A', 'fF51A')}`, 1, 'ADDRESS_CHECKSUM'],
    ['no text', 7, 1, 'ADDRESS_INVALID'],
    ['a short address', 'eth:0x1234', 1, 'ADDRESS_INVALID'],
  ] as const)('is refused with %s', (_what, text, chainId, code) => {
    expect(() => parseChainAddress(text, chainId)).toThrowWithCode(code)
  })
})

describe('when Safe works differently on a chain', () => {
  it.each([324, 300, 280, 232, 388, 2741, 11124, 50104, 61166, 543210, 810180, 260])(
    'refuses %i by name',
    (chainId) => {
      expect(() => assertSupportedChain(chainId)).toThrowWithCode('CHAIN_UNSUPPORTED')
    },
  )

  it('says which chain it is', () => {
    expect(() => assertSupportedChain(324)).toThrow('ZKsync Era (324)')
  })

  it.each([1, 10, 8453, 42161, 31337, 59144, 534352])('takes %i', (chainId) => {
    expect(() => assertSupportedChain(chainId)).not.toThrow()
  })

  it('refuses every chain for which Safe publishes a zkSync build', () => {
    const load = createRequire(import.meta.url)
    const assets = ['v1.3.0/gnosis_safe', 'v1.4.1/safe'].map(
      (name) =>
        load(`@safe-global/safe-deployments/dist/assets/${name}.json`) as {
          networkAddresses: Record<string, string | string[]>
        },
    )
    const chains = assets.flatMap((asset) =>
      Object.entries(asset.networkAddresses)
        .filter(([, kinds]) => [kinds].flat().includes('zksync'))
        .map(([id]) => Number(id)),
    )
    expect(chains.length).toBeGreaterThan(10)
    for (const chainId of chains) expect(() => assertSupportedChain(chainId)).toThrowWithCode('CHAIN_UNSUPPORTED')
  })
})
