import type { TypedDataDefinition } from 'viem'
import { hashTypedData } from 'viem/utils'
import { CustodyError } from '../errors.ts'
import { keccak256 } from '../primitives/hash.ts'
import { bytesToHex, type Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import { readTypedData } from './typed-data-schema.ts'

const PERSONAL_PREFIX = '\x19Ethereum Signed Message:\n'

/**
 * The EIP-191 hash of a text, which goes into SafeMessage(bytes). Refused when the text could be a digest or a
 * preimage: 32 bytes, the hexadecimal form of 32 bytes, or any longer `0x` text.
 * @throws OPAQUE_MESSAGE; FIELD_INVALID when empty or half a surrogate pair is in it
 * @see EIP-191
 */
export function textMessageHash(text: string): Hex {
  if (typeof text !== 'string' || text === '' || !text.isWellFormed()) {
    throw new CustodyError('FIELD_INVALID', 'Expected a message of well-formed text, got none.')
  }
  const body = new TextEncoder().encode(text)
  const bare = text.trim()
  if (body.length === 32) {
    throw new CustodyError('OPAQUE_MESSAGE', 'Expected a text that cannot be a digest, got one of exactly 32 bytes.', {
      next: 'Add or remove a character, so that nobody can take the text for a hash.',
    })
  }
  if (/^[0-9a-fA-F]{64}$/.test(bare) || /^0x[0-9a-fA-F]{64,}$/i.test(bare)) {
    throw new CustodyError('OPAQUE_MESSAGE', 'Expected a text that a person can read, got hexadecimal bytes.')
  }
  const prefix = new TextEncoder().encode(`${PERSONAL_PREFIX}${body.length}`)
  return keccak256(bytesToHex(Uint8Array.from([...prefix, ...body])))
}

/**
 * The EIP-712 hash of a typed-data document, which goes into SafeMessage(bytes). The document is read by our own
 * strict schema first, so that only one reading of it exists; see `readTypedData`.
 * @throws OPAQUE_MESSAGE for SafeTx and SafeMessage; FIELD_INVALID, FIELD_UNKNOWN
 * @see EIP-712
 */
export function typedDataHash(typedData: Json): Hex {
  const document = readTypedData(typedData)
  try {
    // The schema has checked every field at run time; viem's type would need the types at compile time.
    return hashTypedData(document as unknown as TypedDataDefinition)
  } catch (cause) {
    throw new CustodyError('FIELD_INVALID', 'Expected typed data that can be encoded, got a value that cannot.', {
      cause,
    })
  }
}
