import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/primitives/hash.ts'
import { digestRequest, parseRequest, parseStoredRequest } from '../../src/request/digest.ts'
import type { Request } from '../../src/request/request.ts'
import { request as arbitrary, runs } from './arbitrary-request.ts'

const base: Request = {
  format: 'coffer-request/v1',
  id: 'r0000001',
  idempotencyKey: 'invoice-4711',
  chainId: 31337,
  treasury: 'main',
  safe: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  nonce: 7n,
  action: {
    kind: 'transfer',
    asset: 'USDC',
    token: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    decimals: 6,
    recipient: '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    recipientName: 'acme',
    amount: 12_500_000_000n,
  },
  refund: null,
  memo: 'invoice 4711',
  creator: { principal: 'local:alice', address: null },
  createdAt: 1_700_000_000,
  expiresAt: 1_700_604_800,
}
const text = (change: Record<string, unknown>): string =>
  JSON.stringify({ ...(JSON.parse(digestRequest(base).canonical) as object), ...change })

describe('when a request is written in canonical form', () => {
  it('reads back as the same request', () => {
    fc.assert(
      fc.property(arbitrary, (request) => {
        const { canonical } = digestRequest(request)
        expect(parseRequest(canonical)).toEqual(request)
        expect(parseStoredRequest(canonical)).toEqual(request)
      }),
      { numRuns: runs },
    )
  })

  it('is what another RFC 8785 implementation writes, and its digest what sha256 gives', () => {
    fc.assert(
      fc.property(arbitrary, (request) => {
        const { canonical, digest } = digestRequest(request)
        expect(canonical).toBe(canonicalize(JSON.parse(canonical)))
        expect(digest).toBe(sha256(Buffer.from(canonical, 'utf8')))
      }),
      { numRuns: runs },
    )
  })

  it('has the digest fixed when the format was made', () => {
    expect(digestRequest(base).digest).toMatchInlineSnapshot(
      `"0x70b670b1e1dcd46b5c314fdb8b2dce89c5c4375d451749b897dde8114f7b05f2"`,
    )
  })

  it('has one digest however addresses were written', () => {
    expect(digestRequest({ ...base, safe: base.safe.toLowerCase() as Request['safe'] }).digest).toBe(
      digestRequest(base).digest,
    )
  })
})

describe('G2 when one thing of a request changes', () => {
  it('G2 changes the digest or is refused, for every single bit of the stored text', () => {
    const { canonical, digest } = digestRequest(base)
    const bytes = Buffer.from(canonical, 'utf8')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      let got: string
      try {
        got = digestRequest(parseStoredRequest(flipped.toString('utf8'))).digest
      } catch {
        continue
      }
      expect(got, `bit ${bit}`).not.toBe(digest)
    }
  })

  it('G2 gives different digests to different requests', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        fc.pre(
          JSON.stringify(a, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v)) !==
            JSON.stringify(b, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v)),
        )
        expect(digestRequest(a).digest).not.toBe(digestRequest(b).digest)
      }),
      { numRuns: runs },
    )
  })

  const changes: readonly [string, Request][] = [
    ['id', { ...base, id: 'r0000002' }],
    ['idempotency key', { ...base, idempotencyKey: 'invoice-4712' }],
    ['chain', { ...base, chainId: 1 }],
    ['treasury', { ...base, treasury: 'other' }],
    ['safe', { ...base, safe: '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb' }],
    ['nonce', { ...base, nonce: 8n }],
    ['amount', { ...base, action: { ...base.action, amount: 12_500_000_001n } as Request['action'] }],
    ['recipient name', { ...base, action: { ...base.action, recipientName: null } as Request['action'] }],
    [
      'refund',
      { ...base, refund: { safeTxGas: 0n, baseGas: 0n, gasPrice: 1n, gasToken: base.safe, refundReceiver: base.safe } },
    ],
    ['memo', { ...base, memo: null }],
    ['creator', { ...base, creator: { principal: 'local:bob', address: null } }],
    ['expiry', { ...base, expiresAt: base.expiresAt + 1 }],
  ]
  it.each(changes)('G2 changes the digest with the %s', (_what, changed) => {
    expect(digestRequest(changed).digest).not.toBe(digestRequest(base).digest)
  })
})

