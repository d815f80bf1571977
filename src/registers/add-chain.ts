import { assertSupportedChain, shortName } from '../chain/names.ts'
import { rememberUrls, toLoggedUrl } from '../config/urls.ts'
import { CustodyError } from '../errors.ts'
import type { Json } from '../primitives/json.ts'
import { parseName } from '../primitives/name.ts'
import type { Parts } from '../pipeline/parts.ts'
import type { ChainRecord } from '../store/registers.ts'

export const LOCAL_CHAIN_ID = 31337

/** A chain as it may be shown: hosts, never what follows them. */
export type ChainView = Omit<ChainRecord, 'urls'> & { readonly urls: readonly string[] }

export function viewChain(chain: ChainRecord): ChainView {
  return { ...chain, urls: chain.urls.map(({ shown }) => shown) }
}

/**
 * Adds a chain, or changes its URLs. The chain id is asked of every URL now and asserted at every start.
 * @throws CHAIN_UNSUPPORTED, CHAIN_URL_INVALID, CHAIN_UNREACHABLE, CHAIN_ID_MISMATCH, DEMO_ONLY
 */
export async function addChain(
  parts: Parts,
  input: { readonly name: string; readonly urls: readonly string[]; readonly confirmations?: number | undefined },
  askChainId: (url: string) => Promise<number>,
): Promise<ChainView & { readonly shortName: string | null }> {
  const name = parseName(input.name, 'chain name')
  const [first, ...others] = input.urls
  if (first === undefined) throw new CustodyError('USAGE', 'Expected at least one RPC URL.')
  const chainId = await askChainId(first)
  assertSupportedChain(chainId)
  for (const url of others) {
    const other = await askChainId(url)
    if (other !== chainId)
      throw new CustodyError('CHAIN_ID_MISMATCH', `The RPC URLs serve different chains: ${chainId} and ${other}.`)
  }
  if (parts.home.demo && chainId !== LOCAL_CHAIN_ID)
    throw new CustodyError('DEMO_ONLY', `This home works with chain id ${LOCAL_CHAIN_ID} only, not ${chainId}.`)
  const confirmations = input.confirmations ?? (chainId === LOCAL_CHAIN_ID ? 1 : 12)
  if (!Number.isSafeInteger(confirmations) || confirmations < 1 || confirmations > 1000) {
    throw new CustodyError('FIELD_INVALID', 'Expected between 1 and 1000 confirmations.')
  }
  const chain: ChainRecord = { name, chainId, urls: input.urls.map(toLoggedUrl), confirmations }
  // Before the log names them, so that no entry ever points to a URL that is not there.
  rememberUrls(parts.home.paths.urls, input.urls)
  await parts.ledger.commit(async ({ registers, record }) => {
    const known = registers.chains.get(name)
    if (known !== undefined && known.chainId !== chainId) {
      throw new CustodyError(
        'CHAIN_ID_MISMATCH',
        `Chain ${name} is recorded with chain id ${known.chainId}; these URLs serve ${chainId}.`,
      )
    }
    record({ type: 'chain.added', actor: parts.actor, data: { chain: chain as unknown as Json } })
  })
  return { ...viewChain(chain), shortName: shortName(chainId) }
}
