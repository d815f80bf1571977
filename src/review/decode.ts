import { type Address, ZERO_ADDRESS } from '../primitives/address.ts'
import { byteLength, type Hex } from '../primitives/hex.ts'
import { calldataDigest } from '../safe/hash.ts'
import { decodeMultiSend } from '../safe/multi-send.ts'
import type { Operation } from '../safe/safe-tx.ts'
import { type AbiValue, asAddress, asBytes, asUint, decodeExactly, formatValue } from './abi-decode.ts'
import { type AbiFunction, parseFunction } from './abi-type.ts'
import { callFindings } from './call-findings.ts'
import { decodeKnown, knownFunction, type KnownFunction, selectorIn, selectorOf } from './known-abi.ts'
import type { DecodedCall, Finding } from './review.ts'

/** A call as it stands in the plan or inside another call. `value` in wei. */
export interface RawCall {
  readonly operation: Operation
  readonly to: Address
  readonly value: bigint
  readonly data: Hex
}

export interface DecodeContext {
  /** The name of an address in the signed address book or among the treasury's own accounts. */
  readonly nameOf: (address: Address) => string | null
  /** What the creator of the request said the outermost call is; shown as a claim, never trusted. */
  readonly claimedSignature?: string | null
  /** The treasury's own Safe, whose functions are judged apart from those of other Safes. */
  readonly safe?: Address
}

/** Deeper nesting than this is shown as bytes, with a finding. */
export const MAX_NESTING = 6
const RAW_SHOWN_BYTES = 256

/** Decodes a call and what is inside it. Nothing of it throws: what cannot be read is shown as unknown. */
export function decodeCall(call: RawCall, context: DecodeContext): DecodedCall {
  return decodeWithFindings(call, context).call
}

/** Like `decodeCall`, with what a reader must know about how far the decoding can be trusted. */
export function decodeWithFindings(
  call: RawCall,
  context: DecodeContext,
): { readonly call: DecodedCall; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  return { call: decodeAt(call, context, 'call', 0, findings), findings }
}

function decodeAt(
  call: RawCall,
  context: DecodeContext,
  where: string,
  depth: number,
  findings: Finding[],
): DecodedCall {
  const data = call.data.toLowerCase() as Hex
  if (depth > 0 && call.operation === 1) {
    findings.push(
      finding(
        'delegatecall-nested',
        'critical',
        'A delegatecall inside the call',
        `The code of ${call.to} would run with the rights and the storage of the account that calls it.`,
        where,
        'Do not sign it.',
      ),
    )
  }
  const base = {
    operation: call.operation,
    to: call.to,
    toName: context.nameOf(call.to),
    value: call.value,
    selector: selectorIn(data),
  }
  if (data === '0x') return { ...base, signature: null, arguments: [], inner: [] }
  const exact = decodeKnown(data)
  if (exact === null)
    return { ...base, ...unknownCall(data, depth === 0 ? (context.claimedSignature ?? null) : null, where, findings) }
  const shown = {
    ...base,
    signature: exact.called.signature,
    arguments: argumentsOf(exact.called, exact.values),
    inner: [],
  }
  findings.push(...callFindings(exact.called, exact.values, call.to, where, context.safe ?? null))
  if (exact.called.meaning !== 'nested') return shown
  if (depth >= MAX_NESTING) {
    findings.push(
      finding(
        'nesting-too-deep',
        'high',
        'Calls are nested too deep to show',
        `Expected at most ${MAX_NESTING} levels; what is inside stays bytes.`,
        where,
        'Propose the inner calls directly.',
      ),
    )
    return shown
  }
  const inside = innerCalls(exact.called, exact.values, data, call.to)
  if (inside === null) {
    findings.push(
      finding(
        'batch-malformed',
        'high',
        'The batch cannot be read',
        `The ${byteLength(data)} bytes are not a well-formed list of calls, so nobody can see what they do.`,
        where,
        'Do not sign it; build the batch again.',
      ),
    )
    return { ...shown, signature: null }
  }
  const inner = inside.map(({ path, raw }) => {
    const innerWhere = where === 'call' ? path : `${where}.${path}`
    if (exact.called.name === 'multiSend' && raw.to === ZERO_ADDRESS) {
      findings.push(
        finding(
          'batch-target-zero',
          'high',
          'A batch entry targets the zero address',
          'The batch libraries since Safe 1.5.0 read the zero address as the Safe itself, so this entry can change the Safe.',
          innerWhere,
          'Write the target out.',
        ),
      )
    }
    return decodeAt(raw, context, innerWhere, depth + 1, findings)
  })
  return { ...shown, inner }
}

