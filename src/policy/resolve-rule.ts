import { excerpt } from '../errors.ts'
import { type Address, parseAddress } from '../primitives/address.ts'
import { parseAmount, parseWei } from '../primitives/amount.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { parseDuration, type Seconds } from '../primitives/time.ts'
import { at, invalid } from './invalid.ts'
import type { ApprovalDemand, Asset, BookEntry, Limits, Parties, Rule, Scope, Subject } from './policy.ts'
import { SAFE_FUNCTIONS, selectorOf } from './safe-functions.ts'
import type { RuleDocument } from './schema.ts'

/** What the names in a rule can stand for. */
export interface Names {
  readonly principals: ReadonlyMap<string, Address>
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly assets: readonly Asset[]
  readonly addressBook: ReadonlyMap<string, BookEntry>
  /** Every chain id that assets or fees mention. */
  readonly chains: ReadonlySet<number>
}

/** Requests live at most 90 days, so a longer delay would be a denial in disguise. */
const LONGEST_DELAY: Seconds = 90 * 86_400

const NATIVE: Omit<Asset, 'chainId'> = { symbol: 'ETH', token: null, decimals: 18 }

/** Selectors that move or hand out tokens; a call rule would let them do so without a limit. */
const SPENDING = new Set(
  [
    'transfer(address,uint256)',
    'approve(address,uint256)',
    'transferFrom(address,address,uint256)',
    'increaseAllowance(address,uint256)',
  ].map(selectorOf),
)

/** Resolves every name and amount of one rule. @throws POLICY_INVALID naming the place */
export function resolveRule(rule: RuleDocument, where: string, names: Names): Rule {
  const asset =
    'asset' in rule && rule.asset !== undefined ? assetFor(rule.asset, rule.chainId, `${where}.asset`, names) : null
  const chainId = asset?.chainId ?? chainOf(rule, where, names)
  const scope: Scope = {
    id: rule.id,
    chainId,
    treasuries: rule.treasuries === undefined ? null : new Set(rule.treasuries),
    initiators:
      rule.initiators === undefined
        ? null
        : new Set(rule.initiators.map((name, i) => principal(name, `${where}.initiators[${i}]`, names))),
  }
  const subject = subjectOf(rule, where, asset, chainId, names)
  if (rule.effect === 'deny')
    return { ...scope, effect: 'deny', subject, reason: rule.reason ?? 'the policy denies it' }
  const delay = rule.delay === undefined ? 0 : at(`${where}.delay`, () => parseDuration(rule.delay))
  if (delay >= LONGEST_DELAY) throw invalid(`${where}.delay`, `expected less than 90 days, got ${rule.delay}.`)
  return {
    ...scope,
    effect: 'allow',
    subject,
    limits: limitsOf(rule, where, asset, chainId as number, names),
    approvals: approvalsOf(rule, where, names),
    delay,
    initiatorMayApprove: rule.initiatorMayApprove ?? false,
    simulationRequired: rule.simulation === 'required',
  }
}

function assetFor(symbol: string, chainId: number | undefined, where: string, names: Names): Asset {
  const found = names.assets.filter(
    (asset) => asset.symbol === symbol && (chainId === undefined || asset.chainId === chainId),
  )
  if (found.length > 1)
    throw invalid(
      where,
      `${symbol} is listed on chains ${found.map((asset) => asset.chainId).join(', ')}; expected the rule to name its chainId.`,
    )
  if (found[0] === undefined)
    throw invalid(
      where,
      `expected an asset of the list${chainId === undefined ? '' : ` on chain ${chainId}`}, got "${excerpt(symbol)}".`,
    )
  return found[0]
}

// An address on another chain may be another contract, so an allow rule always belongs to one chain.
function chainOf(rule: RuleDocument, where: string, names: Names): number | null {
  if (rule.chainId !== undefined || rule.effect === 'deny') return rule.chainId ?? null
  const [only, ...others] = names.chains
  if (only === undefined || others.length > 0)
    throw invalid(`${where}.chainId`, 'expected the chain id, because the assets and fees name none or several.')
  return only
}

function principal(name: string, where: string, names: Names): string {
  if (!name.startsWith('local:') && !names.principals.has(name))
    throw invalid(where, `expected a principal or local:<user>, got "${excerpt(name)}".`)
  return name
}

