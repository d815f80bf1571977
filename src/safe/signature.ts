import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { type EcdsaSignature, isLowS, recoverAddress, SECP256K1_N } from '../primitives/ecdsa.ts'
import { keccak256 } from '../primitives/hash.ts'
import { byteLength, bytesToHex, concatHex, type Hex, parseHex } from '../primitives/hex.ts'

/** One owner's confirmation in a form a Safe counts. `signature` is 65 bytes r ‖ s ‖ v. */
export type OwnerSignature =
  /** v 27 or 28, over the safeTxHash. */
  | { readonly kind: 'ecdsa'; readonly owner: Address; readonly signature: Hex }
  /** v 31 or 32, over the EIP-191 hash of the safeTxHash. */
  | { readonly kind: 'eth-sign'; readonly owner: Address; readonly signature: Hex }
  /** `approveHash` on chain, or the owner executes itself; the chain is the evidence. */
  | { readonly kind: 'approved-hash'; readonly owner: Address }
  /** EIP-1271: `data` is what the owner contract's `isValidSignature` gets. Not verified off chain. */
  | { readonly kind: 'contract'; readonly owner: Address; readonly data: Hex }

const PERSONAL_PREFIX = bytesToHex(new TextEncoder().encode('\x19Ethereum Signed Message:\n32'))

/** The EIP-191 hash of a 32-byte digest, as `eth_sign` makes it. @see EIP-191 */
export function ethSignDigest(digest: Hex): Hex {
  return keccak256(concatHex(PERSONAL_PREFIX, parseHex(digest, 'digest', 32)))
}

/** 65 bytes with v 27 or 28, never the bare parity: a Safe reads v 0 as a contract and 1 as an approved hash. @throws SIGNATURE_INVALID */
export function fromEcdsa(sig: EcdsaSignature): Hex {
  if (![0, 1].includes(sig.yParity)) throw invalid('parity 0 or 1')
  checkScalars(sig)
  return concatHex(sig.r, sig.s, sig.yParity === 0 ? '0x1b' : '0x1c')
}

/**
 * Reads a signature made elsewhere over a safeTxHash or SafeMessage hash and recovers who made it. Whether that
 * is an owner, and the right one, is for the caller to check.
 *
 * 65 bytes: v 27/28 over the digest; v 31/32 over its EIP-191 hash; v 0/1, as some hardware and HSMs give the
 * parity, becomes 27/28. The same bytes can be a Safe contract or approved-hash slot, whose r is a padded
 * address: those are refused, never passed on.
 *
 * 64 bytes are EIP-2098 or a bare r ‖ s, with nothing that says which: a high s looks like a parity bit, a missing
 * parity like parity 0. They are read only when `owners` are given and one reading alone recovers to one of them.
 *
 * With `owners`, v 27/28 by a tool that signed the EIP-191 hash becomes 31/32 when only that recovers to an owner.
 * @throws SIGNATURE_INVALID when malformed, s is high, v is unknown, or nothing recovers; HEX_INVALID for a digest not of 32 bytes
 * @see EIP-2098
 */
export function parseOwnerSignature(
  digest: Hex,
  signature: Hex,
  owners?: readonly Address[],
): { readonly owner: Address; readonly parsed: OwnerSignature } {
  const hash = parseHex(digest, 'digest', 32)
  if (typeof signature !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(signature)) throw invalid('0x and whole bytes')
  const bytes = signature.toLowerCase() as Hex
  const length = byteLength(bytes)
  if (length !== 64 && length !== 65) throw invalid(`65 bytes, got ${length}`)
  if (length === 64 && owners === undefined) throw invalid('65 bytes with v; the parity of 64 bytes is not certain')
  const readings = length === 64 ? readCompact(bytes) : readFull(bytes, owners !== undefined)
  const recovered = readings.flatMap((reading) => {
    const owner = recoverAddress(reading.kind === 'ecdsa' ? hash : ethSignDigest(hash), reading.sig)
    return owner === null ? [] : [{ owner, parsed: ownerSignature(reading, owner) }]
  })
  const fitting = recovered.filter(({ owner }) => owners?.some((known) => sameAddress(known, owner)))
  const only = fitting.length === 1 ? fitting[0] : undefined
  if (only !== undefined) return only
  // The first reading is what the bytes say by themselves; without one of them fitting it is the honest answer.
  const plain = recovered[0]
  if (fitting.length > 1 || plain === undefined || length === 64) {
    throw invalid('a signature that recovers to one certain address')
  }
  return plain
}

interface Reading {
  readonly kind: 'ecdsa' | 'eth-sign'
  readonly sig: EcdsaSignature
}

function readFull(bytes: Hex, ownersKnown: boolean): readonly Reading[] {
  const r: Hex = `0x${bytes.slice(2, 66)}`
  const s: Hex = `0x${bytes.slice(66, 130)}`
  const v = parseInt(bytes.slice(130), 16)
  if (v <= 1 && /^0x0{24}/.test(r)) throw invalid('an ECDSA signature, got a contract or approved-hash slot of a Safe')
  checkScalars({ r, s })
  const yParity = parityOf(v)
  if (v === 31 || v === 32) return [{ kind: 'eth-sign', sig: { r, s, yParity } }]
  const direct: Reading = { kind: 'ecdsa', sig: { r, s, yParity } }
  return ownersKnown ? [direct, { kind: 'eth-sign', sig: { r, s, yParity } }] : [direct]
}

function parityOf(v: number): 0 | 1 {
  if (v === 0 || v === 27 || v === 31) return 0
  if (v === 1 || v === 28 || v === 32) return 1
  throw invalid(`v 27, 28, 31 or 32, got ${v}`)
}

function readCompact(bytes: Hex): readonly Reading[] {
  const r: Hex = `0x${bytes.slice(2, 66)}`
  const yParityAndS = BigInt(`0x${bytes.slice(66)}`)
  const bit = yParityAndS >> 255n
  const s: Hex = `0x${(yParityAndS & ((1n << 255n) - 1n)).toString(16).padStart(64, '0')}`
  checkScalars({ r, s })
  if (bit === 1n) return [{ kind: 'ecdsa', sig: { r, s, yParity: 1 } }]
  return [
    { kind: 'ecdsa', sig: { r, s, yParity: 0 } },
    { kind: 'ecdsa', sig: { r, s, yParity: 1 } },
  ]
}

function ownerSignature({ kind, sig }: Reading, owner: Address): OwnerSignature {
  const direct = fromEcdsa(sig)
  if (kind === 'ecdsa') return { kind, owner, signature: direct }
  return { kind, owner, signature: `${direct.slice(0, 130)}${sig.yParity === 0 ? '1f' : '20'}` as Hex }
}

// A Safe takes a high s as well. Two byte strings for one act would let a copy pass for a second signature.
function checkScalars({ r, s }: { readonly r: Hex; readonly s: Hex }): void {
  for (const word of [r, s]) if (!/^0x[0-9a-fA-F]{64}$/.test(word)) throw invalid('r and s of 32 bytes each')
  const point = BigInt(r)
  if (point === 0n || point >= SECP256K1_N) throw invalid('r between 1 and the order of the curve')
  if (!isLowS(s)) throw invalid('s in the lower half of the order, and not 0')
}

function invalid(expected: string): CustodyError {
  return new CustodyError('SIGNATURE_INVALID', `Expected ${expected}.`)
}
