import type { Chain } from '../chain/chain.ts'
import { CustodyError, type ErrorCode } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Clock, Seconds } from '../primitives/time.ts'
import { finality } from './finality.ts'
import type { ObserveInput, Observation, SentTransaction } from './observation.ts'
import { headOf, observe } from './observe.ts'
import { isCanonical } from './receipt.ts'

export interface WaitInput extends ObserveInput {
  /** Blocks that must hold the outcome, its own included. */
  readonly confirmations: number
  readonly clock: Clock
  readonly sleep: (seconds: Seconds) => Promise<void>
  /** When to give up waiting; the effect itself stays live. */
  readonly deadline: Seconds
  readonly pollSeconds: Seconds
  /** How long a transaction may sit in the pool before a replacement is tried, and again after each try. */
  readonly stuckAfterSeconds: Seconds
  /** Sends the stored bytes of these hashes again. */
  readonly resend: (missing: readonly Hex[]) => Promise<void>
  /** Builds, records, signs, stores and sends a replacement; null when none is wanted. */
  readonly replace: () => Promise<SentTransaction | null>
  /** Told of each look at the chain. */
  readonly onObservation?: (observation: Observation) => void
}

/** Where waiting ended. `held` is the last refusal that kept a replacement or a re-send from happening. */
export interface Outcome {
  readonly observation: Observation
  readonly final: boolean
  readonly sent: readonly SentTransaction[]
  readonly held: CustodyError | null
}

// These say "not now": the market, the budget or the node may have changed by the next look.
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FEE_CAP',
  'COST_CAP',
  'COST_CAP_DAY',
  'PAYER_FUNDS',
  'BROADCAST_REFUSED',
  'CHAIN_UNREACHABLE',
])

/**
 * Looks at the chain until the outcome is final or the deadline has passed. Bytes that the node forgot are sent
 * again, a stuck transaction is replaced; both through the caller, because this stage holds neither key nor store.
 * @throws CHAIN_UNREACHABLE when no look succeeded before the deadline; RECEIPT_INVALID and every other fault at once
 */
export async function waitForExecution(chain: Chain, input: WaitInput): Promise<Outcome> {
  const { clock, deadline } = input
  const sent = [...input.sent]
  let held: CustodyError | null = null
  let seen: Observation | null = null
  let bound: Unplaced | null = null
  let stuckSince = clock.now()

  for (;;) {
    const look = await passing(async () => {
      const observation = await observe(chain, { ...input, sent })
      bound = await firstSeen(chain, observation, bound)
      return { observation: bound ?? observation, head: (await headOf(chain)).number }
    })
    if (look instanceof CustodyError) held = look
    else {
      const { observation, head } = look
      seen = observation
      input.onObservation?.(observation)
      if (finality({ observation, head, confirmations: input.confirmations }) === 'final')
        return { observation, final: true, sent, held }
      if (observation.kind === 'missing') held = asHeld(await passing(() => input.resend(observation.missing))) ?? held
      const waits = observation.kind === 'pending' || (observation.kind === 'missing' && sent.length > 0)
      if (waits && clock.now() - stuckSince >= input.stuckAfterSeconds) {
        const replaced = await passing(() => input.replace())
        if (replaced instanceof CustodyError) held = replaced
        else if (replaced !== null) sent.push(replaced)
        stuckSince = clock.now()
      }
    }
    if (clock.now() >= deadline) {
      if (seen === null)
        throw (
          held ??
          new CustodyError('CHAIN_UNREACHABLE', `Expected an answer from ${chain.name} before the deadline, got none.`)
        )
      return { observation: seen, final: false, sent, held }
    }
    await input.sleep(input.pollSeconds)
  }
}

type Unplaced = Extract<Observation, { kind: 'displaced' | 'outside' }>

// What was consumed by nobody knows whom has no block of its own: it counts from where it was first seen so.
async function firstSeen(chain: Chain, observation: Observation, before: Unplaced | null): Promise<Unplaced | null> {
  const unplaced =
    observation.kind === 'displaced' || (observation.kind === 'outside' && observation.transactionHash === null)
  if (!unplaced) return null
  return before?.kind === observation.kind && (await isCanonical(chain, before.block)) ? before : observation
}

async function passing<T>(act: () => Promise<T>): Promise<T | CustodyError> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CustodyError && PASSING.has(error.code)) return error
    throw error
  }
}

function asHeld(result: unknown): CustodyError | null {
  return result instanceof CustodyError ? result : null
}
