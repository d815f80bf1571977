import { parseChainAddress } from '../chain/names.ts'
import { CustodyError } from '../errors.ts'
import type { Json } from '../primitives/json.ts'
import { sameAddress } from '../primitives/address.ts'
import { parseName } from '../primitives/name.ts'
import type { Parts } from '../pipeline/parts.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import type { ChainRecord, Registers, TreasuryRecord } from '../store/registers.ts'
import { chainOf } from './chain-of.ts'

/** The record of a Safe as it stands. */
export function recordOf(
  name: string,
  chain: ChainRecord,
  state: SafeState,
  payer: string | null,
  fromBlock: bigint,
): TreasuryRecord {
  return {
    name,
    chain: chain.name,
    chainId: state.chainId,
    safe: state.address,
    version: state.version,
    singleton: state.singleton,
    owners: state.owners,
    threshold: state.threshold,
    modules: state.modules,
    guard: state.guard,
    moduleGuard: state.moduleGuard,
    fallbackHandler: state.fallbackHandler,
    payer,
    fromBlock: fromBlock.toString(),
  }
}

/** Rules of a policy name treasuries, so a second name for one Safe would shed them. @throws NAME_TAKEN */
export function assertOneName(registers: Registers, treasury: TreasuryRecord): void {
  for (const other of registers.treasuries.values()) {
    if (other.name !== treasury.name && other.chainId === treasury.chainId && sameAddress(other.safe, treasury.safe)) {
      throw new CustodyError('NAME_TAKEN', `The Safe ${treasury.safe} is the treasury "${other.name}" already.`, {
        next: `Use it as ${other.name}.`,
      })
    }
  }
}

/**
 * Takes an existing Safe under management, or takes note of a change of its owners, modules or guards that was
 * made elsewhere. Its owners' keys may live anywhere.
 * @throws NOT_FOUND, SAFE_NOT_FOUND, SAFE_UNGENUINE, NAME_TAKEN when the name stands for another Safe
 */
export async function adoptTreasury(
  parts: Parts,
  input: {
    readonly name: string
    readonly address: string
    readonly chain?: string | undefined
    readonly payer?: string | undefined
  },
): Promise<TreasuryRecord> {
  const name = parseName(input.name, 'treasury name')
  const registers = await parts.ledger.registers()
  const record = chainOf(registers, input.chain)
  const address = parseChainAddress(input.address, record.chainId, 'Safe address')
  if (input.payer !== undefined && !registers.keys.has(input.payer))
    throw new CustodyError('NOT_FOUND', `There is no key "${input.payer}".`)
  const chain = await parts.openChain(record)
  const state = await parts.readSafe(chain, address)
  const known = registers.treasuries.get(name)
  if (known !== undefined && (known.safe !== state.address || known.chainId !== state.chainId))
    throw new CustodyError('NAME_TAKEN', `Treasury "${name}" is the Safe ${known.safe}.`)
  const fromBlock = known === undefined ? state.blockNumber : BigInt(known.fromBlock)
  const treasury = recordOf(name, record, state, input.payer ?? known?.payer ?? null, fromBlock)
  await parts.ledger.commit(async ({ registers: now, record: log }) => {
    assertOneName(now, treasury)
    log({ type: 'treasury.adopted', actor: parts.actor, data: { treasury: treasury as unknown as Json } })
  })
  return treasury
}
