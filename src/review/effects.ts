import type { Plan } from '../build/plan.ts'
import { CustodyError } from '../errors.ts'
import { type Address, sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import { OWNER_MANAGEMENT, SELECTORS } from '../safe/abi.ts'
import { decodeMultiSend } from '../safe/multi-send.ts'
import type { Call, SafeTx } from '../safe/safe-tx.ts'
import { asAddress, asUint } from './abi-decode.ts'
import { decodeKnown, selectorIn } from './known-abi.ts'
import type { Effect } from './review.ts'

/** What a SafeMessage is about; read from the text itself, not from its hash. */
export interface MessageFacts {
  readonly format: 'text' | 'typed-data'
  readonly primaryType: string | null
  readonly verifyingContract: Address | null
}

export interface EffectsContext {
  /** Whether the address is a published batch library whose code on the chain has the pinned hash. */
  readonly multiSend: (address: Address) => boolean
  /** Needed for messages: a hash alone does not say what it is about. */
  readonly message?: MessageFacts | null
}

/** Gas units, far above what a supported chain lets one transaction use: a refund is at most (baseGas + this) × gasPrice. */
const GAS_BOUND = 1_000_000_000n

/**
 * The leaf effects of a plan, for policy. Nothing is left out: what is not exactly a transfer, an approval or a
 * change of the Safe is a `call`, and every delegatecall except a readable batch through a pinned library is a
 * `delegatecall`. A gas refund is a transfer of its upper bound, at `refund`.
 * @throws OPAQUE_MESSAGE for a message without its facts
 */
export function effectsOf(plan: Plan, context: EffectsContext): readonly Effect[] {
  if (plan.kind === 'safe-message') return [messageEffect(context.message ?? null)]
  const { safeTx } = plan
  const safe = plan.domain.safe
  const refund = refundEffect(safeTx)
  return refund === null ? mainEffects(safeTx, safe, context) : [...mainEffects(safeTx, safe, context), refund]
}

function mainEffects(tx: SafeTx, safe: Address, context: EffectsContext): readonly Effect[] {
  if (tx.operation === 1) return batchEffects(tx, safe, context)
  if (sameAddress(tx.to, safe) && tx.value === 0n && tx.data === '0x') return [{ where: 'call', kind: 'rejection' }]
  return callEffects({ to: tx.to, value: tx.value, data: tx.data, where: 'call' }, safe)
}

function messageEffect(facts: MessageFacts | null): Effect {
  if (facts === null)
    throw new CustodyError('OPAQUE_MESSAGE', 'Expected the text or typed data of the message, got its hash only.')
  return {
    where: 'message',
    kind: 'message',
    format: facts.format,
    primaryType: facts.primaryType,
    verifyingContract: facts.verifyingContract,
  }
}

function refundEffect(tx: SafeTx): Effect | null {
  if (tx.gasPrice === 0n) return null
  // A zero receiver pays whoever sends the transaction, who cannot be named beforehand.
  return {
    where: 'refund',
    kind: 'transfer',
    token: tx.gasToken === ZERO_ADDRESS ? null : tx.gasToken,
    recipient: tx.refundReceiver,
    amount: (tx.baseGas + GAS_BOUND) * tx.gasPrice,
  }
}

function batchEffects(tx: SafeTx, safe: Address, context: EffectsContext): readonly Effect[] {
  const whole: Effect = { where: 'call', kind: 'delegatecall', to: tx.to, data: tx.data }
  if (!context.multiSend(tx.to) || selectorIn(tx.data) !== SELECTORS.multiSend || tx.value !== 0n) return [whole]
  const entries = readBatch(tx.data)
  if (entries === null || entries.length === 0) return [whole]
  return entries.flatMap((entry, i): readonly Effect[] => {
    const where = `batch[${i}]`
    if (entry.operation === 1) return [{ where, kind: 'delegatecall', to: entry.to, data: entry.data }]
    // The 1.5.0 libraries call the Safe itself where the zero address stands; older ones burn. Both must be judged.
    if (entry.to === ZERO_ADDRESS)
      return callEffects({ ...entry, to: entry.data === '0x' ? ZERO_ADDRESS : safe, where }, safe)
    return callEffects({ ...entry, where }, safe)
  })
}

function readBatch(data: Hex): ReturnType<typeof decodeMultiSend> | null {
  try {
    return decodeMultiSend(data)
  } catch {
    return null
  }
}

function callEffects(call: Call & { readonly where: string }, safe: Address): readonly Effect[] {
  const { where, to, value, data } = call
  const selector = selectorIn(data)
  const plain: Effect = { where, kind: 'call', to, value, selector, data }
  if (sameAddress(to, safe)) {
    const name = selector === null ? undefined : OWNER_MANAGEMENT[selector]
    return [selector === null || name === undefined ? plain : { where, kind: 'safe-admin', selector, name }]
  }
  if (data === '0x')
    return [value > 0n ? { where, kind: 'transfer', token: null, recipient: to, amount: value } : plain]
  // A token call that carries coin is no plain token call, whatever its selector says.
  const token = value > 0n ? null : tokenEffects(where, to, data, safe)
  return token === null || token.length === 0 ? [plain] : token
}

function tokenEffects(where: string, token: Address, data: Hex, safe: Address): readonly Effect[] | null {
  const exact = decodeKnown(data)
  if (exact === null) return null
  const {
    called: { signature },
    values,
  } = exact
  switch (signature) {
    case 'transfer(address,uint256)':
      return [{ where, kind: 'transfer', token, recipient: asAddress(values[0]), amount: asUint(values[1]) }]
    case 'approve(address,uint256)':
      return [{ where, kind: 'approve', token, spender: asAddress(values[0]), amount: asUint(values[1]) }]
    case 'transferFrom(address,address,uint256)':
      return sameAddress(asAddress(values[0]), safe)
        ? [{ where, kind: 'transfer', token, recipient: asAddress(values[1]), amount: asUint(values[2]) }]
        : null
    case 'safeTransferFrom(address,address,uint256)':
    case 'safeTransferFrom(address,address,uint256,bytes)':
      return sameAddress(asAddress(values[0]), safe)
        ? [{ where, kind: 'nft', token, recipient: asAddress(values[1]), tokenId: asUint(values[2]), amount: 1n }]
        : null
    case 'safeTransferFrom(address,address,uint256,uint256,bytes)':
      return sameAddress(asAddress(values[0]), safe)
        ? [
            {
              where,
              kind: 'nft',
              token,
              recipient: asAddress(values[1]),
              tokenId: asUint(values[2]),
              amount: asUint(values[3]),
            },
          ]
        : null
    case 'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)': {
      const [from, recipient, ids, amounts] = values as readonly [
        Address,
        Address,
        readonly bigint[],
        readonly bigint[],
      ]
      if (!sameAddress(from, safe) || ids.length !== amounts.length) return null
      return ids.map((tokenId, i) => ({ where, kind: 'nft', token, recipient, tokenId, amount: amounts[i] as bigint }))
    }
    default:
      return null
  }
}
