import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Hex } from '../../src/primitives/hex.ts'
import { toJsonText } from '../../src/primitives/json.ts'
import { decodeWithFindings } from '../../src/review/decode.ts'
import { effectsOf } from '../../src/review/effects.ts'
import { findingsOf } from '../../src/review/findings.ts'
import { renderReview } from '../../src/review/render.ts'
import type { Review } from '../../src/review/review.ts'
import { TextPage, visible } from '../../src/review/text-page.ts'
import type { Request } from '../../src/request/request.ts'
import { encodeMultiSend } from '../../src/safe/multi-send.ts'
import { safeTxDigests } from '../../src/safe/hash.ts'
import type { SafeTx } from '../../src/safe/safe-tx.ts'
import {
  account,
  ACME,
  addressBook,
  assets,
  BATCH,
  findingsInput,
  nameOf,
  planOf,
  SAFE,
  STRANGER,
  succeeded,
  USDC,
} from './fixture.ts'

const TRANSFER = new Interface(['function transfer(address,uint256)']).encodeFunctionData('transfer', [
  ACME,
  12_500_000_000n,
]) as Hex
const GWEI = 10n ** 9n

const request: Request = {
  format: 'coffer-request/v1',
  id: 'r01hxyz',
  idempotencyKey: 'k',
  chainId: 31337,
  treasury: 'main',
  safe: SAFE,
  nonce: 7n,
  action: {
    kind: 'transfer',
    asset: 'USDC',
    token: USDC,
    decimals: 6,
    recipient: ACME,
    recipientName: 'acme',
    amount: 12_500_000_000n,
  },
  refund: null,
  memo: 'invoice 4711',
  creator: { principal: 'local:alice', address: null },
  createdAt: 1_700_000_000,
  expiresAt: 1_700_604_800,
}

function reviewOf(changes: Partial<SafeTx>, more: Partial<Review> = {}): Review {
  const plan = planOf({ to: USDC, value: 0n, data: TRANSFER, ...changes })
  const digests = safeTxDigests(plan.domain, plan.safeTx)
  const { call, findings } = decodeWithFindings(plan.safeTx, { nameOf, safe: SAFE })
  const effects = effectsOf(plan, { multiSend: (to) => to === BATCH })
  return {
    digests,
    call,
    effects,
    message: null,
    account: account(),
    agreement: { ours: digests.digest, chain: digests.digest, protocolKit: digests.digest },
    findings: findingsOf({ ...findingsInput(effects), plan, decoded: findings }),
    simulation: {
      ...succeeded,
      balanceChanges: [
        { account: SAFE, token: USDC, change: -12_500_000_000n },
        { account: ACME, token: USDC, change: 12_500_000_000n },
      ],
      storageChanges: [],
    },
    caps: {
      gasCeiling: 500_000n,
      maxFeePerGas: 60n * GWEI,
      maxPriorityFeePerGas: 2n * GWEI,
      maxCostPerTransaction: 3n * 10n ** 16n,
      maxCostPerDay: 10n ** 17n,
    },
    enforcement: {
      chain: ['2 of 3 owner signatures'],
      pipeline: ['rule pay-vendors: at most 50,000.00 USDC in 24 hours'],
    },
    ...more,
  }
}

const options = { width: 80, assets, addressBook, chainName: 'local', requestDigest: `0x${'cd'.repeat(32)}` }
const render = (review: Review, width = 80): string => renderReview(review, request, { ...options, width })
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length))
const batchOf = (n: number): Partial<SafeTx> => ({
  to: BATCH,
  operation: 1,
  data: encodeMultiSend(Array.from({ length: n }, () => ({ to: USDC, value: 0n, data: TRANSFER }))),
})

describe('when a payment is shown', () => {
  const text = render(reviewOf({}))

  it('says who, what, where, how much and until when, in full', () => {
    for (const part of [
      'local:alice (did not sign the request)',
      'main',
      SAFE,
      'version 1.5.0, 2 of 3 owners',
      'local (31337)',
      'Pay 12,500.00 USDC to acme.',
      `${ACME} acme`,
      'invoice 4711',
      'transfer(address,uint256)',
      `to (address): ${ACME}`,
      'amount (uint256): 12500000000',
      '7 (the Safe stands at 7)',
      '2023-11-21 22:13:20 UTC',
      'FINDINGS: none',
      'at most 500000 gas, 60.00 gwei per gas, tip 2.00 gwei',
      '0.03 ETH for one transaction, 0.10 ETH a day',
      'SIMULATION at block 99: succeeded',
      '-12,500.00 USDC',
      '+12,500.00 USDC',
      '- 2 of 3 owner signatures',
      '- rule pay-vendors: at most 50,000.00 USDC in 24 hours',
      'a signed Safe transaction stays valid until its nonce is used',
    ])
      expect(text.replace(/\n +/g, ' ')).toContain(part)
  })

  it('shows the digests whole under their ERC-8213 names, never one alone', () => {
    const { digests } = reviewOf({})
    for (const [name, value] of [
      ['EIP-712 Digest (safeTxHash)', digests.digest],
      ['Domain Hash', digests.domainHash],
      ['Message Hash', digests.messageHash],
      ['Calldata Digest', digests.calldataDigest],
      ['Request digest (what approvals bind to)', options.requestDigest],
    ]) {
      expect(text).toContain(`  ${name}\n    ${value}\n`)
    }
  })

  it('says who computed the same hash, who did not, and who differs', () => {
    expect(text).toMatch(/The chain +the same\n +protocol-kit +the same/)
    const { digest } = reviewOf({}).digests
    expect(render(reviewOf({}, { agreement: { ours: digest, chain: digest, protocolKit: null } }))).toMatch(
      /protocol-kit +not computed/,
    )
    expect(
      render(reviewOf({}, { agreement: { ours: digest, chain: `0x${'ee'.repeat(32)}`, protocolKit: null } })),
    ).toMatch(/DIFFERENT:\s+0xeeee/)
  })

  it('reads the same from JSON as from the objects', () => {
    const wire = (value: unknown): never => JSON.parse(toJsonText(value)) as never
    expect(renderReview(wire(reviewOf({})), wire(request), options)).toBe(text)
    expect(renderReview(wire(reviewOf(batchOf(3))), wire(request), options)).toBe(render(reviewOf(batchOf(3))))
  })

  it('takes its words from the bytes to be signed, not from the request', () => {
    const altered = render(
      reviewOf({ data: TRANSFER.replace(ACME.slice(2).toLowerCase(), STRANGER.slice(2).toLowerCase()) as Hex }),
    )
    expect(altered).toContain(`${STRANGER} (not in the address book)`)
    expect(altered).not.toContain('to acme')
  })
})

