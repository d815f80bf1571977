import * as z from 'zod'
import { CustodyError, excerpt } from '../errors.ts'
import { parseAddress } from '../primitives/address.ts'
import { parseAmount } from '../primitives/amount.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { parseJson } from '../primitives/json.ts'
import type { Call } from '../safe/safe-tx.ts'
import { abiFunction } from './abi-signature.ts'
import { encodeCall } from './call.ts'
import { fromIssues } from './document.ts'
import { MAX_BATCH_CALLS } from './request.ts'
import { assertBuilderChecksum } from './transaction-builder-checksum.ts'

const parameter: z.ZodType = z.lazy(() =>
  z.strictObject({
    name: z.string(),
    type: z.string(),
    internalType: z.string().optional(),
    components: z.array(parameter).optional(),
  }),
)

const transaction = z.strictObject({
  to: z.string(),
  value: z.string(),
  data: z.string().nullish(),
  contractMethod: z
    .strictObject({ name: z.string(), inputs: z.array(parameter), payable: z.boolean().optional() })
    .nullish(),
  contractInputsValues: z.record(z.string(), z.string()).nullish(),
})

// `meta` describes the file to people and has no effect, so it is free; its checksum is the exception.
const schema = z.strictObject({
  version: z.literal('1.0'),
  chainId: z.string(),
  createdAt: z.number().optional(),
  meta: z.looseObject({ checksum: z.string().optional() }).optional(),
  transactions: z.array(transaction).min(1).max(MAX_BATCH_CALLS),
})

type Entry = z.infer<typeof transaction>

/**
 * Reads a batch file of the Safe Transaction Builder. A `meta.checksum`, where there is one, must be right.
 * Data that is there wins over nothing: when a method stands beside it, both must say the same bytes.
 * @throws JSON_INVALID, FIELD_UNKNOWN, FIELD_INVALID, ABI_INVALID; each names the transaction
 */
export function parseTransactionBuilder(text: string, chainId: number): readonly Call[] {
  const document = parseJson(text, 'batch file')
  const result = schema.safeParse(document)
  if (!result.success) throw fromIssues(result.error.issues, 'batch file')
  if (result.data.chainId !== String(chainId)) {
    throw new CustodyError(
      'FIELD_INVALID',
      `The field "chainId" of the batch file: expected "${chainId}", got "${excerpt(result.data.chainId)}".`,
      { details: { field: 'chainId' } },
    )
  }
  assertBuilderChecksum(document)
  return result.data.transactions.map((entry, i) => {
    try {
      return toCall(entry)
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw cause
      throw new CustodyError(cause.code, `transactions[${i}]: ${cause.message}`, {
        cause,
        details: { ...cause.details, index: i },
      })
    }
  })
}

function toCall(entry: Entry): Call {
  const to = parseAddress(entry.to, 'to')
  const value = parseAmount(entry.value, 0, 'value in wei')
  const given =
    entry.data === undefined || entry.data === null || entry.data === '' ? null : parseHex(entry.data, 'data')
  const encoded = encodeMethod(entry)
  if (given !== null && encoded !== null && given !== encoded) {
    throw new CustodyError('FIELD_INVALID', 'Expected data and contractMethod to say the same bytes; they differ.')
  }
  return { to, value, data: encoded ?? given ?? '0x' }
}

// Without its values a method only labels the data; without data such a label would be a call nobody spelled out.
function encodeMethod(entry: Entry): Hex | null {
  const method = entry.contractMethod
  if (method === undefined || method === null) return null
  const values = entry.contractInputsValues ?? null
  if (values === null && method.inputs.length > 0) {
    if (entry.data !== undefined && entry.data !== null && entry.data !== '') return null
    throw new CustodyError('FIELD_INVALID', 'Expected contractInputsValues along with contractMethod.')
  }
  // The builder names a fallback or receive function where plain value is sent.
  if (/^(?:fallback|receive)?$/.test(method.name) && method.inputs.length === 0) return null
  const called = abiFunction(method)
  const names = called.inputs.map((input) => input.name)
  const stray = Object.keys(values ?? {}).find((name) => !names.includes(name))
  if (stray !== undefined)
    throw new CustodyError('FIELD_UNKNOWN', `contractInputsValues has the unknown field "${excerpt(stray)}".`, {
      details: { field: excerpt(stray) },
    })
  return encodeCall(
    called,
    names.map((name) => {
      const value = values?.[name]
      if (value === undefined || !Object.hasOwn(values ?? {}, name))
        throw new CustodyError('FIELD_INVALID', `contractInputsValues lacks "${excerpt(name)}".`)
      return value
    }),
  )
}
