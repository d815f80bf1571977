import { z } from 'zod'

/**
 * The shape of a policy document. Every object is strict: a field that is not listed is an error, because a
 * misspelt condition that is dropped would be a rule without it. Names, addresses and amounts are checked
 * against each other in `document.ts`.
 */

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'expected lower-case letters, digits, dots and dashes')
const text = z
  .string({ error: 'expected a quoted text; without quotes YAML reads 0x… and 20000.00 as numbers' })
  .max(200)
const initiator = z.string().regex(/^(?:local:)?[A-Za-z0-9._-]{1,64}$/, 'expected a principal, or local:<user>')
const amount = z.string({ error: 'expected a quoted decimal such as "20000.00"' }).max(100)
const wei = z.string({ error: 'expected a quoted amount with its unit, such as "30 gwei" or "0.05 ETH"' }).max(100)
const duration = z.string({ error: 'expected a duration such as 30m, 12h or 7d' }).max(12)
const chainId = z.int().positive()
const reason = z.string().min(1).max(300)
const list = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(10_000)
const symbol = z.string().regex(/^[A-Za-z0-9.$₮-]{1,20}$/, 'expected a symbol of at most 20 letters and digits')

const approval = z.strictObject({ count: z.int().min(1).max(100), group: name.optional() })

const scope = {
  id: name,
  chainId: chainId.optional(),
  treasuries: list(name).optional(),
  initiators: list(initiator).optional(),
}

const allowed = {
  ...scope,
  effect: z.literal('allow'),
  approvals: z.union([approval, list(approval)]).optional(),
  delay: duration.optional(),
  initiatorMayApprove: z.boolean().optional(),
  simulation: z.literal('required').optional(),
}

const limits = { maxPerTransaction: amount.optional(), maxPer24h: amount.optional() }
const range = { above: amount.optional(), upTo: amount.optional() }
const book = z.literal('addressBook')
const anybody = z.literal('*')

const allow = z.discriminatedUnion('kind', [
  z.strictObject({
    ...allowed,
    ...limits,
    ...range,
    kind: z.literal('transfer'),
    asset: symbol,
    recipients: z.union([anybody, book, list(text)], {
      error: 'expected a list of names or addresses, "addressBook", or "*" for anybody',
    }),
  }),
  z.strictObject({
    ...allowed,
    ...limits,
    ...range,
    kind: z.literal('approve'),
    asset: symbol,
    spenders: z.union([book, list(text)], { error: 'expected a list of names or addresses, or "addressBook"' }),
  }),
  z.strictObject({
    ...allowed,
    kind: z.literal('call'),
    contract: text,
    selectors: list(text),
    maxValue: wei.optional(),
    maxValuePer24h: wei.optional(),
  }),
  z.strictObject({
    ...allowed,
    kind: z.literal('message'),
    format: z.enum(['text', 'typed-data']),
    primaryTypes: list(text).optional(),
    verifyingContracts: list(text).optional(),
  }),
  z.strictObject({ ...allowed, kind: z.literal('safe-admin'), functions: list(text) }),
])

const denied = { ...scope, effect: z.literal('deny'), reason: reason.optional() }

const deny = z.discriminatedUnion('kind', [
  z.strictObject({
    ...denied,
    kind: z.literal('transfer'),
    asset: symbol.optional(),
    recipients: z.union([anybody, book, list(text)]).optional(),
    above: amount.optional(),
  }),
  z.strictObject({
    ...denied,
    kind: z.literal('approve'),
    asset: symbol.optional(),
    spenders: z.union([anybody, book, list(text)]).optional(),
    above: amount.optional(),
  }),
  z.strictObject({ ...denied, kind: z.literal('call'), contract: text.optional(), selectors: list(text).optional() }),
  z.strictObject({
    ...denied,
    kind: z.literal('message'),
    format: z.enum(['text', 'typed-data']).optional(),
    primaryTypes: list(text).optional(),
    verifyingContracts: list(text).optional(),
  }),
  z.strictObject({ ...denied, kind: z.literal('safe-admin'), functions: list(text).optional() }),
  z.strictObject({ ...denied, kind: z.literal('any'), addresses: list(text) }),
])

export const ruleSchema = z.discriminatedUnion('effect', [allow, deny])

export const policySchema = z.strictObject({
  format: z.literal('coffer-policy/v1'),
  version: z.int().positive(),
  name,
  thawDelay: duration,
  principals: z.record(name, text),
  groups: z.record(name, list(name)).default({}),
  assets: z
    .array(
      z.union(
        [
          z.strictObject({ symbol, chainId, token: text, decimals: z.int().min(0).max(36) }),
          z.strictObject({ symbol, chainId, native: z.literal(true), decimals: z.int().min(0).max(36) }),
        ],
        { error: 'expected { symbol, chainId, decimals } and either token or native: true' },
      ),
    )
    .max(10_000)
    .default([]),
  addressBook: z
    .record(
      name,
      z.union([text, z.strictObject({ address: text, chainId })], {
        error: 'expected a quoted address, or { address, chainId }',
      }),
    )
    .default({}),
  fees: z
    .array(
      z.strictObject({
        chainId,
        gasCeiling: z.int().positive(),
        maxFeePerGas: wei,
        maxPriorityFeePerGas: wei,
        maxCostPerTransaction: wei,
        maxCostPerDay: wei,
      }),
    )
    .max(1000)
    .default([]),
  rules: z.array(ruleSchema).max(10_000).default([]),
})

export type PolicyDocument = z.infer<typeof policySchema>
export type RuleDocument = z.infer<typeof ruleSchema>
