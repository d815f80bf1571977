import { chainByShortName } from '../chain/names.ts'
import { CustodyError } from '../errors.ts'
import type { ChainRecord, Registers } from '../store/registers.ts'

/** @throws NOT_FOUND when the name is missing or the home has no single chain */
export function chainOf(registers: Registers, name: string | undefined): ChainRecord {
  if (name !== undefined) {
    const chainId = chainByShortName(name)
    const found =
      registers.chains.get(name) ?? [...registers.chains.values()].find((chain) => chain.chainId === chainId)
    if (found === undefined)
      throw new CustodyError('NOT_FOUND', `There is no chain "${name}".`, { next: 'Run coffer chain add.' })
    return found
  }
  const [only, ...others] = registers.chains.values()
  if (only === undefined)
    throw new CustodyError('NOT_FOUND', 'There is no chain in this home.', { next: 'Run coffer chain add.' })
  if (others.length > 0)
    throw new CustodyError('USAGE', 'The home has several chains.', { next: 'Name one with --chain.' })
  return only
}
