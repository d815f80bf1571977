import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { CustodyError, excerpt } from '../errors.ts'
import { sha256 } from '../primitives/hash.ts'
import { hexToBytes } from '../primitives/hex.ts'

/**
 * Signed notes with Ed25519: a text, a blank line, and signature lines that anybody's tool can check.
 * @see https://c2sp.org/signed-note
 */

const ED25519 = 0x01
/** More than the spec's 16, bounded because a note comes from outside. */
const MAX_SIGNATURES = 100
const MAX_LENGTH = 1_000_000

/** `privateKey` is the 32-byte Ed25519 seed of RFC 8032; never logged. */
export interface NoteKey {
  readonly name: string
  readonly privateKey: Uint8Array
}

/** A parsed verifier key. `publicKey` is 32 bytes. */
export interface Vkey {
  readonly name: string
  readonly publicKey: Uint8Array
}

export interface OpenedNote {
  /** With its final newline. */
  readonly text: string
  /** The verifier keys, encoded, whose signatures were found and hold; at least one. */
  readonly signedBy: readonly string[]
}

/** `name+keyid+base64`, the form in which a log's public key is pinned. @throws FIELD_INVALID */
export function encodeVkey({ name, publicKey }: Vkey): string {
  assertName(name)
  if (publicKey.length !== 32)
    throw new CustodyError('FIELD_INVALID', `Expected a public key of 32 bytes, got ${publicKey.length}.`)
  return `${name}+${keyId(name, publicKey).toString('hex')}+${typed(publicKey).toString('base64')}`
}

/** Reads a verifier key. @throws FIELD_INVALID when malformed, of another type than Ed25519, or with a wrong key id */
export function parseVkey(text: string): Vkey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)
  const key = match === null ? null : decodeBase64(match[3] as string)
  if (match === null || key === null || key.length !== 33 || key[0] !== ED25519) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected an Ed25519 verifier key as name+id+base64, got "${excerpt(text, 120)}".`,
    )
  }
  const vkey = { name: match[1] as string, publicKey: Uint8Array.from(key.subarray(1)) }
  if (encodeVkey(vkey) !== text) {
    throw new CustodyError(
      'FIELD_INVALID',
      `The key id ${match[2] ?? ''} of the verifier key does not belong to its name and key.`,
    )
  }
  return vkey
}

/** The verifier key of a signing key, encoded. */
export function vkeyOf(key: NoteKey): string {
  const der = createPublicKey(importSeed(key.privateKey)).export({ format: 'der', type: 'spki' })
  return encodeVkey({ name: key.name, publicKey: Uint8Array.from(der.subarray(-32)) })
}

/**
 * The text with one signature line. `text` ends with a newline.
 * @throws CHECKPOINT_INVALID when the text cannot stand in a note; FIELD_INVALID for a bad key name or seed
 */
export function signNote(text: string, key: NoteKey): string {
  assertText(text)
  if (!text.endsWith('\n'))
    throw new CustodyError('CHECKPOINT_INVALID', 'Expected a note text that ends with a newline.')
  const { name, publicKey } = parseVkey(vkeyOf(key))
  const signature = sign(null, Buffer.from(text), importSeed(key.privateKey))
  return `${text}\n— ${name} ${Buffer.concat([keyId(name, publicKey), signature]).toString('base64')}\n`
}

/**
 * Checks a note against pinned verifier keys. Signatures by unknown keys are ignored; a known key whose
 * signature does not hold, or no known key at all, refuses the note.
 * @throws CHECKPOINT_INVALID
 */
export function openNote(note: string, vkeys: readonly string[]): OpenedNote {
  assertText(note)
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) throw malformed('expected a text, a blank line and signature lines')
  const text = note.slice(0, split + 1)
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES)
    throw malformed(`expected at most ${MAX_SIGNATURES} signatures, got ${lines.length}`)

  const known = new Map(
    vkeys.map((encoded) => {
      const vkey = parseVkey(encoded)
      return [`${vkey.name}+${keyId(vkey.name, vkey.publicKey).toString('hex')}`, { encoded, vkey }] as const
    }),
  )
  const signedBy = new Set<string>()
  for (const line of lines) {
    const { name, id, signature } = parseSignatureLine(line)
    const signer = known.get(`${name}+${id}`)
    if (signer === undefined) continue
    if (signature.length !== 64 || !verify(null, Buffer.from(text), exportPublic(signer.vkey.publicKey), signature)) {
      throw malformed(`the signature of ${excerpt(name)} does not hold`)
    }
    signedBy.add(signer.encoded)
  }
  if (signedBy.size === 0) throw malformed('no signature is by a known key')
  return { text, signedBy: [...signedBy] }
}

function parseSignatureLine(line: string): { name: string; id: string; signature: Buffer } {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line)
  const bytes = match === null ? null : decodeBase64(match[2] as string)
  if (match === null || bytes === null || bytes.length < 5) throw malformed(`"${excerpt(line)}" is no signature line`)
  return { name: match[1] as string, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
}

function assertName(name: string): void {
  if (!/^[^\s+\p{Cc}]{1,255}$/u.test(name) || !name.isWellFormed()) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected a key name without spaces, plus signs and control characters, got "${excerpt(name)}".`,
    )
  }
}

function assertText(text: string): void {
  if (text.length > MAX_LENGTH) throw malformed(`expected at most ${MAX_LENGTH} characters, got ${text.length}`)
  // Of the control characters the specification forbids only those below U+0020.
  if (!text.isWellFormed() || /[^\P{Cc}\n\u007f-\u009f]/u.test(text))
    throw malformed('the note holds a control character')
}

const malformed = (why: string): CustodyError =>
  new CustodyError('CHECKPOINT_INVALID', `The signed note is refused: ${why}.`)

const typed = (publicKey: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(ED25519), publicKey])

function keyId(name: string, publicKey: Uint8Array): Buffer {
  const digest = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed(publicKey)]))
  return Buffer.from(hexToBytes(digest).subarray(0, 4))
}

/** Standard base64 with padding and nothing else, so that one value has one spelling. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

// RFC 8410 wraps a raw Ed25519 key in a fixed DER prefix; node:crypto takes no raw keys.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

function importSeed(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  if (seed.length !== 32)
    throw new CustodyError('FIELD_INVALID', `Expected a private key of 32 bytes, got ${seed.length}.`)
  const der = Buffer.concat([PKCS8_PREFIX, seed])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

function exportPublic(publicKey: Uint8Array): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
}
