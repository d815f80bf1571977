import { decodeFunctionData, erc20Abi } from 'viem'
import { describe, expect, it } from 'vitest'
import { type Address, ZERO_ADDRESS } from '../../src/primitives/address.ts'
import { buildPlan } from '../../src/build/safe-tx.ts'
import type { Action, Request } from '../../src/request/request.ts'
import { canonicalDeployments } from '../../src/safe/deployments.ts'
import { textMessageHash, typedDataHash } from '../../src/safe/message.ts'
import { decodeMultiSend } from '../../src/safe/multi-send.ts'
import type { Call } from '../../src/safe/safe-tx.ts'
import standards from '../vectors/safe-standards.json' with { type: 'json' }

const safe: Address = '0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4'
const vendor: Address = '0x96221423681A6d52E184D440a8eFCEbB105C7242'
const token: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const account = { version: '1.5.0' }
const ZERO_REFUND = { safeTxGas: 0n, baseGas: 0n, gasPrice: 0n, gasToken: ZERO_ADDRESS, refundReceiver: ZERO_ADDRESS }

const request = (action: Action, change: Partial<Request> = {}): Request => ({
  format: 'coffer-request/v1',
  id: 'r1',
  idempotencyKey: 'k1',
  chainId: 31337,
  treasury: 'main',
  safe,
  nonce: action.kind === 'message' ? null : 7n,
  action,
  refund: null,
  memo: null,
  creator: { principal: 'local:alice', address: null },
  createdAt: 1,
  expiresAt: 2,
  ...change,
})
const planned = (action: Action, change: Partial<Request> = {}, version = account.version) => {
  const plan = buildPlan(request(action, change), { version })
  if (plan.kind !== 'safe-tx') throw new Error(`expected a transaction, got ${plan.kind}`)
  return plan
}
const transfer = (change: object = {}): Action => ({
  kind: 'transfer',
  asset: 'USDC',
  token,
  decimals: 6,
  recipient: vendor,
  recipientName: 'vendor',
  amount: 12_500_000_000n,
  ...change,
})

describe('a transfer', () => {
  it('of a token calls transfer on the token, with no value, no refund and the request’s nonce', () => {
    const { domain, safeTx } = planned(transfer())
    expect(domain).toEqual({ chainId: 31337n, safe, version: '1.5.0' })
    expect(safeTx).toEqual({ to: token, value: 0n, data: safeTx.data, operation: 0, ...ZERO_REFUND, nonce: 7n })
    expect(decodeFunctionData({ abi: erc20Abi, data: safeTx.data })).toEqual({
      functionName: 'transfer',
      args: [vendor, 12_500_000_000n],
    })
  })

  it('of the native coin is a plain payment', () => {
    expect(planned(transfer({ token: null, amount: 5n })).safeTx).toEqual({
      to: vendor,
      value: 5n,
      data: '0x',
      operation: 0,
      ...ZERO_REFUND,
      nonce: 7n,
    })
  })

  it('out of range is refused', () => {
    expect(() => planned(transfer({ amount: -1n }))).toThrowWithCode('FIELD_INVALID')
    expect(() => planned(transfer({ token: null, amount: 1n << 256n }))).toThrowWithCode('FIELD_INVALID')
  })
})

describe('a batch', () => {
  const calls: readonly Call[] = [
    { to: vendor, value: 1n, data: '0x' },
    { to: token, value: 0n, data: '0xabcdef' },
  ]

  it.each([
    ['1.1.1', '1.3.0'],
    ['1.3.0', '1.3.0'],
    ['1.4.1+L2', '1.4.1'],
    ['1.5.0', '1.5.0'],
  ] as const)('of a Safe %s delegates to the MultiSendCallOnly of %s, with every inner call', (version, deployed) => {
    const { safeTx, domain } = planned({ kind: 'batch', calls }, {}, version)
    expect(safeTx).toMatchObject({
      to: canonicalDeployments(deployed).MultiSendCallOnly.address,
      value: 0n,
      operation: 1,
      ...ZERO_REFUND,
    })
    expect(decodeMultiSend(safeTx.data)).toEqual(calls.map((call) => ({ operation: 0, ...call })))
    expect(domain.version).toBe(version.replace('+L2', ''))
  })

  it('without a call is refused', () => {
    expect(() => planned({ kind: 'batch', calls: [] })).toThrowWithCode('FIELD_INVALID')
  })
})

