import { CustodyError } from '../errors.ts'
import type { Observation } from './observation.ts'

export interface FinalityInput {
  readonly observation: Observation
  /** Height of the tip. */
  readonly head: bigint
  /** Blocks that must hold the outcome, its own included; at least 1. */
  readonly confirmations: number
}

/**
 * Whether an observation made just now is deep enough to settle reservations by. What is in no block is never
 * final, whatever time has passed: a signed SafeTx does not expire.
 */
export function finality({ observation, head, confirmations }: FinalityInput): 'final' | 'waiting' {
  if (!Number.isSafeInteger(confirmations) || confirmations < 1) {
    throw new CustodyError('INTERNAL', `Expected at least 1 confirmation, got ${confirmations}.`)
  }
  if (observation.kind === 'pending' || observation.kind === 'missing') return 'waiting'
  return head - observation.block.number + 1n >= BigInt(confirmations) ? 'final' : 'waiting'
}