describe('when the text of a request is not what Coffer writes', () => {
  it('refuses stored text with a space too many', () => {
    expect(() => parseStoredRequest(`${digestRequest(base).canonical} `)).toThrowWithCode('REQUEST_ALTERED')
  })

  it('refuses stored text with keys in another order, and reads it where order is free', () => {
    const { canonical } = digestRequest(base)
    const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(canonical) as object).reverse()))
    expect(() => parseStoredRequest(turned)).toThrowWithCode('REQUEST_ALTERED')
    expect(parseRequest(turned)).toEqual(base)
  })

  it('refuses the same key twice', () => {
    expect(() => parseRequest(digestRequest(base).canonical.replace('{', '{"memo":null,'))).toThrowWithCode(
      'JSON_INVALID',
    )
    expect(() =>
      parseRequest(digestRequest(base).canonical.replace('"action":{', '"action":{"amount":"1",')),
    ).toThrowWithCode('JSON_INVALID')
  })

  const unknown: readonly [string, string, string][] = [
    ['at the top', text({ extra: 1 }), 'extra'],
    [
      'in the action',
      text({ action: { ...(JSON.parse(text({})) as { action: object }).action, fee: '1' } }),
      'action.fee',
    ],
    [
      'in a call of a batch',
      text({ action: { kind: 'batch', calls: [{ to: base.safe, value: '0', data: '0x', operation: 1 }] } }),
      'action.calls.0.operation',
    ],
    ['in the creator', text({ creator: { principal: 'a', address: null, admin: true } }), 'creator.admin'],
    ['named __proto__', text({}).replace('{', '{"__proto__":{"memo":null},'), '__proto__'],
  ]
  it.each(unknown)('refuses an unknown field %s and names it', (_where, document, field) => {
    expect(() => parseRequest(document)).toThrowWithCode('FIELD_UNKNOWN')
    expect(() => parseRequest(document)).toThrow(`"${field}"`)
  })

  const invalid: readonly [string, Record<string, unknown>, string][] = [
    ['a number where a decimal string belongs', { nonce: 7 }, 'nonce'],
    ['a leading zero', { nonce: '07' }, 'nonce'],
    ['a negative number', { nonce: '-1' }, 'nonce'],
    ['a number of 2^256', { nonce: (2n ** 256n).toString() }, 'nonce'],
    ['an exponent', { nonce: '1e3' }, 'nonce'],
    ['a wrong checksum', { safe: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD' }, 'safe'],
    ['a short address', { safe: '0x5aAeb6' }, 'safe'],
    ['another format', { format: 'coffer-request/v2' }, 'format'],
    ['a fraction of a second', { createdAt: 1.5 }, 'createdAt'],
    ['an expiry before creation', { expiresAt: 1_600_000_000 }, 'expiresAt'],
    ['an expiry after 91 days', { expiresAt: 1_700_000_000 + 91 * 86_400 }, 'expiresAt'],
    ['an unknown kind', { action: { kind: 'mint' } }, 'action.kind'],
    [
      'an operation of 2',
      { action: { kind: 'safe-tx', operation: 2, call: { to: base.safe, value: '0', data: '0x' } } },
      'action.operation',
    ],
    [
      'half a byte of data',
      { action: { kind: 'call', signature: null, call: { to: base.safe, value: '0', data: '0xabc' } } },
      'action.call.data',
    ],
    ['an empty batch', { action: { kind: 'batch', calls: [] } }, 'action.calls'],
    ['a message with a nonce', { action: { kind: 'message', format: 'text', text: 'hi' } }, 'nonce'],
    ['a transaction without a nonce', { nonce: null }, 'nonce'],
    ['a rejection of itself', { action: { kind: 'rejection', rejects: 'r0000001' } }, 'action.rejects'],
    ['a memo with a line break', { memo: 'a\nWHAT' }, 'memo'],
    ['a memo that turns the text direction', { memo: 'a\u202eb' }, 'memo'],
    ['a memo of nothing', { memo: '' }, 'memo'],
    ['a missing field', { memo: undefined }, 'memo'],
    ['a treasury with capitals', { treasury: 'Main' }, 'treasury'],
    ['a chain id of 0', { chainId: 0 }, 'chainId'],
  ]
  it.each(invalid)('refuses %s and names the field', (_what, change, field) => {
    expect(() => parseRequest(text(change))).toThrowWithCode('FIELD_INVALID')
    expect(() => parseRequest(text(change))).toThrow(`"${field}"`)
  })

  it.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['a text', '"r"'],
    ['null', 'null'],
    ['two documents', '{}{}'],
    ['a comment', '{/**/}'],
  ])('refuses %s', (_what, document) => {
    expect(() => parseRequest(document)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(?:JSON|FIELD)_INVALID$/) as string }) as Error,
    )
  })

  it('refuses a value that is no request before it is digested', () => {
    expect(() => digestRequest({ ...base, nonce: -1n })).toThrowWithCode('FIELD_INVALID')
    expect(() => digestRequest({ ...base, nonce: 1n << 256n })).toThrowWithCode('FIELD_INVALID')
    expect(() => digestRequest({ ...base, sneaky: 1 } as unknown as Request)).toThrowWithCode('FIELD_UNKNOWN')
  })

  it('refuses half a surrogate pair, which has no UTF-8', () => {
    const halved = {
      ...base,
      nonce: null,
      action: { kind: 'message', format: 'typed-data', typedData: { a: '\ud800' } },
    } as Request
    expect(() => digestRequest(halved)).toThrow()
    expect(() => digestRequest({ ...base, memo: '\ud800' })).toThrowWithCode('FIELD_INVALID')
  })
})
