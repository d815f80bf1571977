import { CustodyError } from '../errors.ts'
import { type Address, ZERO_ADDRESS } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Action, RefundFields, Request } from '../request/request.ts'
import { encodeErc20Transfer } from '../safe/abi.ts'
import { canonicalDeployments, deployedVersion } from '../safe/deployments.ts'
import { checkSafeTx, requireVersion } from '../safe/hash.ts'
import { textMessageHash, typedDataHash } from '../safe/message.ts'
import { encodeMultiSend } from '../safe/multi-send.ts'
import type { Operation, SafeDomain } from '../safe/safe-tx.ts'
import type { Plan } from './plan.ts'

/** No refund: an inner failure then reverts the whole transaction and keeps the nonce, and nothing can be paid out on the side. */
const NO_REFUND: RefundFields = {
  safeTxGas: 0n,
  baseGas: 0n,
  gasPrice: 0n,
  gasToken: ZERO_ADDRESS,
  refundReceiver: ZERO_ADDRESS,
}

interface Effect {
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
  readonly operation: Operation
}

/**
 * The exact thing the owners sign. Pure: the same request and version give the same plan on every machine, so a
 * stored plan can always be compared with one built again. Judges nothing; review and policy do.
 * @throws SAFE_VERSION, NONCE_INVALID, FIELD_INVALID, ADDRESS_INVALID, HEX_INVALID, OPAQUE_MESSAGE
 */
export function buildPlan(request: Request, account: { readonly version: string }): Plan {
  const version = requireVersion(account.version)
  const domain: SafeDomain = { chainId: BigInt(request.chainId), safe: request.safe, version }
  const { action, nonce } = request
  if (action.kind === 'message') {
    if (nonce !== null || request.refund !== null) {
      throw new CustodyError(
        'FIELD_INVALID',
        'Expected a message without nonce and refund fields; messages have neither.',
      )
    }
    const message = action.format === 'text' ? textMessageHash(action.text) : typedDataHash(action.typedData)
    return { kind: 'safe-message', domain, message }
  }
  if (nonce === null) throw new CustodyError('NONCE_INVALID', 'Expected the Safe nonce of a transaction, got none.')
  const safeTx = { ...effectOf(action, request.safe, version), ...(request.refund ?? NO_REFUND), nonce }
  return { kind: 'safe-tx', domain, safeTx: checkSafeTx(safeTx) }
}

function effectOf(action: Exclude<Action, { kind: 'message' }>, safe: Address, version: string): Effect {
  switch (action.kind) {
    case 'transfer':
      return action.token === null
        ? { to: action.recipient, value: action.amount, data: '0x', operation: 0 }
        : { to: action.token, value: 0n, data: encodeErc20Transfer(action.recipient, action.amount), operation: 0 }
    case 'call':
      return { ...plainCall(action.call), operation: 0 }
    case 'batch':
      return {
        to: canonicalDeployments(deployedVersion(version)).MultiSendCallOnly.address,
        value: 0n,
        data: encodeMultiSend(action.calls),
        operation: 1,
      }
    case 'rejection':
      return { to: safe, value: 0n, data: '0x', operation: 0 }
    case 'safe-tx':
      return { ...plainCall(action.call), operation: action.operation }
    default:
      // Types end at the process border; a kind that came from a newer version must not fall through.
      throw new CustodyError('FIELD_INVALID', 'Expected a known kind of action, got another.')
  }
}

// Field by field, so that nothing else an object may carry travels into the plan.
function plainCall({
  to,
  value,
  data,
}: {
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
}): Omit<Effect, 'operation'> {
  return { to, value, data: data.toLowerCase() as Hex }
}
