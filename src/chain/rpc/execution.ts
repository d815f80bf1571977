import { CustodyError, excerpt } from '../../errors.ts'
import type { Hex } from '../../primitives/hex.ts'
import type { CallResult, ChainCall } from '../chain.ts'
import { decodeRevert } from '../revert.ts'
import { numberTag } from './agreement.ts'
import { resultOf } from './node.ts'
import type { RpcAnswer } from './request.ts'
import { bytes } from './shapes.ts'

/** EIP-1474 has no code of its own for a failed run; 3 is what the clients settled on. */
const EXECUTION_ERROR = 3
const EXECUTION_WORDS =
  /revert|vm exception|out of gas|invalid opcode|invalid jump|stack (?:under|over)flow|insufficient (?:funds|balance)|exceeds (?:the )?balance|gas required exceeds|intrinsic gas|bad instruction/i

/** The call object of eth_call and its kin. */
export function callObject(call: ChainCall): Readonly<Record<string, string>> {
  return {
    ...(call.from !== undefined && { from: call.from }),
    to: call.to,
    ...(call.value !== undefined && { value: numberTag(call.value) }),
    // Every node reads `data`; some refuse `input`, some refuse both together.
    ...(call.data !== undefined && { data: call.data }),
  }
}

/** The outcome of eth_call: data, or a revert. @throws CHAIN_ANSWER_INVALID when the node could not run it */
export function callResult(answer: RpcAnswer, method: string, shown: string): CallResult {
  if (answer.ok) return { ok: true, data: bytes(answer.result, `result of ${method}`) }
  const failure = executionFailure(answer)
  if (failure === null) {
    resultOf(answer, method, shown)
    throw new CustodyError('INTERNAL', 'An error answer was read as a result.')
  }
  return { ok: false, ...failure }
}

/** The revert in an error answer; null when the error is about something else than the run of the call. */
export function executionFailure(
  answer: RpcAnswer & { ok: false },
): { readonly data: Hex; readonly reason: string } | null {
  const data = revertData(answer.data)
  if (data !== null && data !== '0x') return { data, reason: decodeRevert(data) }
  if (answer.code !== EXECUTION_ERROR && !EXECUTION_WORDS.test(answer.message)) return null
  return { data: '0x', reason: excerpt(answer.message, 160) }
}

// Nodes put the revert data into `data` itself, one or two objects deeper, or behind the word "Reverted".
function revertData(data: unknown, depth = 0): Hex | null {
  if (typeof data === 'string') {
    const text = /^(?:Reverted )?(0x(?:[0-9a-fA-F]{2})*)$/.exec(data)?.[1]
    return text === undefined ? null : (text.toLowerCase() as Hex)
  }
  if (typeof data !== 'object' || data === null || depth > 2) return null
  return revertData((data as Record<string, unknown>)['data'], depth + 1)
}
