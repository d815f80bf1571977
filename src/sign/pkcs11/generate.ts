import { randomBytes } from 'node:crypto'
import type { Handle, PKCS11, Template, TokenInfo } from 'pkcs11js'
import { CustodyError } from '../../errors.ts'
import { publicKeyToAddress } from '../../primitives/ecdsa.ts'
import { keccak256Text } from '../../primitives/hash.ts'
import { bytesToHex, type Hex } from '../../primitives/hex.ts'
import type { Secret } from '../signer.ts'
import { ckrName, tokenError } from './ckr.ts'
import {
  CKA_ALWAYS_SENSITIVE,
  CKA_CLASS,
  CKA_COPYABLE,
  CKA_DERIVE,
  CKA_EC_PARAMS,
  CKA_EXTRACTABLE,
  CKA_ID,
  CKA_KEY_TYPE,
  CKA_LABEL,
  CKA_LOCAL,
  CKA_MODIFIABLE,
  CKA_NEVER_EXTRACTABLE,
  CKA_PRIVATE,
  CKA_SENSITIVE,
  CKA_SIGN,
  CKA_TOKEN,
  CKA_VALUE,
  CKA_VERIFY,
  CKK_EC,
  CKM_EC_KEY_PAIR_GEN,
  CKO_PRIVATE_KEY,
  CKO_PUBLIC_KEY,
  SECP256K1_PARAMS,
} from './cryptoki.ts'
import { signOnToken } from './ecdsa.ts'
import { findKeyPair, findObjects, idBytes, readFlag } from './key-pair.ts'
import { openToken, type TokenPlace } from './session.ts'

export interface TokenKey {
  /** 65 bytes, uncompressed. */
  readonly publicKey: Hex
  /** CKA_ID of both halves, 16 random bytes. */
  readonly keyId: Hex
  /** What the token said about the private key after it was made, and about itself. */
  readonly provenance: { readonly [fact: string]: string | number | boolean }
}

/** What must be true of the private key, with the name under which provenance keeps it. */
const facts = [
  ['local', CKA_LOCAL, true],
  ['alwaysSensitive', CKA_ALWAYS_SENSITIVE, true],
  ['neverExtractable', CKA_NEVER_EXTRACTABLE, true],
  ['sensitive', CKA_SENSITIVE, true],
  ['extractable', CKA_EXTRACTABLE, false],
  ['private', CKA_PRIVATE, true],
  ['onToken', CKA_TOKEN, true],
  ['sign', CKA_SIGN, true],
  ['derive', CKA_DERIVE, false],
  ['modifiable', CKA_MODIFIABLE, false],
  ['copyable', CKA_COPYABLE, false],
] as const

/** Asked after a key was made, so that a token whose halves do not belong together never gets an address. */
const PROOF = keccak256Text('Coffer: this key pair was just made and signs this sentence once.')

/**
 * Makes a secp256k1 key pair that cannot leave the token, and believes only what it reads back. A key that
 * is not as asked is destroyed.
 * @throws DEPENDENCY_MISSING, TOKEN_MODULE, TOKEN_NOT_FOUND, TOKEN_PIN, TOKEN_FAULT, TOKEN_KEY, TOKEN_ATTRIBUTES, TOKEN_SIGNATURE
 */
export async function generateTokenKey(
  order: TokenPlace & { readonly pin: Secret; readonly label: string },
): Promise<TokenKey> {
  const token = await openToken(order, order.pin)
  try {
    const session = token.openSession('read-write')
    try {
      return await generate(token.pkcs11, session, token.info, order.label)
    } finally {
      token.closeSession(session)
    }
  } finally {
    token.release()
  }
}