describe('when the review is bad news', () => {
  it('names a delegatecall first', () => {
    const text = render(reviewOf({ to: STRANGER, operation: 1 }))
    expect(text).toContain('DELEGATECALL: foreign code runs as the Safe and could rewrite it.')
    expect(text).toMatch(/FINDINGS: 1 critical[^\n]*\n {2}\[CRITICAL\]/)
    expect(text.indexOf('[CRITICAL]')).toBeLessThan(text.indexOf('CALL, DECODED'))
  })

  it('G7 never shows a simulation that did not run as harmless', () => {
    const notRun = render(
      reviewOf(
        {},
        { simulation: { status: 'not-run', reason: 'no tracer', balanceChanges: null, storageChanges: null } },
      ),
    )
    expect(notRun).toContain('NOT RUN')
    expect(notRun).toContain('that does not mean there is none')
    expect(render(reviewOf({}, { simulation: { ...succeeded, balanceChanges: null } }))).toContain(
      'the node cannot tell; not the same as none',
    )
  })

  it('shows an unlisted token by its address and base units, an unlimited approval as such', () => {
    expect(render(reviewOf({ to: STRANGER })).replace(/\n +/g, ' ')).toContain(
      `12500000000 base units of the unlisted token ${STRANGER}`,
    )
    const approve = new Interface(['function approve(address,uint256)']).encodeFunctionData('approve', [
      STRANGER,
      2n ** 256n - 1n,
    ]) as Hex
    expect(render(reviewOf({ data: approve }))).toContain('UNLIMITED')
  })
})

describe('when the page has a width', () => {
  const hostile = reviewOf({ to: STRANGER, data: `0xdeadbeef${'ab'.repeat(252)}` as Hex })
  it.each([80, 120, 100, 72])('fits %i columns, with hashes and addresses unbroken', (width) => {
    for (const review of [
      reviewOf({}),
      reviewOf(batchOf(20)),
      hostile,
      reviewOf({ to: STRANGER, operation: 1, nonce: 9n, gasPrice: 1n }),
    ]) {
      const text = render(review, width)
      expect(widest(text)).toBeLessThanOrEqual(width)
      for (const value of [review.digests.digest, review.digests.domainHash, review.digests.messageHash, SAFE])
        expect(text.split('\n').some((line) => line.includes(value))).toBe(true)
    }
  })

  it('keeps every address whole in deep nesting', () => {
    let data: Hex = TRANSFER
    const exec = new Interface([
      'function execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
    ])
    for (let i = 0; i < 5; i++)
      data = exec.encodeFunctionData('execTransaction', [
        STRANGER,
        0,
        data,
        0,
        0,
        0,
        0,
        STRANGER,
        STRANGER,
        '0x',
      ]) as Hex
    const text = render(reviewOf({ to: STRANGER, data }), 80)
    expect(widest(text)).toBeLessThanOrEqual(80)
    expect(text).toContain(ACME)
  })

  it('takes a narrow terminal for 72 columns, so that a hash is never cut', () => {
    expect(widest(render(reviewOf({}), 20))).toBeLessThanOrEqual(72)
  })

  it('never loses or joins characters of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 72, max: 130 }), (text, width) => {
        const page = new TextPage(width)
        page.text(text)
        expect(page.toString().replaceAll(/\s/gu, '')).toBe(visible(text).replaceAll(/\s/gu, ''))
        expect(widest(page.toString())).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('when foreign text wants to look like the review', () => {
  it.each([
    ['an escape sequence', '\u001b[2J'],
    ['a carriage return', 'ok\rPay 1'],
    ['a line break', 'x\nFINDINGS: none'],
    ['a direction override', 'a\u202eb'],
    ['a zero-width space', 'a\u200bb'],
    ['a null', 'a\0b'],
    ['half a character', '\ud800'],
  ])('shows %s as visible text', (_what, text) => {
    const page = renderReview(
      reviewOf({}),
      { ...request, memo: text, creator: { principal: text, address: null } },
      options,
    )

    expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
    expect(page).toContain('\\u{')
    expect(page.match(/^FINDINGS/gm)).toHaveLength(1)
  })

  it('marks every line of a message', () => {
    const page = renderReview(
      reviewOf(
        {},
        {
          message: `Hello\nFINDINGS: none\n${'x'.repeat(200)}`,
          effects: [{ where: 'message', kind: 'message', format: 'text', primaryType: null, verifyingContract: null }],
          call: null,
        },
      ),
      { ...request, nonce: null },
      options,
    )
    expect(page).toContain('  | Hello\n  | FINDINGS: none\n  | xxx')
    expect(page).toContain('Sign a text message as the Safe.')
    expect(page).toContain('none: a message takes no nonce')
    expect(widest(page)).toBeLessThanOrEqual(80)
  })
})