describe('the other transactions', () => {
  const call: Call = { to: vendor, value: 3n, data: '0xABCD' }

  it('a call is that call, never a delegatecall', () => {
    expect(planned({ kind: 'call', call, signature: null }).safeTx).toEqual({
      to: vendor,
      value: 3n,
      data: '0xabcd',
      operation: 0,
      ...ZERO_REFUND,
      nonce: 7n,
    })
  })

  it('a rejection is the empty call to the Safe itself', () => {
    expect(planned({ kind: 'rejection', rejects: 'r0' }).safeTx).toEqual({
      to: safe,
      value: 0n,
      data: '0x',
      operation: 0,
      ...ZERO_REFUND,
      nonce: 7n,
    })
  })

  it.each([0, 1] as const)('a ready SafeTx keeps its operation %i for review and policy to judge', (operation) => {
    expect(planned({ kind: 'safe-tx', call, operation }).safeTx).toMatchObject({ to: vendor, value: 3n, operation })
  })

  it('refund fields come from the request alone', () => {
    const refund = { safeTxGas: 1n, baseGas: 2n, gasPrice: 3n, gasToken: token, refundReceiver: vendor }
    expect(planned({ kind: 'rejection', rejects: 'r0' }, { refund }).safeTx).toMatchObject(refund)
  })

  it('G2 nothing that rides along in a call reaches the plan', () => {
    const smuggled = { ...call, operation: 1, nonce: 99n, gasPrice: 5n } as Call
    expect(planned({ kind: 'call', call: smuggled, signature: null }).safeTx).toEqual({
      to: vendor,
      value: 3n,
      data: '0xabcd',
      operation: 0,
      ...ZERO_REFUND,
      nonce: 7n,
    })
  })
})

describe('a message', () => {
  it('of text carries its EIP-191 hash', () => {
    expect(buildPlan(request({ kind: 'message', format: 'text', text: 'hello' }), account)).toEqual({
      kind: 'safe-message',
      domain: { chainId: 31337n, safe, version: '1.5.0' },
      message: textMessageHash('hello'),
    })
  })

  it('of typed data carries its EIP-712 hash', () => {
    const typedData = standards.eip712.document
    expect(buildPlan(request({ kind: 'message', format: 'typed-data', typedData }), account)).toMatchObject({
      message: typedDataHash(typedData),
    })
  })

  it('G1 that is a digest is refused', () => {
    expect(() =>
      buildPlan(request({ kind: 'message', format: 'text', text: `0x${'ab'.repeat(32)}` }), account),
    ).toThrowWithCode('OPAQUE_MESSAGE')
  })

  it('with a nonce or refund is refused', () => {
    const action: Action = { kind: 'message', format: 'text', text: 'hello' }
    expect(() => buildPlan(request(action, { nonce: 1n }), account)).toThrowWithCode('FIELD_INVALID')
    expect(() => buildPlan(request(action, { refund: ZERO_REFUND }), account)).toThrowWithCode('FIELD_INVALID')
  })
})

describe('any plan', () => {
  it('is the same each time, and leaves the request alone', () => {
    const input = Object.freeze(request(transfer()))
    expect(buildPlan(input, account)).toEqual(buildPlan(structuredClone(input), account))
  })

  it('is refused without a nonce, with a wrong one, for an unknown version and for an unknown kind', () => {
    expect(() => planned(transfer(), { nonce: null })).toThrowWithCode('NONCE_INVALID')
    expect(() => planned(transfer(), { nonce: -1n })).toThrowWithCode('FIELD_INVALID')
    expect(() => planned(transfer(), {}, '1.6.0')).toThrowWithCode('SAFE_VERSION')
    expect(() => planned({ kind: 'upgrade' } as unknown as Action)).toThrowWithCode('FIELD_INVALID')
  })
})
