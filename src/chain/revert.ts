import { excerpt } from '../errors.ts'
import type { Hex } from '../primitives/hex.ts'

/** Words for the codes of the Safe contracts. @see Safe contracts, docs/error_codes.md */
const SAFE_CODES: Readonly<Record<string, string>> = {
  GS000: 'the Safe could not run its set-up call',
  GS001: 'the threshold is not set',
  GS002: 'the set-up target has no code',
  GS010: 'not enough gas for safeTxGas',
  GS011: 'the gas refund in the native coin failed',
  GS012: 'the gas refund in the token failed',
  GS013: 'the inner call failed',
  GS020: 'the signatures are too short for the threshold',
  GS021: 'a contract signature points inside the fixed part of the signatures',
  GS022: 'a contract signature lies outside the signatures',
  GS023: 'a contract signature reaches beyond the end of the signatures',
  GS024: 'a contract owner did not accept its signature',
  GS025: 'the hash is not approved by that owner',
  GS026: 'a signature is not of an owner, or the owners are not in ascending order',
  GS027: 'the signed data and the hash do not match',
  GS028: 'a P-256 signature does not verify',
  GS030: 'only owners may approve a hash',
  GS031: 'only the Safe itself may do this',
  GS100: 'the modules were set up already',
  GS101: 'the module address is not allowed',
  GS102: 'the module is enabled already',
  GS103: 'the previous module of the list is wrong',
  GS104: 'the caller is not an enabled module',
  GS105: 'the start of the module page is wrong',
  GS106: 'the module page size must not be zero',
  GS200: 'the owners were set up already',
  GS201: 'the threshold is above the number of owners',
  GS202: 'the threshold must be at least one',
  GS203: 'the owner address is not allowed',
  GS204: 'the address is an owner already',
  GS205: 'the previous owner of the list is wrong',
  GS300: 'the guard does not implement the transaction guard interface',
  GS301: 'the module guard does not implement the module guard interface',
  GS400: 'the fallback handler must not be the Safe itself',
}

/** What Solidity's Panic codes say. @see Solidity documentation, "Panic via assert and Error via require" */
const PANIC_CODES: Readonly<Record<string, string>> = {
  '0x0': 'a generic compiler panic',
  '0x1': 'an assertion failed',
  '0x11': 'arithmetic went over or under its bounds',
  '0x12': 'division by zero',
  '0x21': 'a value outside its enum',
  '0x22': 'storage bytes that are wrongly encoded',
  '0x31': 'pop of an empty array',
  '0x32': 'an index outside its array',
  '0x41': 'too much memory was asked for',
  '0x51': 'a call of an unset function',
}

const ERROR_STRING = '0x08c379a0'
const PANIC_UINT = '0x4e487b71'

/**
 * The reason in revert data as one line. The text is attacker-controlled: it is bounded and stripped of
 * control characters, and must never be parsed again.
 */
export function decodeRevert(data: Hex): string {
  if (data === '0x') return 'reverted without a reason'
  const body = data.slice(10)
  if (data.startsWith(ERROR_STRING)) {
    const text = errorString(body)
    if (text !== null) {
      // The text is attacker-controlled: "toString" must not find an inherited property.
      return Object.hasOwn(SAFE_CODES, text) ? `${text}: ${SAFE_CODES[text]}` : `"${excerpt(text, 200)}"`
    }
  }
  if (data.startsWith(PANIC_UINT) && body.length === 64) {
    const code = `0x${BigInt(`0x${body}`).toString(16)}`
    return `Panic ${code}: ${PANIC_CODES[code] ?? 'an unknown code'}`
  }
  return data.length >= 10 ? `custom error ${excerpt(data, 138)}` : `raw data ${data}`
}

// abi.encode(string): offset 0x20, length, bytes padded to whole words.
function errorString(body: string): string | null {
  if (body.length < 128 || BigInt(`0x${body.slice(0, 64)}`) !== 32n) return null
  const length = BigInt(`0x${body.slice(64, 128)}`)
  const available = BigInt((body.length - 128) / 2)
  if (length > available) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      Buffer.from(body.slice(128, 128 + Number(length) * 2), 'hex'),
    )
  } catch {
    return null
  }
}
