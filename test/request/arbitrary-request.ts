import fc from 'fast-check'
import { type Address, toChecksum } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import type { Json } from '../../src/primitives/json.ts'
import type { Action, Request } from '../../src/request/request.ts'

export const runs = Number(process.env['FC_NUM_RUNS'] ?? 100)

export const hexOf = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Hex> =>
  bytes.map((value): Hex => `0x${Buffer.from(value).toString('hex')}`)
export const address: fc.Arbitrary<Address> = hexOf(fc.uint8Array({ minLength: 20, maxLength: 20 })).map(toChecksum)
export const data = hexOf(fc.uint8Array({ maxLength: 100 }))
export const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

const call = fc.record({ to: address, value: uint256, data })
const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/)
const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 })
const json: fc.Arbitrary<Json> = fc.dictionary(
  fc.string({ maxLength: 8 }),
  fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
  { maxKeys: 5, noNullPrototype: true },
)

export const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('transfer' as const),
    asset: fc.stringMatching(/^[A-Z]{1,8}$/),
    token: fc.option(address),
    decimals: fc.nat({ max: 36 }),
    recipient: address,
    recipientName: fc.option(name),
    amount: uint256,
  }),
  fc.record({
    kind: fc.constant('call' as const),
    call,
    signature: fc.constantFrom(null, 'pause()', 'transfer(address,uint256)', 'f((uint8,bytes)[2],string)'),
  }),
  fc.record({ kind: fc.constant('batch' as const), calls: fc.array(call, { minLength: 1, maxLength: 5 }) }),
  fc.record({ kind: fc.constant('message' as const), format: fc.constant('text' as const), text: wellFormed }),
  fc.record({ kind: fc.constant('message' as const), format: fc.constant('typed-data' as const), typedData: json }),
  fc.record({ kind: fc.constant('rejection' as const), rejects: fc.constant('r0000000other') }),
  fc.record({ kind: fc.constant('safe-tx' as const), call, operation: fc.constantFrom(0 as const, 1 as const) }),
)

export const request: fc.Arbitrary<Request> = fc
  .record({
    id: fc.stringMatching(/^r[0-9a-z]{5,22}$/),
    idempotencyKey: fc.stringMatching(/^[ -~]{1,40}$/),
    chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    treasury: name,
    safe: address,
    nonce: uint256,
    action,
    refund: fc.option(
      fc.record({
        safeTxGas: uint256,
        baseGas: uint256,
        gasPrice: uint256,
        gasToken: address,
        refundReceiver: address,
      }),
    ),
    memo: fc.option(fc.constantFrom('invoice 4711', 'Überweisung – März', '=1+1', '"quoted"', '👩‍💻')),
    creator: fc.record({ principal: fc.stringMatching(/^[a-z:@.]{1,20}$/), address: fc.option(address) }),
    createdAt: fc.integer({ min: 0, max: 4_000_000_000 }),
    lifetime: fc.integer({ min: 1, max: 90 * 86_400 }),
  })
  .map(({ lifetime, ...rest }) => ({
    ...rest,
    format: 'coffer-request/v1' as const,
    expiresAt: rest.createdAt + lifetime,
    ...(rest.action.kind === 'message' && { nonce: null, refund: null }),
  }))
