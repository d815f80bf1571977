import { CustodyError } from '../errors.ts'
import type { ReservationDemand } from '../policy/decision.ts'
import type { Address } from '../primitives/address.ts'
import type { Json } from '../primitives/json.ts'
import type { Seconds } from '../primitives/time.ts'
import type { Work } from '../store/ledger.ts'
import type { Registers } from '../store/registers.ts'

const DAY: Seconds = 86_400

const tokenKey = (token: Address | null): string => token ?? 'native'

/**
 * Base units of a token that count against a rule now: everything reserved, however old, and what was settled
 * inside the window; outflow outside Coffer counts against every rule. The request itself is left out.
 */
export function usage(
  registers: Registers,
  asked: {
    chainId: number
    rule: string
    ruleIds: ReadonlySet<string>
    token: Address | null
    windowSeconds: Seconds
    now: Seconds
    except: string | null
  },
): bigint {
  // Once for each request, since several rules may hold the same amount.
  const byRequest = new Map<string, bigint>()
  for (const r of registers.reservations.values()) {
    // Under a rule that is no rule any more it counts against all: renaming one must not empty its window.
    const rule = r.rule === asked.rule || r.rule === '*' || !asked.ruleIds.has(r.rule)
    const counts =
      rule &&
      r.token === tokenKey(asked.token) &&
      r.chainId === asked.chainId &&
      r.request !== asked.except &&
      (r.state === 'reserved' || (r.state === 'settled' && r.at > asked.now - asked.windowSeconds))
    const amount = BigInt(r.amount)
    if (counts && amount > (byRequest.get(r.request) ?? 0n)) byRequest.set(r.request, amount)
  }
  return [...byRequest.values()].reduce((sum, amount) => sum + amount, 0n)
}

/** wei that a payer paid within 24 hours or may still have to pay, without the nonce given. */
export function spentToday(
  registers: Registers,
  chainId: number,
  payer: Address,
  now: Seconds,
  exceptNonce: number | null,
): bigint {
  let sum = 0n
  for (const s of registers.spending.values()) {
    if (s.chainId === chainId && s.payer === payer && s.nonce !== exceptNonce && (s.open || s.at > now - DAY))
      sum += BigInt(s.cost)
  }
  return sum
}

/**
 * Sets amounts aside inside the caller's transaction, before the completing signature (G5). Doing it twice for
 * one request changes nothing.
 * @throws LIMIT_WINDOW when a window has no room; with `force` the excess is recorded instead, for signatures
 *   that exist already and could land at any time
 */
export function reserve(
  work: Work,
  at: {
    request: string
    treasury: string
    chainId: number
    ruleIds: ReadonlySet<string>
    now: Seconds
    actor: string
    force?: boolean
  },
  demands: readonly ReservationDemand[],
): void {
  const changes: Json[] = []
  for (const demand of demands) {
    const held = work.registers.reservations.get(`${at.request} ${demand.rule} ${tokenKey(demand.token)}`)
    if (held !== undefined && held.state !== 'released') continue
    const used = usage(work.registers, {
      ...at,
      rule: demand.rule,
      token: demand.token,
      windowSeconds: demand.windowSeconds,
      except: at.request,
    })
    if (used + demand.amount > demand.limit) {
      if (at.force !== true) {
        throw new CustodyError(
          'LIMIT_WINDOW',
          `Rule ${demand.rule} allows ${demand.limit} base units in ${demand.windowSeconds / 3600} hours; ${used} are used or reserved and ${demand.amount} are asked.`,
        )
      }
      work.record({
        type: 'alarm.limit-exceeded',
        actor: 'coffer',
        data: {
          request: at.request,
          rule: demand.rule,
          used: `${used}`,
          asked: `${demand.amount}`,
          limit: `${demand.limit}`,
        },
      })
    }
    changes.push(reservation(at, demand.rule, tokenKey(demand.token), demand.amount, 'reserved'))
  }
  if (changes.length > 0) work.record({ type: 'limits.changed', actor: at.actor, data: { reservations: changes } })
}

/** Outflow that was seen on chain and did not come from a request here. */
export function countOutside(
  work: Work,
  at: { request: string; treasury: string; chainId: number },
  outflow: readonly { readonly token: Address | null; readonly amount: bigint }[],
): void {
  const sums = new Map<string, bigint>()
  for (const { token, amount } of outflow) sums.set(tokenKey(token), (sums.get(tokenKey(token)) ?? 0n) + amount)
  if (sums.size === 0) return
  work.record({
    type: 'limits.changed',
    actor: 'coffer',
    data: { reservations: [...sums].map(([token, amount]) => reservation(at, '*', token, amount, 'settled')) },
  })
}

/** The effect landed: it counts for its window from now on. */
export function settle(work: Work, request: string): void {
  change(work, request, 'settled')
}

/** The effect can no longer land, because its nonce is used by something else. */
export function release(work: Work, request: string): void {
  change(work, request, 'released')
}

/** A reorganisation took the effect back: it may land again, so it is reserved again. */
export function reserveAgain(work: Work, request: string): void {
  change(work, request, 'reserved')
}

function change(work: Work, request: string, state: 'reserved' | 'settled' | 'released'): void {
  const held = [...work.registers.reservations.values()].filter((r) => r.request === request && r.state !== state)
  if (held.length === 0) return
  work.record({
    type: 'limits.changed',
    actor: 'coffer',
    data: { reservations: held.map((r) => reservation(r, r.rule, r.token, BigInt(r.amount), state)) },
  })
}

function reservation(
  at: { request: string; treasury: string; chainId: number },
  rule: string,
  token: string,
  amount: bigint,
  state: string,
): Json {
  return {
    request: at.request,
    treasury: at.treasury,
    chainId: at.chainId,
    rule,
    token,
    amount: amount.toString(),
    state,
  }
}