function innerCalls(
  called: KnownFunction,
  values: readonly AbiValue[],
  data: Hex,
  target: Address,
): readonly { path: string; raw: RawCall }[] | null {
  if (called.name === 'multiSend') {
    try {
      return decodeMultiSend(data).map((raw, i) => ({ path: `batch[${i}]`, raw }))
    } catch {
      return null
    }
  }
  if (called.name === 'multicall') {
    return (values[0] as readonly Hex[]).map((inner, i) => ({
      path: `multicall[${i}]`,
      raw: { operation: 0, to: target, value: 0n, data: inner },
    }))
  }
  if (called.name.endsWith('Batch')) {
    const [targets, amounts, payloads] = values as readonly [readonly Address[], readonly bigint[], readonly Hex[]]
    if (targets.length !== amounts.length || targets.length !== payloads.length) return null
    return targets.map((to, i) => ({
      path: `${called.name}[${i}]`,
      raw: { operation: 0, to, value: amounts[i] as bigint, data: payloads[i] as Hex },
    }))
  }
  const operation = called.name.startsWith('execTransaction') ? asUint(values[3]) : 0n
  if (operation > 1n) return null
  return [
    {
      path: called.name,
      raw: {
        operation: operation === 1n ? 1 : 0,
        to: asAddress(values[0]),
        value: asUint(values[1]),
        data: asBytes(values[2]),
      },
    },
  ]
}

function argumentsOf(called: AbiFunction, values: readonly AbiValue[]): DecodedCall['arguments'] {
  return called.parameters.map(({ name, type }, i) => ({
    name: name === '' ? String(i + 1) : name,
    type: type.text,
    value: formatValue(values[i] as AbiValue),
  }))
}

function unknownCall(
  data: Hex,
  claimed: string | null,
  where: string,
  findings: Finding[],
): Pick<DecodedCall, 'signature' | 'arguments' | 'inner'> {
  const selector = selectorIn(data)
  const named = knownFunction(selector)
  if (named !== null) {
    findings.push(
      finding(
        'calldata-not-exact',
        'high',
        `The calldata begins like ${named.name} and is not its exact encoding`,
        `Trailing bytes, dirty padding or wrong lengths: another decoder may show something else. ${byteLength(data)} bytes stand behind the selector of ${named.signature}.`,
        where,
        'Do not sign it; have the call built again.',
      ),
    )
  }
  const claim = claimed === null ? null : parseFunction(claimed)
  const values =
    claim === null || selectorOf(claim.signature) !== selector
      ? null
      : decodeExactly(claim.parameters, `0x${data.slice(10)}`)
  if (named === null && claim !== null && values !== null) {
    findings.push(
      finding(
        'signature-claimed',
        'medium',
        'The function is named by the creator of the request only',
        `${claim.signature} fits the calldata, but another function can have the same selector ${selector}.`,
        where,
        'Compare with the verified source of the contract.',
      ),
    )
    return { signature: claim.signature, arguments: argumentsOf(claim, values), inner: [] }
  }
  if (named === null) {
    findings.push(
      finding(
        'calldata-unknown',
        'high',
        'The calldata is not known',
        `Nobody can see here what ${selector ?? 'these bytes'} (${byteLength(data)} bytes) does.`,
        where,
        'Decode it elsewhere from the verified source of the contract before signing.',
      ),
    )
  }
  const raw = byteLength(data) <= RAW_SHOWN_BYTES ? [{ name: 'raw', type: 'bytes', value: data as string }] : []
  return {
    signature: null,
    arguments: [
      { name: 'calldata', type: 'bytes', value: `${byteLength(data)} bytes, Calldata Digest ${calldataDigest(data)}` },
      ...raw,
    ],
    inner: [],
  }
}

function finding(
  id: string,
  severity: Finding['severity'],
  title: string,
  detail: string,
  where: string,
  fix: string,
): Finding {
  return { id, severity, title, detail, where, fix }
}
