import type { FeeCaps } from '../build/plan.ts'
import { excerpt } from '../errors.ts'
import { type Address, parseAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import { parseWei } from '../primitives/amount.ts'
import { sha256 } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'
import { canonicalJson, type Json } from '../primitives/json.ts'
import { parseDuration, type Seconds } from '../primitives/time.ts'
import { at, invalid, path } from './invalid.ts'
import type { Asset, BookEntry, Policy, Rule } from './policy.ts'
import { readDocument } from './read-document.ts'
import { resolveRule } from './resolve-rule.ts'
import { type PolicyDocument, policySchema } from './schema.ts'

const SHORTEST_THAW: Seconds = 60
const LONGEST_THAW: Seconds = 90 * 86_400

/**
 * Reads a policy document, YAML or JSON, strictly: every name resolved, every amount exact in base units.
 * Says nothing about who signed it; see `verifyActivation`.
 * @throws POLICY_INVALID naming the place and what was expected
 */
export function parsePolicy(text: string): Policy {
  const document = readDocument(text)
  const parsed = policySchema.safeParse(document)
  if (!parsed.success) throw firstProblem(parsed.error.issues)
  const source = parsed.data
  const canonical = at('the document', () => policyCanonical(document))
  const principals = principalsOf(source)
  const groups = groupsOf(source, principals)
  const assets = source.assets.map((asset, i) => assetOf(asset, `assets[${i}]`))
  refuseRepeats(assets)
  const addressBook = bookOf(source)
  const fees = feesOf(source)
  const chains = new Set([...assets.map((asset) => asset.chainId), ...fees.keys()])
  const names = {
    principals,
    groups,
    assets,
    addressBook: new Map(addressBook.map((entry) => [entry.name, entry])),
    chains,
  }
  const rules = source.rules.map((rule, i) => resolveRule(rule, `rules[${i}]`, names))
  refuseSameId(rules)
  const thawDelay = at('thawDelay', () => parseDuration(source.thawDelay))
  if (thawDelay < SHORTEST_THAW || thawDelay > LONGEST_THAW)
    throw invalid('thawDelay', `expected between 1m and 90d, got ${source.thawDelay}.`)
  return {
    format: 'coffer-policy/v1',
    version: source.version,
    name: source.name,
    thawDelay,
    principals,
    groups,
    assets,
    addressBook,
    fees,
    rules,
    document,
    canonical,
    hash: sha256(canonical),
  }
}

/** The RFC 8785 form of the document as parsed, before names and amounts are resolved. @throws JSON_INVALID */
export function policyCanonical(policyDocumentAsJson: Json): string {
  return canonicalJson(policyDocumentAsJson)
}

/** SHA-256 of `policyCanonical`: what admins sign. @throws JSON_INVALID */
export function policyHash(policyDocumentAsJson: Json): Hex {
  return sha256(policyCanonical(policyDocumentAsJson))
}

interface Problem {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Problem[])[]
}

function firstProblem(problems: readonly unknown[], above: readonly PropertyKey[] = []): Error {
  const problem = problems[0] as Problem
  const place = [...above, ...problem.path]
  if (problem.code === 'unrecognized_keys' && problem.keys?.[0] !== undefined) {
    return invalid(
      path([...place, excerpt(problem.keys[0])]),
      'expected no such field; unknown fields are refused, not dropped.',
    )
  }
  // The branch of a union that came furthest says more than "no branch fits".
  const deepest = problem.errors?.filter(
    (branch) => branch[0] !== undefined && (branch[0].path.length > 0 || branch[0].code === 'unrecognized_keys'),
  )[0]
  if (deepest !== undefined) return firstProblem(deepest, place)
  return invalid(
    path(place),
    `${excerpt(problem.message.replace(/^Invalid input: /, '').replace(/^Invalid input$/, 'expected another value'), 200)}.`,
  )
}

