import { encodeAbiParameters } from 'viem/utils'
import { CustodyError, excerpt } from '../errors.ts'
import { parseAddress } from '../primitives/address.ts'
import { parseAmount, parseWei } from '../primitives/amount.ts'
import { keccak256Text } from '../primitives/hash.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import type { Call } from '../safe/safe-tx.ts'
import { parseArgument } from './abi-argument.ts'
import { type AbiFunction, functionFromAbi, parseSignature } from './abi-signature.ts'

/** A call as given by a person. `value` is wei, as text also with its unit such as `0.05 ETH`. One of `sig`, `abi`, `data`, or none. */
export interface CallInput {
  readonly to: string
  readonly value?: string | bigint | undefined
  readonly sig?: string | undefined
  readonly args?: readonly string[] | undefined
  /** JSON text. */
  readonly abi?: string | undefined
  readonly method?: string | undefined
  readonly data?: string | undefined
}

/**
 * Reads a call and encodes its arguments. `signature` is what the person said the call is; a review shows it
 * as such and does not trust it.
 * @throws ABI_INVALID naming the argument, ADDRESS_INVALID, ADDRESS_CHECKSUM, AMOUNT_INVALID, HEX_INVALID, JSON_INVALID
 */
export function parseCallInput(input: CallInput): { call: Call; signature: string | null } {
  const to = parseAddress(input.to, 'the call target')
  const value = parseValue(input.value ?? '0')
  if ([input.sig, input.abi, input.data].filter((each) => each !== undefined).length > 1) {
    throw new CustodyError('ABI_INVALID', 'Expected one of a signature, an ABI or raw data, got several.')
  }
  if (input.method !== undefined && input.abi === undefined)
    throw new CustodyError('ABI_INVALID', 'Expected an ABI along with the method name.')
  const called =
    input.sig !== undefined
      ? parseSignature(input.sig)
      : input.abi !== undefined
        ? functionFromAbi(input.abi, input.method ?? null)
        : null
  if (called !== null)
    return { call: { to, value, data: encodeCall(called, input.args ?? []) }, signature: called.signature }
  if (input.args !== undefined && input.args.length > 0)
    throw new CustodyError('ABI_INVALID', 'Expected a signature or an ABI along with the arguments.')
  return { call: { to, value, data: input.data === undefined ? '0x' : parseHex(input.data, 'data') }, signature: null }
}

/** Calldata of a function from argument texts. @throws ABI_INVALID naming the argument */
export function encodeCall(called: AbiFunction, args: readonly string[]): Hex {
  if (args.length !== called.inputs.length) {
    throw new CustodyError(
      'ABI_INVALID',
      `Expected ${called.inputs.length} arguments for ${excerpt(called.signature, 120)}, got ${args.length}.`,
    )
  }
  const values = called.inputs.map((input, i) =>
    parseArgument(args[i] as string, input, input.name === '' ? String(i + 1) : `${i + 1} "${excerpt(input.name)}"`),
  )
  return `${keccak256Text(called.signature).slice(0, 10)}${encodeAbiParameters(called.inputs, values).slice(2)}` as Hex
}

function parseValue(given: string | bigint): bigint {
  const text = given.toString()
  return /\s/.test(text) ? parseWei(text, 'value') : parseAmount(text, 0, 'value in wei')
}
