import { readFileSync } from 'node:fs'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { feeCaps } from '../../src/policy/caps.ts'
import { parsePolicy, policyCanonical, policyHash } from '../../src/policy/document.ts'
import type { AllowRule } from '../../src/policy/policy.ts'
import { formatAmountPlain } from '../../src/primitives/amount.ts'
import { CustodyError } from '../../src/errors.ts'
import { ACME, CHAIN, document, HEAD, PAUSE, PAY, policyOf, STRANGER, USDC } from './fixture.ts'

function problem(text: string): string {
  try {
    parsePolicy(text)
  } catch (error) {
    if (error instanceof CustodyError && error.code === 'POLICY_INVALID') return error.message
    throw error
  }
  return 'accepted'
}

describe('a document that fits', () => {
  it('resolves names, amounts and caps', () => {
    const policy = policyOf([PAY])
    const [rule] = policy.rules as readonly AllowRule[]
    expect(rule?.limits).toMatchObject({ maxPerTransaction: 20_000_000_000n, maxPer24h: 50_000_000_000n })
    expect(rule?.subject).toMatchObject({ kind: 'transfer', asset: { token: USDC, decimals: 6 } })
    expect((rule?.subject as { recipients: ReadonlySet<string> }).recipients.has(ACME.toLowerCase())).toBe(true)
    expect(feeCaps(policy, CHAIN)).toEqual({
      gasCeiling: 1_000_000n,
      maxFeePerGas: 200_000_000_000n,
      maxPriorityFeePerGas: 5_000_000_000n,
      maxCostPerTransaction: 50_000_000_000_000_000n,
      maxCostPerDay: 500_000_000_000_000_000n,
    })
    expect(feeCaps(policy, 1)).toBeNull()
  })

  it('is the same policy in YAML and JSON, whatever the layout and the order of keys', () => {
    const yaml = `
rules: []
version: 1
name: tiny   # a comment
format: coffer-policy/v1
thawDelay: 24h
principals:
  alice: "${HEAD.principals.alice}"
`
    const json = JSON.stringify({
      format: 'coffer-policy/v1',
      version: 1,
      name: 'tiny',
      thawDelay: '24h',
      principals: { alice: HEAD.principals.alice },
      rules: [],
    })
    expect(parsePolicy(yaml).hash).toBe(parsePolicy(json).hash)
  })

  it('hashes the RFC 8785 form that another implementation makes', () => {
    const policy = policyOf([PAY])
    expect(policy.canonical).toBe(canonicalize(JSON.parse(document([PAY]))))
    expect(policyCanonical(policy.document)).toBe(policy.canonical)
    expect(policyHash(policy.document)).toBe(policy.hash)
  })

  it('takes an amount with its asset written out', () => {
    const [rule] = policyOf([{ ...PAY, maxPerTransaction: '20000.00 USDC' }]).rules as readonly AllowRule[]
    expect(rule?.limits?.maxPerTransaction).toBe(20_000_000_000n)
  })

  it('reads the documented example', () => {
    const docs = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8')
    const examples = [...docs.matchAll(/```yaml\n(format: [\s\S]*?)```/g)].map((match) => match[1] as string)
    expect(examples.length).toBeGreaterThanOrEqual(2)
    for (const example of examples) expect(problem(example)).toBe('accepted')
    const tiers = /```yaml\n(rules:\n[\s\S]*?)```/.exec(docs)?.[1] as string
    expect(problem(`${(examples[1] as string).split('rules:')[0]}${tiers}`)).toBe('accepted')
  })

  it('keeps every amount exact', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 255n) - 1n }),
        fc.integer({ min: 0, max: 36 }),
        (units, decimals) => {
          const text = formatAmountPlain(units, decimals)
          const policy = policyOf([{ ...PAY, maxPerTransaction: text, maxPer24h: undefined }], {
            assets: [{ symbol: 'USDC', chainId: CHAIN, token: USDC, decimals }],
          })
          expect((policy.rules[0] as AllowRule).limits?.maxPerTransaction).toBe(units)
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) },
    )
  })
})

