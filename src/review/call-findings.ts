import { type Address, sameAddress } from '../primitives/address.ts'
import type { AbiValue } from './abi-decode.ts'
import type { KnownFunction } from './known-abi.ts'
import type { Finding } from './review.ts'

// Tokens keep allowances in 96 bits and more; no real payment is that large, and every usual "unlimited" is.
const UNLIMITED = (1n << 96n) - 1n

export function isUnlimited(amount: bigint): boolean {
  return amount >= UNLIMITED
}

/** What a decoded call means for control and allowances, on whichever contract. `safe` is the treasury's own. */
export function callFindings(
  called: KnownFunction,
  values: readonly AbiValue[],
  to: Address,
  where: string,
  safe: Address | null,
): readonly Finding[] {
  const isOwnSafe = safe !== null && sameAddress(to, safe)
  if (called.meaning === 'control')
    return [
      {
        id: 'control-change',
        severity: 'high',
        where,
        title: `${called.name} changes who controls a contract, or what it does`,
        detail: `${called.signature} on ${to}.`,
        fix: 'Have somebody who knows the contract confirm target and arguments.',
      },
    ]
  if (called.name === 'approveHash')
    return [
      {
        id: 'hash-approved',
        severity: 'high',
        where,
        title: 'Confirms a transaction that is not shown here',
        detail: `approveHash on ${to} counts as a signature over ${String(values[0])}.`,
        fix: 'Review the transaction behind this hash first.',
      },
    ]
  if (called.meaning === 'safe' && !isOwnSafe)
    return [
      {
        id: 'safe-admin-elsewhere',
        severity: 'high',
        where,
        title: `${called.name} changes another Safe`,
        detail: `${called.signature} on ${to}.`,
        fix: 'Review it as a change of that Safe.',
      },
    ]
  return called.meaning === 'allowance' ? allowanceFindings(called, values, where, to) : []
}

function allowanceFindings(
  called: KnownFunction,
  values: readonly AbiValue[],
  where: string,
  to: Address,
): readonly Finding[] {
  if (called.name === 'setApprovalForAll') {
    if (values[1] === false) return []
    return [
      {
        id: 'approval-for-all',
        severity: 'high',
        where,
        title: 'Lets somebody move every token of a collection',
        detail: `${String(values[0])} becomes operator for all tokens on ${to}.`,
        fix: 'Approve single tokens instead.',
      },
    ]
  }
  const amountAt = called.parameters.findIndex(({ name }) => /^(?:amount|amountOrTokenId|addedAmount)$/.test(name))
  const spenderAt = called.parameters.findIndex(({ name }) => name === 'spender')
  const spender = String(values[spenderAt])
  const amount = amountAt < 0 ? null : (values[amountAt] as bigint)
  // A DAI-style permit has no amount: allowed means everything.
  const unlimited = amount === null ? values.includes(true) : isUnlimited(amount)
  if (unlimited)
    return [
      {
        id: 'approval-unlimited',
        severity: 'high',
        where,
        title: 'An unlimited approval',
        detail: `${spender} could take all of the token ${to}, now and later.`,
        fix: 'Approve the exact amount that is needed.',
      },
    ]
  if (amount === null || amount === 0n) return []
  return [
    {
      id: 'approval',
      severity: 'medium',
      where,
      title: 'Lets somebody else take tokens',
      detail: `${spender} may take ${amount} base units of the token ${to} at any later time.`,
      fix: 'Prefer a plain transfer where it will do.',
    },
  ]
}