function subjectOf(
  rule: RuleDocument,
  where: string,
  asset: Asset | null,
  chainId: number | null,
  names: Names,
): Subject {
  switch (rule.kind) {
    case 'transfer':
      return {
        kind: 'transfer',
        asset,
        recipients: parties(rule.recipients, `${where}.recipients`, chainId, names),
        ...rangeOf(rule, where, asset),
      }
    case 'approve':
      return {
        kind: 'approve',
        asset,
        spenders: parties(rule.spenders, `${where}.spenders`, chainId, names),
        ...rangeOf(rule, where, asset),
      }
    case 'call': {
      const contract = rule.contract === undefined ? null : party(rule.contract, `${where}.contract`, chainId, names)
      return {
        kind: 'call',
        contract,
        selectors: rule.selectors === undefined ? null : selectorsOf(rule.selectors, where, rule.effect),
      }
    }
    case 'message':
      return messageOf(rule, where, chainId, names)
    case 'safe-admin':
      return {
        kind: 'safe-admin',
        selectors:
          rule.functions === undefined
            ? null
            : new Set(rule.functions.map((name, i) => safeFunction(name, `${where}.functions[${i}]`))),
      }
    case 'any':
      return {
        kind: 'any',
        addresses: new Set(rule.addresses.map((text, i) => party(text, `${where}.addresses[${i}]`, chainId, names))),
      }
  }
}

function parties(
  value: '*' | 'addressBook' | readonly string[] | undefined,
  where: string,
  chainId: number | null,
  names: Names,
): Parties {
  if (value === undefined || value === '*') return 'anybody'
  if (value !== 'addressBook') return new Set(value.map((text, i) => party(text, `${where}[${i}]`, chainId, names)))
  const entries = [...names.addressBook.values()].filter(
    (entry) => entry.chainId === null || chainId === null || entry.chainId === chainId,
  )
  return new Set(entries.map((entry) => entry.address.toLowerCase()))
}

function party(text: string, where: string, chainId: number | null, names: Names): string {
  if (/^0x/i.test(text)) return at(where, () => parseAddress(text)).toLowerCase()
  const entry = names.addressBook.get(text)
  if (entry === undefined)
    throw invalid(where, `expected a name of the address book or an address, got "${excerpt(text)}".`)
  if (entry.chainId !== null && entry.chainId !== chainId) {
    throw invalid(
      where,
      `"${excerpt(text)}" is in the address book for chain ${entry.chainId} only; the rule is for ${chainId === null ? 'every chain' : `chain ${chainId}`}.`,
    )
  }
  return entry.address.toLowerCase()
}

function rangeOf(
  rule: { readonly above?: string | undefined; readonly upTo?: string | undefined },
  where: string,
  asset: Asset | null,
) {
  if (asset === null && rule.above !== undefined)
    throw invalid(`${where}.above`, 'expected the rule to name its asset too.')
  const above = rule.above === undefined ? null : amountOf(rule.above, asset as Asset, `${where}.above`)
  const upTo = rule.upTo === undefined ? null : amountOf(rule.upTo, asset as Asset, `${where}.upTo`)
  if (above !== null && upTo !== null && upTo <= above)
    throw invalid(`${where}.upTo`, `expected more than above, ${rule.above}, got ${rule.upTo}.`)
  return { above, upTo }
}

/** `20000.00`, or with its asset written out: `20000.00 USDC`. */
function amountOf(text: string, asset: Asset, where: string): bigint {
  const digits = text.endsWith(` ${asset.symbol}`) ? text.slice(0, -asset.symbol.length - 1) : text
  return at(where, () => parseAmount(digits, asset.decimals))
}

function selectorsOf(texts: readonly string[], where: string, effect: 'allow' | 'deny'): ReadonlySet<Hex> {
  return new Set(
    texts.map((text, i) => {
      const place = `${where}.selectors[${i}]`
      if (!/^0x/i.test(text) && !/^[A-Za-z_$][\w$]*\([\w,()[\]]*\)$/.test(text)) {
        throw invalid(place, `expected a signature such as pause() or 4 bytes, got "${excerpt(text)}".`)
      }
      const selector = /^0x/i.test(text) ? at(place, () => parseHex(text, 'selector', 4)) : selectorOf(text)
      if (effect === 'allow' && SPENDING.has(selector))
        throw invalid(
          place,
          `expected kind: transfer or kind: approve for ${excerpt(text)}, so that its amount is limited.`,
        )
      return selector
    }),
  )
}