describe('a document that does not fit', () => {
  const rule = (changes: Record<string, unknown>, base: Record<string, unknown> = PAY) =>
    document([{ ...base, ...changes }])
  const call = { id: 'pause', effect: 'allow', kind: 'call', contract: 'vault', selectors: ['pause()'] }
  const typed = { id: 'typed', effect: 'allow', kind: 'message', format: 'typed-data' }
  const twoChains = { assets: [...HEAD.assets, { symbol: 'USDC', chainId: 1, token: USDC, decimals: 6 }] }

  it.each<[string, string, string]>([
    ['an unknown field at the top', document([], { extra: 1 }), 'extra: expected no such field'],
    ['a misspelt condition', rule({ recipient: ['bolt'] }), 'rules[0].recipient: expected no such field'],
    ['an unknown field in approvals', rule({ approvals: { count: 1, grp: 'x' } }), 'grp: expected no such field'],
    ['another format', document([], { format: 'coffer-policy/v2' }), 'format: '],
    ['version 0', document([], { version: 0 }), 'version: '],
    ['a broken version', document([], { version: 1.5 }), 'version: '],
    ['a thaw delay below a minute', document([], { thawDelay: '59s' }), 'thawDelay: expected between 1m and 90d'],
    ['no thaw delay', document([], { thawDelay: undefined }), 'thawDelay: '],
    ['no unit in a delay', rule({ delay: '24' }), 'rules[0].delay: '],
    ['a delay as long as a request lives', rule({ delay: '90d' }), 'rules[0].delay: expected less than 90 days'],
    ['an unknown kind', rule({ kind: 'everything' }), 'rules[0].kind: '],
    ['an unknown effect', rule({ effect: 'maybe' }), 'rules[0].effect: '],
    [
      'an amount as a number',
      rule({ maxPerTransaction: 20000 }),
      'rules[0].maxPerTransaction: expected a quoted decimal',
    ],
    ['an amount with separators', rule({ maxPerTransaction: '20,000' }), 'rules[0].maxPerTransaction: '],
    ['a negative amount', rule({ maxPerTransaction: '-1' }), 'rules[0].maxPerTransaction: '],
    ['an amount with an exponent', rule({ maxPerTransaction: '1e6' }), 'rules[0].maxPerTransaction: '],
    ['more decimals than the asset has', rule({ maxPerTransaction: '1.0000001' }), 'at most 6 decimals'],
    ['an amount in another asset', rule({ maxPerTransaction: '1 DAI' }), 'rules[0].maxPerTransaction: '],
    [
      'neither of the two limits',
      rule({ maxPerTransaction: undefined, maxPer24h: undefined }),
      'nothing is unlimited by omission',
    ],
    ['no recipients', rule({ recipients: undefined }), 'rules[0].recipients: '],
    ['an empty list of recipients', rule({ recipients: [] }), 'rules[0].recipients'],
    [
      'an unknown recipient',
      rule({ recipients: ['nobody'] }),
      'rules[0].recipients[0]: expected a name of the address book',
    ],
    [
      'a recipient with a wrong checksum',
      rule({ recipients: [`0x${'aB'.repeat(20)}`] }),
      'rules[0].recipients[0]: The EIP-55 checksum',
    ],
    ['an unknown asset', rule({ asset: 'USDT' }), 'rules[0].asset: expected an asset of the list'],
    ['an unknown group', rule({ approvals: { count: 1, group: 'board' } }), 'rules[0].approvals.group: '],
    [
      'more approvals than people',
      rule({ approvals: { count: 4, group: 'treasurers' } }),
      'rules[0].approvals.count: expected at most 3',
    ],
    ['zero approvals', rule({ approvals: { count: 0 } }), 'rules[0].approvals'],
    ['an unknown initiator', rule({ initiators: ['mallory'] }), 'rules[0].initiators[0]: '],
    ['a range that is empty', rule({ above: '10', upTo: '10' }), 'rules[0].upTo: '],
    ['the same id twice', document([PAY, PAY]), 'rules[1].id: expected an id of its own'],
    [
      'an approval of the native coin',
      rule({ kind: 'approve', asset: 'ETH', recipients: undefined, spenders: ['router'] }),
      'rules[0].asset: expected a token',
    ],
    ['spenders for anybody', rule({ kind: 'approve', recipients: undefined, spenders: '*' }), 'rules[0].spenders: '],
    ['a call that is a transfer', rule({ selectors: ['transfer(address,uint256)'] }, call), 'expected kind: transfer'],
    [
      'a call that is an approval, as bytes',
      rule({ selectors: ['0x095ea7b3'] }, call),
      'expected kind: transfer or kind: approve',
    ],
    ['a selector of 3 bytes', rule({ selectors: ['0x8456cb'] }, call), 'rules[0].selectors[0]: '],
    ['a bare function name', rule({ selectors: ['pause'] }, call), 'rules[0].selectors[0]: '],
    ['a value without unit', rule({ maxValue: '1' }, call), 'rules[0].maxValue: '],
    ['typed data without its types', rule({}, typed), 'rules[0].primaryTypes: '],
    ['typed data without its contracts', rule({ primaryTypes: ['Order'] }, typed), 'rules[0].verifyingContracts: '],
    ['types of a text', rule({ format: 'text', primaryTypes: ['Order'] }, typed), 'format: typed-data only'],
    [
      'a Safe function nobody knows',
      document([{ id: 'own', effect: 'allow', kind: 'safe-admin', functions: ['selfDestruct'] }]),
      'rules[0].functions[0]: expected one of addOwnerWithThreshold',
    ],
    ['an asset on two chains without chainId', document([PAY], twoChains), 'rules[0].asset: USDC is listed on chains'],
    ['a call without chainId on two chains', document([call], twoChains), 'rules[0].chainId: '],
    [
      'a name of another chain',
      document([PAY], { addressBook: { 'acme-supplies': { address: ACME, chainId: 1 }, bolt: ACME } }),
      'for chain 1 only',
    ],
    [
      'the same symbol twice',
      document([], { assets: [HEAD.assets[0], { ...HEAD.assets[1], symbol: 'USDC' }] }),
      'assets[1]: expected the symbol USDC once',
    ],
    [
      'the same token twice',
      document([], { assets: [HEAD.assets[0], { ...HEAD.assets[0], symbol: 'USDX' }] }),
      'assets[1]: ',
    ],
    ['a token that is native too', document([], { assets: [{ ...HEAD.assets[0], native: true }] }), 'assets[0]'],
    [
      'the zero address as a token',
      document([], { assets: [{ ...HEAD.assets[0], token: `0x${'0'.repeat(40)}` }] }),
      'assets[0].token: ',
    ],
    ['a group with a stranger', document([], { groups: { board: ['mallory'] } }), 'groups.board[0]: '],
    [
      'a group with the same person twice',
      document([], { groups: { board: ['alice', 'alice'] } }),
      'groups.board[1]: ',
    ],
    ['an upper-case principal', document([], { principals: { Alice: HEAD.principals.alice } }), 'principals'],
    [
      'a tip cap above the fee cap',
      document([], { fees: [{ ...HEAD.fees[0], maxPriorityFeePerGas: '201 gwei' }] }),
      'fees[0].maxPriorityFeePerGas: ',
    ],
    [
      'a cost cap above the day’s',
      document([], { fees: [{ ...HEAD.fees[0], maxCostPerTransaction: '1 ETH' }] }),
      'fees[0].maxCostPerTransaction: ',
    ],
    ['two caps for one chain', document([], { fees: [HEAD.fees[0], HEAD.fees[0]] }), 'fees[1].chainId: '],
    ['the same JSON key twice', document([]).replace('{', '{"version":2,'), 'stands twice'],
    ['a list', '[]', 'the document: '],
    ['nothing', '', 'the document: '],
  ])('refuses %s and names the place', (_situation, text, expected) => {
    expect(problem(text)).toContain(expected)
  })

  it.each<[string, string, string]>([
    ['the same YAML key twice', 'a: 1\na: 2\n', 'line 2'],
    ['an alias', 'a: &x [1]\nb: *x\n', 'anchors or aliases'],
    ['an anchor without alias', 'a: &x 1\n', 'anchors or aliases'],
    ['a bomb of aliases', `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n`, 'anchors or aliases'],
    ['a custom tag', 'a: !secret 1\n', 'expected'],
    ['a core tag', 'a: !!str 1\n', 'expected no tags'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'expected YAML or JSON'],
    ['a directive that changes the language', '%YAML 1.1\n---\na: 012\n', 'expected no %YAML directive'],
    ['a key that is a list', '? [a]\n: 1\n', 'expected YAML or JSON'],
    ['a merge key', document([]).replace('{', '{<<: {version: 1}, '), '<<: expected no such field'],
    ['deep nesting', `a: ${'['.repeat(40)}${']'.repeat(40)}\n`, 'levels'],
    ['nesting that no reader survives', `a: ${'['.repeat(20_000)}`, 'expected'],
    ['the same as JSON', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'nested at most'],
    ['too many bytes', `a: "${'x'.repeat(5_000_000)}"`, 'bytes'],
    [
      'an address without quotes',
      document([]).replace(`"${HEAD.principals.alice}"`, HEAD.principals.alice),
      'principals.alice: expected a quoted text',
    ],
  ])('refuses YAML with %s', (_situation, text, expected) => {
    expect(problem(text)).toContain(expected)
  })

  it('G1 refuses one key under two names, which would count as two people', () => {
    expect(
      problem(
        document([], { principals: { alice: HEAD.principals.alice, alia: HEAD.principals.alice.toLowerCase() } }),
      ),
    ).toContain('principals.alia')
  })

  it('never repeats unbounded or unprintable text in its message', () => {
    const message = problem(document([{ ...PAY, recipients: [`\u202e${'x'.repeat(150)}`] }]))
    expect(message).not.toContain('\u202e')
    expect(message.length).toBeLessThan(300)
  })
})

describe('a selector', () => {
  it('is the one of its signature', () => {
    const policy = policyOf([{ id: 'p', effect: 'allow', kind: 'call', contract: STRANGER, selectors: ['pause()'] }])
    expect((policy.rules[0]?.subject as { selectors: ReadonlySet<string> }).selectors).toEqual(new Set([PAUSE]))
  })
})