async function generate(pkcs11: PKCS11, session: Handle, info: TokenInfo, label: string): Promise<TokenKey> {
  const keyId = bytesToHex(randomBytes(16))
  if (findObjects(pkcs11, session, [{ type: CKA_ID, value: idBytes(keyId) }]).length > 0) {
    throw new CustodyError('TOKEN_KEY', `The token holds an object of the fresh random id ${keyId} already.`)
  }
  const halves = await makePair(pkcs11, session, keyId, label)
  try {
    const read = readFacts(pkcs11, session, halves.privateKey)
    assertValueHidden(pkcs11, session, halves.privateKey)
    const { privateKey, publicKey } = findKeyPair(pkcs11, session, keyId)
    await signOnToken(pkcs11, session, privateKey, PROOF, publicKeyToAddress(publicKey))
    return { publicKey, keyId, provenance: { origin: 'generated', ...read, ...describe(info) } }
  } catch (error) {
    destroyQuietly(pkcs11, session, halves.privateKey)
    destroyQuietly(pkcs11, session, halves.publicKey)
    throw error
  }
}

async function makePair(
  pkcs11: PKCS11,
  session: Handle,
  keyId: Hex,
  label: string,
): Promise<{ privateKey: Handle; publicKey: Handle }> {
  const shared = (objectClass: number): Template => [
    { type: CKA_CLASS, value: objectClass },
    { type: CKA_KEY_TYPE, value: CKK_EC },
    { type: CKA_TOKEN, value: true },
    { type: CKA_ID, value: idBytes(keyId) },
    { type: CKA_LABEL, value: label },
  ]
  const publicTemplate = [
    ...shared(CKO_PUBLIC_KEY),
    { type: CKA_EC_PARAMS, value: SECP256K1_PARAMS },
    { type: CKA_VERIFY, value: true },
  ]
  const privateTemplate = [
    ...shared(CKO_PRIVATE_KEY),
    { type: CKA_PRIVATE, value: true },
    { type: CKA_SENSITIVE, value: true },
    { type: CKA_EXTRACTABLE, value: false },
    { type: CKA_SIGN, value: true },
    { type: CKA_DERIVE, value: false },
    { type: CKA_MODIFIABLE, value: false },
    { type: CKA_COPYABLE, value: false },
  ]
  try {
    // The synchronous form: the asynchronous one does not hold the templates' memory while it works.
    return pkcs11.C_GenerateKeyPair(session, { mechanism: CKM_EC_KEY_PAIR_GEN }, publicTemplate, privateTemplate)
  } catch (error) {
    throw tokenError(error, 'making a key pair')
  }
}

function readFacts(pkcs11: PKCS11, session: Handle, key: Handle): Record<string, boolean> {
  return Object.fromEntries(
    facts.map(([name, type, wanted]) => {
      const value = readFlag(pkcs11, session, key, type)
      if (value !== wanted) {
        throw new CustodyError(
          'TOKEN_ATTRIBUTES',
          `Expected a key with ${name} ${String(wanted)}, the token made one with ${name} ${String(value)}.`,
        )
      }
      return [name, value]
    }),
  )
}

// The strongest of the checks: whatever the attributes say, the bytes must not come out.
function assertValueHidden(pkcs11: PKCS11, session: Handle, key: Handle): void {
  let name: string | null
  try {
    for (const { value } of pkcs11.C_GetAttributeValue(session, key, [{ type: CKA_VALUE }])) value.fill(0)
    name = null
  } catch (error) {
    name = ckrName(error)
  }
  if (name !== 'CKR_ATTRIBUTE_SENSITIVE') {
    throw new CustodyError(
      'TOKEN_ATTRIBUTES',
      `Expected the token to refuse the private value with CKR_ATTRIBUTE_SENSITIVE, it answered ${name ?? 'with the value'}.`,
    )
  }
}

function describe(info: TokenInfo): Record<string, string> {
  const text = (value: string): string => value.replace(/[ \0]+$/, '')
  return { manufacturer: text(info.manufacturerID), model: text(info.model), serial: text(info.serialNumber) }
}

function destroyQuietly(pkcs11: PKCS11, session: Handle, object: Handle): void {
  try {
    pkcs11.C_DestroyObject(session, object)
  } catch {
    // The key has no address in Coffer, so what is left of it on the token is harmless.
  }
}
