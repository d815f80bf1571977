import { CustodyError } from '../errors.ts'
import { type Address, compareAddress, sameAddress, toChecksum, ZERO_ADDRESS } from '../primitives/address.ts'
import { isLowS, recoverAddress } from '../primitives/ecdsa.ts'
import { addressWord, byteLength, concatHex, type Hex, parseHex, uintWord } from '../primitives/hex.ts'
import { checkAddress } from './hash.ts'
import { ethSignDigest, type OwnerSignature } from './signature.ts'

const SLOT_BYTES = 65
/** `execTransaction` looks at no more than the threshold; far above every real owner set. */
const MAX_SIGNATURES = 1000

/** One slot as it stands in packed bytes. The owner of an ECDSA slot is known only after recovery. */
export type SignatureSlot =
  | { readonly kind: 'ecdsa' | 'eth-sign'; readonly owner: null; readonly signature: Hex }
  | Extract<OwnerSignature, { kind: 'approved-hash' | 'contract' }>

/**
 * The `signatures` argument of `execTransaction`: slots strictly ascending by owner, then the data of contract
 * owners in the same order. The order of the input does not matter.
 * @throws APPROVAL_DUPLICATE when an owner occurs twice; SIGNATURE_INVALID, ADDRESS_INVALID, HEX_INVALID
 */
export function packSignatures(signatures: readonly OwnerSignature[]): Hex {
  const sorted = [...signatures].sort((a, b) => compareAddress(a.owner, b.owner))
  sorted.forEach((signature, index) => {
    checkAddress(signature.owner, 'owner')
    const before = sorted[index - 1]
    if (before !== undefined && sameAddress(before.owner, signature.owner)) {
      throw new CustodyError(
        'APPROVAL_DUPLICATE',
        `Expected one signature of each owner, got two of ${toChecksum(signature.owner)}.`,
      )
    }
  })
  let offset = SLOT_BYTES * sorted.length
  const slots: Hex[] = []
  const tails: Hex[] = []
  for (const signature of sorted) {
    if (signature.kind === 'contract') {
      const data = parseHex(signature.data, 'contract signature')
      const tail = concatHex(uintWord(BigInt(byteLength(data))), data)
      slots.push(concatHex(addressWord(signature.owner), uintWord(BigInt(offset)), '0x00'))
      tails.push(tail)
      offset += byteLength(tail)
    } else if (signature.kind === 'approved-hash') {
      slots.push(concatHex(addressWord(signature.owner), uintWord(0n), '0x01'))
    } else {
      slots.push(checkSlot(signature))
    }
  }
  return concatHex(...slots, ...tails)
}

function checkSlot({ kind, signature }: Extract<OwnerSignature, { kind: 'ecdsa' | 'eth-sign' }>): Hex {
  const allowed = kind === 'ecdsa' ? ['1b', '1c'] : ['1f', '20']
  const bytes = typeof signature === 'string' ? signature.toLowerCase() : ''
  if (!/^0x[0-9a-f]{130}$/.test(bytes) || !allowed.includes(bytes.slice(130)) || !isLowS(`0x${bytes.slice(66, 130)}`)) {
    throw new CustodyError(
      'SIGNATURE_INVALID',
      `Expected a 65-byte ${kind} signature with low s and v 0x${allowed.join(' or 0x')}.`,
    )
  }
  return bytes as Hex
}

/**
 * Reads `count` slots of packed signatures. Data of contract owners must follow in slot order without gap, overlap
 * or rest, as `packSignatures` writes it; every other layout is refused.
 * @throws SIGNATURE_INVALID
 */
export function unpackSignatures(packed: Hex, count: number): readonly SignatureSlot[] {
  if (typeof packed !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(packed)) throw invalid('0x and whole bytes')
  const total = byteLength(packed)
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_SIGNATURES)
    throw invalid(`a count from 1 to ${MAX_SIGNATURES}`)
  if (total < SLOT_BYTES * count) throw invalid(`${SLOT_BYTES * count} bytes for ${count} signatures, got ${total}`)
  const at = (start: number, bytes: number): string =>
    packed.slice(2 + 2 * start, 2 + 2 * (start + bytes)).toLowerCase()
  let tail = SLOT_BYTES * count
  const slots: SignatureSlot[] = []
  for (let start = 0; start < SLOT_BYTES * count; start += SLOT_BYTES) {
    const v = parseInt(at(start + 64, 1), 16)
    if (v === 27 || v === 28 || v === 31 || v === 32) {
      slots.push({ kind: v < 30 ? 'ecdsa' : 'eth-sign', owner: null, signature: `0x${at(start, SLOT_BYTES)}` })
    } else if (v === 1) {
      slots.push({ kind: 'approved-hash', owner: ownerOf(at(start, 32)) })
    } else if (v === 0) {
      if (BigInt(`0x${at(start + 32, 32)}`) !== BigInt(tail) || tail + 32 > total)
        throw invalid(`contract data at byte ${tail}`)
      const length = BigInt(`0x${at(tail, 32)}`)
      if (length > BigInt(total - tail - 32)) throw invalid(`${length} bytes of contract data`)
      slots.push({ kind: 'contract', owner: ownerOf(at(start, 32)), data: `0x${at(tail + 32, Number(length))}` })
      tail += 32 + Number(length)
    } else {
      throw invalid(`v 0, 1, 27, 28, 31 or 32, got ${v}`)
    }
  }
  if (tail !== total) throw invalid(`the end at byte ${tail}, got ${total} bytes`)
  return slots
}

/**
 * Names the owner of every slot by recovery, and checks the strictly ascending order that a Safe demands.
 * s is not required to be low here, because a Safe does not ask for it.
 * @throws SIGNATURE_INVALID
 */
export function recoverSlots(digest: Hex, slots: readonly SignatureSlot[]): readonly OwnerSignature[] {
  const named = slots.map((slot): OwnerSignature => {
    if (slot.owner !== null) return slot
    const v = parseInt(slot.signature.slice(130), 16)
    const owner = recoverAddress(slot.kind === 'ecdsa' ? digest : ethSignDigest(digest), {
      r: slot.signature.slice(0, 66) as Hex,
      s: `0x${slot.signature.slice(66, 130)}`,
      yParity: v === 28 || v === 32 ? 1 : 0,
    })
    if (owner === null) throw invalid('a signature that recovers to an address')
    return { kind: slot.kind, owner, signature: slot.signature }
  })
  named.forEach(({ owner }, index) => {
    if (compareAddress(named[index - 1]?.owner ?? ZERO_ADDRESS, owner) >= 0) throw invalid('owners strictly ascending')
  })
  return named
}

function ownerOf(word: string): Address {
  if (!word.startsWith('0'.repeat(24))) throw invalid('an owner address padded with zeros')
  return toChecksum(`0x${word.slice(24)}`)
}

function invalid(expected: string): CustodyError {
  return new CustodyError('SIGNATURE_INVALID', `Expected ${expected}.`)
}
