import { keccak256Text } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'

export function selectorOf(signature: string): Hex {
  return keccak256Text(signature).slice(0, 10) as Hex
}

/**
 * The functions by which a Safe changes itself, 1.0.0 to 1.5.0. A closed list: a rule names functions by
 * these names, and the match is by selector, so that no other function can borrow a name.
 */
const SIGNATURES = [
  'addOwnerWithThreshold(address,uint256)',
  'removeOwner(address,address,uint256)',
  'swapOwner(address,address,address)',
  'changeThreshold(uint256)',
  'enableModule(address)',
  'disableModule(address,address)',
  'setGuard(address)',
  'setModuleGuard(address)',
  'setFallbackHandler(address)',
  'changeMasterCopy(address)',
] as const

export const SAFE_FUNCTIONS: ReadonlyMap<string, Hex> = new Map(
  SIGNATURES.map((signature) => [signature.slice(0, signature.indexOf('(')), selectorOf(signature)]),
)
