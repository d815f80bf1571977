import type { Hex } from '../primitives/hex.ts'

// Runtime code of the published proxies. A proxy survives an upgrade of its singleton, so any of them may
// stand before any version. Tests compare with the npm artifacts that are installed.
const PUBLISHED: ReadonlySet<Hex> = new Set<Hex>([
  // 1.0.0: `Proxy` of @gnosis.pm/safe-contracts 1.0.0
  '0x9999daa94896b1dc51734d94c68aec28587d45e0584a50b319cb99b1f335d99b',
  // 1.1.1: `Proxy` of @gnosis.pm/safe-contracts 1.1.1; its factory served 1.2.0 as well
  '0xaea7d4252f6245f301e540cfbee27d3a88de543af8e49c5c62405d5499fab7e5',
  // 1.3.0
  '0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000',
  // 1.4.1
  '0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c',
  // 1.5.0
  '0x4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f',
])

/**
 * Whether this is the keccak256 of the runtime code of a published SafeProxy. Code that merely forwards to a
 * genuine singleton may do other things besides.
 */
export function isPublishedProxy(codeHash: Hex): boolean {
  return PUBLISHED.has(codeHash.toLowerCase() as Hex)
}