function principalsOf(source: PolicyDocument): ReadonlyMap<string, Address> {
  const principals = new Map<string, Address>()
  const holders = new Map<Address, string>()
  for (const [name, text] of Object.entries(source.principals)) {
    const address = at(`principals.${name}`, () => parseAddress(text))
    // One key under two names would count as two people.
    const holder = holders.get(address)
    if (holder !== undefined)
      throw invalid(`principals.${name}`, `expected a key of their own; ${address} is the key of ${holder}.`)
    if (address === ZERO_ADDRESS)
      throw invalid(`principals.${name}`, 'expected an address that somebody has the key of, got the zero address.')
    holders.set(address, name)
    principals.set(name, address)
  }
  return principals
}

function groupsOf(
  source: PolicyDocument,
  principals: ReadonlyMap<string, Address>,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>()
  for (const [name, members] of Object.entries(source.groups)) {
    members.forEach((member, i) => {
      if (!principals.has(member))
        throw invalid(`groups.${name}[${i}]`, `expected a principal, got "${excerpt(member)}".`)
      if (members.indexOf(member) !== i)
        throw invalid(`groups.${name}[${i}]`, `expected each principal once, got ${member} again.`)
    })
    groups.set(name, members)
  }
  return groups
}

function assetOf(asset: PolicyDocument['assets'][number], where: string): Asset {
  const { symbol, chainId, decimals } = asset
  if ('native' in asset) return { symbol, chainId, decimals, token: null }
  const token = at(`${where}.token`, () => parseAddress(asset.token))
  if (token === ZERO_ADDRESS)
    throw invalid(`${where}.token`, 'expected the token contract; write native: true for the native coin.')
  return { symbol, chainId, decimals, token }
}

function refuseRepeats(assets: readonly Asset[]): void {
  const seen = new Set<string>()
  assets.forEach((asset, i) => {
    for (const [key, what] of [
      [`symbol ${asset.symbol}`, `the symbol ${asset.symbol}`],
      [`token ${asset.token ?? 'native'}`, asset.token ?? 'the native coin'],
    ]) {
      if (seen.has(`${asset.chainId} ${key}`))
        throw invalid(`assets[${i}]`, `expected ${what} once on chain ${asset.chainId}.`)
      seen.add(`${asset.chainId} ${key}`)
    }
  })
}

function bookOf(source: PolicyDocument): readonly BookEntry[] {
  return Object.entries(source.addressBook).map(([name, value]) => {
    const { address, chainId } = typeof value === 'string' ? { address: value, chainId: null } : value
    return { name, address: at(`addressBook.${name}`, () => parseAddress(address)), chainId }
  })
}

function feesOf(source: PolicyDocument): ReadonlyMap<number, FeeCaps> {
  const fees = new Map<number, FeeCaps>()
  source.fees.forEach((fee, i) => {
    if (fees.has(fee.chainId)) throw invalid(`fees[${i}].chainId`, `expected chain ${fee.chainId} once.`)
    const wei = (field: 'maxFeePerGas' | 'maxPriorityFeePerGas' | 'maxCostPerTransaction' | 'maxCostPerDay') =>
      at(`fees[${i}].${field}`, () => parseWei(fee[field]))
    const caps: FeeCaps = {
      gasCeiling: BigInt(fee.gasCeiling),
      maxFeePerGas: wei('maxFeePerGas'),
      maxPriorityFeePerGas: wei('maxPriorityFeePerGas'),
      maxCostPerTransaction: wei('maxCostPerTransaction'),
      maxCostPerDay: wei('maxCostPerDay'),
    }
    if (caps.maxPriorityFeePerGas > caps.maxFeePerGas)
      throw invalid(`fees[${i}].maxPriorityFeePerGas`, 'expected at most maxFeePerGas.')
    if (caps.maxCostPerTransaction > caps.maxCostPerDay)
      throw invalid(`fees[${i}].maxCostPerTransaction`, 'expected at most maxCostPerDay.')
    fees.set(fee.chainId, caps)
  })
  return fees
}

function refuseSameId(rules: readonly Rule[]): void {
  const seen = new Set<string>()
  rules.forEach((rule, i) => {
    if (seen.has(rule.id))
      throw invalid(`rules[${i}].id`, `expected an id of its own, got ${rule.id} again; limits are counted by it.`)
    seen.add(rule.id)
  })
}
