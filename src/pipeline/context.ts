import type { Chain } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { activePolicy } from '../policy/active.ts'
import type { Policy } from '../policy/policy.ts'
import { bookOn } from '../policy/names.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import type { ChainRecord, Registers, TreasuryRecord } from '../store/registers.ts'
import type { Parts } from './parts.ts'

/** A treasury with everything needed to judge a request on it, read at one moment. */
export interface Context {
  readonly registers: Registers
  readonly treasury: TreasuryRecord
  readonly chain: Chain
  readonly chainRecord: ChainRecord
  readonly account: SafeState
  readonly policy: Policy
}

/**
 * Opens a treasury: chain id asserted, Safe read and held against what was adopted, policy verified.
 * @throws NOT_FOUND, CHAIN_ID_MISMATCH, SAFE_UNGENUINE, SAFE_CHANGED, POLICY_MISSING, POLICY_UNSIGNED
 */
export async function openContext(parts: Parts, name: string): Promise<Context> {
  const registers = await parts.ledger.registers()
  const treasury = registers.treasuries.get(name)
  if (treasury === undefined)
    throw new CustodyError('NOT_FOUND', `There is no treasury "${name}".`, {
      next: 'Run coffer treasury create or adopt.',
    })
  const chainRecord = registers.chains.get(treasury.chain)
  if (chainRecord === undefined)
    throw new CustodyError('NOT_FOUND', `There is no chain "${treasury.chain}".`, { next: 'Run coffer chain add.' })
  const policy = requirePolicy(parts, registers)
  const chain = await parts.openChain(chainRecord)
  const account = await parts.readSafe(chain, treasury.safe)
  assertAsAdopted(treasury, account)
  return { registers, treasury, chain, chainRecord, account, policy }
}

/** @throws POLICY_MISSING, POLICY_UNSIGNED */
export function requirePolicy(parts: Parts, registers: Registers): Policy {
  if (registers.policy === null) throw new CustodyError('POLICY_MISSING', 'No policy is active in this home.')
  return activePolicy(registers.policy, parts.home.root)
}

/** What a door needs to show addresses and amounts by the names of the signed policy. */
export interface Naming {
  readonly chainName: string
  readonly assets: readonly { readonly symbol: string; readonly token: Address | null; readonly decimals: number }[]
  readonly addressBook: readonly { readonly name: string; readonly address: Address }[]
}

export function namingOf(context: Context): Naming {
  const { policy, chain } = context
  return {
    chainName: chain.name,
    assets: policy.assets.filter((asset) => asset.chainId === chain.chainId),
    addressBook: [
      ...bookOn(policy, chain.chainId).map(({ name, address }) => ({ name, address })),
      ...[...policy.principals].map(([name, address]) => ({ name, address })),
    ],
  }
}

/** What differs between the Safe on chain and the record; empty when nothing does. */
export function differences(treasury: TreasuryRecord, account: SafeState): readonly string[] {
  const list = (addresses: readonly string[]): string =>
    [...addresses]
      .map((a) => a.toLowerCase())
      .sort()
      .join(', ') || 'none'
  const differ: string[] = []
  const compare = (what: string, expected: string, got: string): void => {
    if (!sameAddress(expected, got)) differ.push(`${what}: adopted ${expected}, on chain ${got}`)
  }
  compare('owners', list(treasury.owners), list(account.owners))
  compare('threshold', String(treasury.threshold), String(account.threshold))
  compare('modules', list(treasury.modules), list(account.modules))
  compare('guard', treasury.guard, account.guard)
  compare('module guard', treasury.moduleGuard, account.moduleGuard)
  compare('fallback handler', treasury.fallbackHandler, account.fallbackHandler)
  compare('singleton', treasury.singleton, account.singleton)
  return differ
}

function assertAsAdopted(treasury: TreasuryRecord, account: SafeState): void {
  const differ = differences(treasury, account)
  if (differ.length > 0) {
    throw new CustodyError(
      'SAFE_CHANGED',
      `The Safe of ${treasury.name} changed outside Coffer: ${differ.join('; ')}.`,
      { details: { differ } },
    )
  }
}
