import type { Handle, PKCS11, Template } from 'pkcs11js'
import { CustodyError } from '../../errors.ts'
import type { Hex } from '../../primitives/hex.ts'
import { asking } from './ckr.ts'
import {
  CKA_CLASS,
  CKA_EC_PARAMS,
  CKA_EC_POINT,
  CKA_EXTRACTABLE,
  CKA_ID,
  CKA_SENSITIVE,
  CKA_SIGN,
  CKO_PRIVATE_KEY,
  CKO_PUBLIC_KEY,
  SECP256K1_PARAMS,
} from './cryptoki.ts'
import { decodeEcPoint } from './ec-point.ts'

export interface KeyPair {
  readonly privateKey: Handle
  /** 65 bytes, uncompressed. */
  readonly publicKey: Hex
}

/**
 * The one key pair of a CKA_ID, on a session that is logged in: before login a token hides private keys
 * without an error. A private key that could be taken out of the token is refused.
 * @throws TOKEN_KEY, TOKEN_FAULT
 */
export function findKeyPair(pkcs11: PKCS11, session: Handle, keyId: Hex): KeyPair {
  const privateKey = findOne(pkcs11, session, 'private', CKO_PRIVATE_KEY, keyId)
  const publicKey = findOne(pkcs11, session, 'public', CKO_PUBLIC_KEY, keyId)
  if (!readFlag(pkcs11, session, privateKey, CKA_SIGN))
    throw new CustodyError('TOKEN_KEY', `The private key ${keyId} may not sign.`)
  if (!readFlag(pkcs11, session, privateKey, CKA_SENSITIVE) || readFlag(pkcs11, session, privateKey, CKA_EXTRACTABLE)) {
    throw new CustodyError('TOKEN_KEY', `The private key ${keyId} can be taken out of the token.`)
  }
  if (!readAttribute(pkcs11, session, publicKey, CKA_EC_PARAMS).equals(SECP256K1_PARAMS)) {
    throw new CustodyError('TOKEN_KEY', `The key pair ${keyId} is not on the curve secp256k1.`)
  }
  return { privateKey, publicKey: decodeEcPoint(readAttribute(pkcs11, session, publicKey, CKA_EC_POINT)) }
}

function findOne(pkcs11: PKCS11, session: Handle, half: string, objectClass: number, keyId: Hex): Handle {
  const found = findObjects(pkcs11, session, [
    { type: CKA_CLASS, value: objectClass },
    { type: CKA_ID, value: idBytes(keyId) },
  ])
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new CustodyError(
      'TOKEN_KEY',
      `Expected one ${half} key of id ${keyId}, found ${found.length === 0 ? 'none' : 'several'}.`,
    )
  }
  return only
}

/** Up to two objects that fit, enough to tell "none", "one" and "several" apart. @throws TOKEN_FAULT */
export function findObjects(pkcs11: PKCS11, session: Handle, template: Template): Handle[] {
  return asking('looking for a key', () => {
    pkcs11.C_FindObjectsInit(session, template)
    try {
      return pkcs11.C_FindObjects(session, 2)
    } finally {
      pkcs11.C_FindObjectsFinal(session)
    }
  })
}

/** One attribute. Never several at once: pkcs11js fails as a whole when one of them is secret. @throws TOKEN_FAULT, TOKEN_KEY */
export function readAttribute(pkcs11: PKCS11, session: Handle, object: Handle, type: number): Buffer {
  const [result] = asking(`reading attribute 0x${type.toString(16)}`, () =>
    pkcs11.C_GetAttributeValue(session, object, [{ type }]),
  )
  if (result === undefined)
    throw new CustodyError('TOKEN_FAULT', `The token said nothing about attribute 0x${type.toString(16)}.`)
  return result.value
}

/** A CK_BBOOL: one byte, 0 or 1. @throws TOKEN_FAULT, TOKEN_KEY */
export function readFlag(pkcs11: PKCS11, session: Handle, object: Handle, type: number): boolean {
  const value = readAttribute(pkcs11, session, object, type)
  if (value.length !== 1 || (value[0] as number) > 1) {
    throw new CustodyError(
      'TOKEN_FAULT',
      `Expected attribute 0x${type.toString(16)} to be true or false, got ${value.length} bytes.`,
    )
  }
  return value[0] === 1
}

export function idBytes(keyId: Hex): Buffer {
  return Buffer.from(keyId.slice(2), 'hex')
}