function messageOf(
  rule: RuleDocument & { readonly kind: 'message' },
  where: string,
  chainId: number | null,
  names: Names,
): Subject {
  const typed = rule.primaryTypes !== undefined || rule.verifyingContracts !== undefined
  if (rule.format === 'text' && typed)
    throw invalid(where, 'expected primaryTypes and verifyingContracts with format: typed-data only.')
  if (rule.effect === 'allow' && rule.format === 'typed-data') {
    if (rule.primaryTypes === undefined)
      throw invalid(`${where}.primaryTypes`, 'expected the list of types that may be signed.')
    if (rule.verifyingContracts === undefined)
      throw invalid(`${where}.verifyingContracts`, 'expected the list of contracts, or none for domains without one.')
  }
  const contracts = rule.verifyingContracts?.map((text, i) =>
    text === 'none' ? text : party(text, `${where}.verifyingContracts[${i}]`, chainId, names),
  )
  return {
    kind: 'message',
    format: rule.format ?? null,
    primaryTypes: rule.primaryTypes === undefined ? null : new Set(rule.primaryTypes),
    verifyingContracts: contracts === undefined ? null : new Set(contracts),
  }
}

function safeFunction(name: string, where: string): Hex {
  const selector = SAFE_FUNCTIONS.get(name)
  if (selector === undefined)
    throw invalid(where, `expected one of ${[...SAFE_FUNCTIONS.keys()].join(', ')}, got "${excerpt(name)}".`)
  return selector
}

function limitsOf(
  rule: RuleDocument & { readonly effect: 'allow' },
  where: string,
  asset: Asset | null,
  chainId: number,
  names: Names,
): Limits | null {
  if (rule.kind === 'call') {
    const native = names.assets.find((listed) => listed.chainId === chainId && listed.token === null) ?? {
      ...NATIVE,
      chainId,
    }
    return {
      asset: native,
      maxPerTransaction: rule.maxValue === undefined ? 0n : at(`${where}.maxValue`, () => parseWei(rule.maxValue)),
      maxPer24h:
        rule.maxValuePer24h === undefined ? null : at(`${where}.maxValuePer24h`, () => parseWei(rule.maxValuePer24h)),
    }
  }
  if (rule.kind !== 'transfer' && rule.kind !== 'approve') return null
  if (rule.maxPerTransaction === undefined && rule.maxPer24h === undefined) {
    throw invalid(where, 'expected maxPerTransaction or maxPer24h; nothing is unlimited by omission.')
  }
  if (rule.kind === 'approve' && asset?.token === null)
    throw invalid(`${where}.asset`, `expected a token; the native coin ${asset.symbol} has no approvals.`)
  const known = asset as Asset
  return {
    asset: known,
    maxPerTransaction:
      rule.maxPerTransaction === undefined
        ? null
        : amountOf(rule.maxPerTransaction, known, `${where}.maxPerTransaction`),
    maxPer24h: rule.maxPer24h === undefined ? null : amountOf(rule.maxPer24h, known, `${where}.maxPer24h`),
  }
}

function approvalsOf(
  rule: RuleDocument & { readonly effect: 'allow' },
  where: string,
  names: Names,
): readonly ApprovalDemand[] {
  const demands = rule.approvals === undefined ? [] : Array.isArray(rule.approvals) ? rule.approvals : [rule.approvals]
  return demands.map(({ count, group }, i) => {
    const place = Array.isArray(rule.approvals) ? `${where}.approvals[${i}]` : `${where}.approvals`
    const members = group === undefined ? names.principals.size : names.groups.get(group)?.length
    if (members === undefined)
      throw invalid(`${place}.group`, `expected a group of the policy, got "${excerpt(group as string)}".`)
    if (count > members)
      throw invalid(`${place}.count`, `expected at most ${members}, the people there are, got ${count}.`)
    return { count, group: group ?? null }
  })
}
