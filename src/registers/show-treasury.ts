import { assetOf } from '../policy/names.ts'
import { encodeCall } from '../safe/abi.ts'
import { CustodyError } from '../errors.ts'
import { addressWord, type Hex } from '../primitives/hex.ts'
import { differences, requirePolicy } from '../pipeline/context.ts'
import type { Parts } from '../pipeline/parts.ts'
import { reconcile } from '../pipeline/reconcile.ts'
import type { Finding } from '../review/review.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import type { TreasuryRecord } from '../store/registers.ts'
import { treasuryFindings } from '../treasury/findings.ts'

export interface TreasuryView {
  readonly treasury: TreasuryRecord
  readonly account: SafeState
  /** Base units; symbols come from the policy alone. */
  readonly balances: readonly {
    readonly symbol: string
    readonly decimals: number
    readonly token: Hex | null
    readonly amount: bigint
  }[]
  /** wei */
  readonly payer: { readonly key: string; readonly address: Hex; readonly balance: bigint } | null
  readonly findings: readonly Finding[]
  /** What differs from the adopted record; empty when nothing does. */
  readonly changed: readonly string[]
  readonly enforcedByChain: readonly string[]
}

// keccak256('balanceOf(address)')[0:4]
const BALANCE_OF: Hex = '0x70a08231'

/** @throws NOT_FOUND, SAFE_UNGENUINE, and what the chain port throws */
export async function showTreasury(parts: Parts, name: string): Promise<TreasuryView> {
  await reconcile(parts, name)
  const registers = await parts.ledger.registers()
  const treasury = registers.treasuries.get(name)
  const record = treasury === undefined ? undefined : registers.chains.get(treasury.chain)
  if (treasury === undefined || record === undefined)
    throw new CustodyError('NOT_FOUND', `There is no treasury "${name}".`)
  const chain = await parts.openChain(record)
  const account = await parts.readSafe(chain, treasury.safe)
  const balances: { symbol: string; decimals: number; token: Hex | null; amount: bigint }[] = []
  const policy = registers.policy === null ? null : requirePolicy(parts, registers)
  const native = policy === null ? null : assetOf(policy, null, chain.chainId)
  balances.push({
    symbol: native?.symbol ?? 'native coin',
    decimals: native?.decimals ?? 18,
    token: null,
    amount: await chain.balance(treasury.safe),
  })
  for (const asset of policy?.assets ?? []) {
    if (asset.chainId !== chain.chainId || asset.token === null) continue
    const result = await chain.call({ to: asset.token, data: encodeCall(BALANCE_OF, [addressWord(treasury.safe)]) })
    if (!result.ok || result.data.length !== 66)
      throw new CustodyError(
        'CHAIN_ANSWER_INVALID',
        `The token ${asset.token} of ${asset.symbol} does not answer balanceOf.`,
      )
    balances.push({ symbol: asset.symbol, decimals: asset.decimals, token: asset.token, amount: BigInt(result.data) })
  }
  const key = treasury.payer === null ? undefined : registers.keys.get(treasury.payer)
  return {
    treasury,
    account,
    balances,
    payer:
      key === undefined ? null : { key: key.name, address: key.address, balance: await chain.balance(key.address) },
    findings: treasuryFindings(account),
    changed: differences(treasury, account),
    enforcedByChain: [
      `${account.threshold} of ${account.owners.length} owner signatures, each over one exact transaction`,
      'one transaction per nonce, in order',
    ],
  }
}
