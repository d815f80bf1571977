import { CustodyError, type ErrorCode } from '../errors.ts'
import type { Observation } from './observation.ts'
import type { Outcome } from './wait.ts'

/** Our SafeTx ran with success: in one of our transactions, or sent by somebody else. */
export type Execution = Extract<Observation, { kind: 'executed' | 'outside' }>

/**
 * Passes only a SafeTx that ran, succeeded and is deep enough; anything else becomes the fault that names it.
 * @throws EXECUTION_FAILED, EXECUTION_REVERTED, EXECUTION_OUTSIDE, EXECUTION_PENDING
 */
export function requireExecuted({ observation, final, held }: Outcome): Execution {
  if (!final) throw fault('EXECUTION_PENDING', `it is ${observation.kind} and not final`, held)
  switch (observation.kind) {
    case 'executed':
      return observation
    case 'outside':
      if (observation.sameEffect && observation.success === true) return observation
      if (observation.sameEffect)
        throw fault(
          'EXECUTION_FAILED',
          `transaction ${observation.transactionHash} ran it and the inner call failed`,
          null,
        )
      throw fault(
        'EXECUTION_OUTSIDE',
        `its Safe nonce went to ${observation.safeTxHash ?? 'a transaction that the logs do not show'}`,
        null,
      )
    case 'inner-failure':
      throw fault('EXECUTION_FAILED', `transaction ${observation.hash} holds ExecutionFailure`, null)
    case 'reverted':
      throw fault('EXECUTION_REVERTED', `transaction ${observation.hash} reverted`, null)
    case 'cancelled':
      throw fault('EXECUTION_PENDING', `it was cancelled by ${observation.hash}; the SafeTx is signed still`, null)
    case 'displaced':
      throw fault('EXECUTION_PENDING', 'the payer nonce went to a transaction that Coffer did not send', null)
    case 'pending':
    case 'missing':
      throw fault('EXECUTION_PENDING', `it is ${observation.kind}`, held)
  }
}

function fault(code: ErrorCode, what: string, held: CustodyError | null): CustodyError {
  const because = held === null ? '' : ` Last refusal: ${held.code}, ${held.message}`
  return new CustodyError(
    code,
    `Expected the SafeTx to be executed, but ${what}.${because}`,
    held === null ? {} : { details: { held: held.code } },
  )
}
