import { CustodyError } from '../errors.ts'
import { isAddress, toChecksum } from '../primitives/address.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Action } from '../request/request.ts'
import { textMessageHash, typedDataHash } from '../safe/message.ts'
import type { MessageFacts } from './effects.ts'
import type { Finding } from './review.ts'

export interface ReadMessage {
  /** The text as it would be signed, or the typed data as indented JSON. */
  readonly shown: string
  readonly facts: MessageFacts
  readonly findings: readonly Finding[]
}

/**
 * Reads the message of a request and proves that it is the one whose hash the plan carries.
 * @throws OPAQUE_MESSAGE when there is no readable message, HASH_MISMATCH when the plan carries another hash
 */
export function readMessage(action: Action | null, message: Hex): ReadMessage {
  if (action === null || action.kind !== 'message') {
    throw new CustodyError('OPAQUE_MESSAGE', 'Expected the text or typed data of the message, got its hash only.')
  }
  const ours = action.format === 'text' ? textMessageHash(action.text) : typedDataHash(action.typedData)
  if (ours !== message.toLowerCase()) {
    throw new CustodyError('HASH_MISMATCH', `The message hashes to ${ours}, the plan carries ${message}.`)
  }
  return action.format === 'text'
    ? { shown: action.text, facts: { format: 'text', primaryType: null, verifyingContract: null }, findings: [] }
    : readTyped(action.typedData)
}

function readTyped(typedData: Json): ReadMessage {
  const { primaryType, domain } = typedData as {
    readonly primaryType: string
    readonly domain?: { readonly verifyingContract?: unknown }
  }
  const contract = domain?.verifyingContract
  const verifyingContract = isAddress(contract) ? toChecksum(contract as string) : null
  return {
    shown: JSON.stringify(typedData, null, 2),
    facts: { format: 'typed-data', primaryType, verifyingContract },
    findings: [
      {
        id: 'message-typed-data',
        severity: /permit|order|transfer|approv|delegat/i.test(primaryType) ? 'high' : 'medium',
        where: 'message',
        title: 'A signature over typed data can move money without a transaction',
        detail: `${primaryType} for ${verifyingContract ?? 'no contract that is named'}: permits and orders are of this kind, and simulation does not show what they allow.`,
        fix: 'Read every field; sign only what its contract needs.',
      },
    ],
  }
}
