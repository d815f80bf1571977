import { type Address, sameAddress, ZERO_ADDRESS } from '../primitives/address.ts'
import type { Finding } from '../review/review.ts'
import { canonicalDeployments, type DeployedVersion } from '../safe/deployments.ts'
import type { SafeState } from '../safe/safe-tx.ts'

/** Versions that Safe still deploys; the first is the one Coffer creates. */
const CURRENT = ['1.5.0', '1.4.1'] as const
const DEPLOYED: readonly DeployedVersion[] = ['1.3.0', '1.4.1', '1.5.0']

/** What a person should know about how a Safe is set up; the gravest first, empty when there is nothing. */
export function treasuryFindings(state: SafeState): Finding[] {
  return [...ownerFindings(state), ...moduleFindings(state), ...guardFindings(state), ...codeFindings(state)].sort(
    (a, b) => RANK.indexOf(a.severity) - RANK.indexOf(b.severity),
  )
}

const RANK: readonly Finding['severity'][] = ['critical', 'high', 'medium', 'low', 'info']

function ownerFindings(state: SafeState): Finding[] {
  const { owners, threshold } = state
  const found: Finding[] = []
  if (threshold === 1) {
    found.push(
      finding(
        state,
        'SAFE_SINGLE_SIGNATURE',
        'high',
        'One signature is enough',
        `Any one of the ${owners.length} owners can move everything.`,
        'Raise the threshold to at least 2.',
      ),
    )
  }
  if (threshold === owners.length && owners.length > 1) {
    found.push(
      finding(
        state,
        'SAFE_ALL_OWNERS_NEEDED',
        'high',
        'Every owner must sign',
        `With ${threshold} of ${owners.length}, one lost key locks the money for ever.`,
        'Add an owner, or lower the threshold by one.',
      ),
    )
  }
  if (owners.length < 3) {
    found.push(
      finding(
        state,
        'SAFE_FEW_OWNERS',
        'medium',
        'Fewer than three owners',
        `There are ${owners.length} owners, so a key cannot be both lost and replaced safely.`,
        'Have at least three owners, for example 2 of 3.',
      ),
    )
  }
  if (threshold * 2 < owners.length) {
    found.push(
      finding(
        state,
        'SAFE_LOW_THRESHOLD',
        'medium',
        'The threshold is below half of the owners',
        `${threshold} of ${owners.length} owners can move everything against the will of the others.`,
        'Raise the threshold to at least half of the owners.',
      ),
    )
  }
  if (owners.some((owner) => sameAddress(owner, state.address))) {
    found.push(
      finding(
        state,
        'SAFE_OWNS_ITSELF',
        'high',
        'The Safe is an owner of itself',
        'That owner can never sign, so fewer keys may be lost than the numbers say.',
        'Replace that owner.',
      ),
    )
  }
  return found
}

function moduleFindings(state: SafeState): Finding[] {
  if (state.modules.length === 0) return []
  const guarded = state.moduleGuard !== ZERO_ADDRESS
  const detail = guarded
    ? `They move money without owners; only the module guard ${state.moduleGuard} stands between.`
    : state.version.startsWith('1.5.')
      ? 'They move money without owners and without a guard: no module guard is set.'
      : `They move money without owners, and no guard can see it before Safe 1.5.0 (this is ${state.version}).`
  return [
    finding(
      state,
      'SAFE_MODULES',
      guarded ? 'medium' : 'high',
      `${state.modules.length} module${state.modules.length === 1 ? '' : 's'} enabled`,
      `${detail} ${state.modules.join(', ')}`,
      'Disable every module that is not needed.',
    ),
  ]
}

function guardFindings(state: SafeState): Finding[] {
  const found: Finding[] = []
  if (state.guard !== ZERO_ADDRESS) {
    found.push(
      finding(
        state,
        'SAFE_GUARD',
        'info',
        'A transaction guard is set',
        `${state.guard} can refuse any transaction; a guard that always refuses locks the Safe.`,
        'Make sure its code is known and reviewed.',
      ),
    )
  }
  if (state.moduleGuard !== ZERO_ADDRESS) {
    found.push(
      finding(
        state,
        'SAFE_MODULE_GUARD',
        'info',
        'A module guard is set',
        `${state.moduleGuard} can refuse any module transaction.`,
        'Make sure its code is known and reviewed.',
      ),
    )
  }
  return found
}

function codeFindings(state: SafeState): Finding[] {
  const found: Finding[] = []
  if (!(CURRENT as readonly string[]).includes(state.version)) {
    found.push(
      finding(
        state,
        'SAFE_OUTDATED',
        olderThan13(state.version) ? 'high' : 'medium',
        `Safe ${state.version} is outdated`,
        olderThan13(state.version)
          ? 'Its signatures do not name the chain, so they are good on every chain where this Safe exists, and it takes no guard.'
          : `Current versions are ${CURRENT.join(' and ')}.`,
        `Upgrade the Safe, or move to a new one of version ${CURRENT[0]}.`,
      ),
    )
  }
  if (state.fallbackHandler === ZERO_ADDRESS) {
    found.push(
      finding(
        state,
        'SAFE_NO_HANDLER',
        'low',
        'No fallback handler is set',
        'The Safe cannot receive ERC-1155 and ERC-721 tokens sent safely, and signs no messages.',
        'Set the CompatibilityFallbackHandler of its version.',
      ),
    )
  } else if (!knownHandler(state.fallbackHandler)) {
    found.push(
      finding(
        state,
        'SAFE_UNKNOWN_HANDLER',
        'high',
        'The fallback handler is not a published one',
        `${state.fallbackHandler} answers in the name of the Safe, EIP-1271 signatures included.`,
        'Set the CompatibilityFallbackHandler of its version, unless its code was reviewed.',
      ),
    )
  }
  return found
}

function knownHandler(handler: Address): boolean {
  return DEPLOYED.some((version) =>
    sameAddress(canonicalDeployments(version).CompatibilityFallbackHandler.address, handler),
  )
}

function olderThan13(version: string): boolean {
  return version.localeCompare('1.3.0', 'en', { numeric: true }) < 0
}

function finding(
  state: SafeState,
  id: string,
  severity: Finding['severity'],
  title: string,
  detail: string,
  fix: string,
): Finding {
  return { id, severity, title, detail, where: state.address, fix }
}
