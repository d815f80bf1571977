import { z } from 'zod'

const text = z.string().min(1).max(1000)
const secret = z.string().max(1024)
const optional = { text: text.optional(), secret: secret.optional() }
const wei = z.bigint().nonnegative()
const caps = z.strictObject({
  gasCeiling: wei.optional(),
  maxFeePerGas: wei.optional(),
  maxPriorityFeePerGas: wei.optional(),
  maxCostPerTransaction: wei.optional(),
  maxCostPerDay: wei.optional(),
})
const keyring = z.array(z.strictObject({ key: text, secret }))
const document = z.string().max(2_000_000)

// Read by parsers that say what is wrong with an empty text better than a schema can.
const words = z.string().max(1000)

const action = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('transfer'), asset: words, to: words, amount: words }),
  z.strictObject({
    kind: z.literal('call'),
    to: words,
    value: optional.text,
    sig: optional.text,
    args: z.array(z.string()).optional(),
    abi: document.optional(),
    method: optional.text,
    data: document.optional(),
    delegatecall: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('batch'), text: document, format: z.enum(['csv', 'json']) }),
  z.strictObject({ kind: z.literal('message'), text: document.optional(), typedData: document.optional() }),
])

const refund = z.strictObject({ safeTxGas: wei, baseGas: wei, gasPrice: wei, gasToken: text, refundReceiver: text })

/** Everything a door can ask of the signer, with the shape of what it hands in. */
export const schemas = {
  'home.init': z.strictObject({
    admins: z.array(text),
    threshold: z.number().int(),
    demo: z.boolean(),
    adminKey: z.strictObject({ name: text, passphrase: secret }).nullable(),
  }),
  'home.show': z.strictObject({}),
  'chain.add': z.strictObject({ name: text, urls: z.array(text), confirmations: z.number().int().optional() }),
  'chain.list': z.strictObject({}),
  'key.generate': z.strictObject({ name: text, store: text, secret, module: optional.text, token: optional.text }),
  'key.import': z.strictObject({ name: text, file: document, secret, newSecret: optional.secret }),
  'key.list': z.strictObject({}),
  'key.show': z.strictObject({ name: text }),
  'token.create': z.strictObject({ label: text, pin: secret, soPin: secret }),
  'token.find': z.strictObject({}),
  'treasury.create': z.strictObject({
    name: text,
    chain: optional.text,
    owners: z.array(text),
    threshold: z.number().int(),
    payer: text,
    secret,
    version: z.enum(['1.4.1', '1.5.0']).optional(),
    caps: caps.optional(),
  }),
  'treasury.adopt': z.strictObject({ name: text, address: text, chain: optional.text, payer: optional.text }),
  'treasury.list': z.strictObject({}),
  'treasury.show': z.strictObject({ name: text }),
  propose: z.strictObject({
    treasury: text,
    action,
    memo: z.string().max(1000).optional(),
    expires: optional.text,
    nonce: optional.text,
    idempotencyKey: optional.text,
    refund: refund.optional(),
    key: optional.text,
    secret: optional.secret,
  }),
  show: z.strictObject({ id: text }),
  list: z.strictObject({ state: optional.text, treasury: optional.text }),
  approve: z.strictObject({ id: text, digest: text, key: text, secret, asSafe: optional.text }),
  'approve.export': z.strictObject({ id: text }),
  'approve.signature': z.strictObject({ id: text, signature: text, owner: optional.text }),
  reject: z.strictObject({ id: text, memo: optional.text }),
  execute: z.strictObject({
    id: text,
    secret,
    caps: caps.optional(),
    broadcastUrl: optional.text,
    waitSeconds: z.number().int().optional(),
    stuckAfterSeconds: z.number().int().optional(),
  }),
  cancel: z.strictObject({ id: text, secret, caps: caps.optional() }),
  'policy.show': z.strictObject({}),
  'policy.check': z.strictObject({ document }),
  'policy.template': z.strictObject({ name: text, chainId: z.number().int(), principals: z.record(z.string(), text) }),
  'policy.activate': z.strictObject({ document, keys: keyring, signatures: z.array(text) }),
  'policy.export': z.strictObject({ document }),
  freeze: z.strictObject({ reason: z.string().max(500) }),
  'unfreeze.export': z.strictObject({}),
  unfreeze: z.strictObject({ keys: keyring, signatures: z.array(text) }),
  'log.list': z.strictObject({
    from: z.number().int().nonnegative(),
    limit: z.number().int().positive(),
    type: optional.text,
  }),
  'log.verify': z.strictObject({ since: document.optional() }),
  'log.checkpoint': z.strictObject({}),
  'log.proof': z.strictObject({ id: text }),
  'log.export': z.strictObject({ directory: text }),
} as const
