import type { Handle } from 'pkcs11js'
import { CustodyError } from '../../errors.ts'
import { type Address, sameAddress, toChecksum } from '../../primitives/address.ts'
import { type EcdsaSignature, publicKeyToAddress } from '../../primitives/ecdsa.ts'
import { type Hex, parseHex } from '../../primitives/hex.ts'
import type { Secret, Signer } from '../signer.ts'
import { signOnToken } from './ecdsa.ts'
import { findKeyPair } from './key-pair.ts'
import { openToken, type OpenToken } from './session.ts'

/** A key on a token: the library's absolute path, the token's label, the CKA_ID, and whose key it must be. */
export interface TokenKeyPlace {
  readonly module: string
  readonly token: string
  readonly keyId: Hex
  readonly address: Address
}

/**
 * Opens a key on a token. Several signers of one token share its login and have a session each.
 * @throws DEPENDENCY_MISSING, TOKEN_MODULE, TOKEN_NOT_FOUND, TOKEN_PIN, TOKEN_FAULT, TOKEN_KEY
 */
export async function openTokenSigner(place: TokenKeyPlace, pin: Secret): Promise<Signer> {
  const keyId = parseHex(place.keyId, 'key id')
  const token = await openToken(place, pin)
  try {
    const session = token.openSession('read-only')
    const { privateKey, publicKey } = findKeyPair(token.pkcs11, session, keyId)
    const found = publicKeyToAddress(publicKey)
    if (!sameAddress(found, place.address)) {
      throw new CustodyError(
        'TOKEN_KEY',
        `Expected the key of ${place.address} under id ${keyId}, the token holds the key of ${found}.`,
      )
    }
    return createTokenSigner(token, session, privateKey, toChecksum(place.address))
  } catch (error) {
    token.release()
    throw error
  }
}

function createTokenSigner(token: OpenToken, first: Handle, privateKey: Handle, address: Address): Signer {
  let session: Handle | null = first
  let open = true
  let lied = false
  // A session does one thing at a time, so signatures of one signer queue.
  let queue: Promise<unknown> = Promise.resolve()

  async function signNext(digest: Hex): Promise<EcdsaSignature> {
    if (!open) throw new CustodyError('INTERNAL', `The signer of ${address} is closed.`)
    if (lied)
      throw new CustodyError(
        'TOKEN_SIGNATURE',
        `The token gave a wrong signature for ${address} before; it is not asked again.`,
      )
    const hash = parseHex(digest, 'digest', 32)
    session ??= token.openSession('read-only')
    try {
      return await signOnToken(token.pkcs11, session, privateKey, hash, address)
    } catch (error) {
      lied = error instanceof CustodyError && error.code === 'TOKEN_SIGNATURE'
      // After a fault an operation may still be active in the session; a new one starts clean.
      token.closeSession(session)
      session = null
      throw error
    }
  }

  return Object.freeze({
    address,
    sign(digest: Hex): Promise<EcdsaSignature> {
      const result = queue.then(() => signNext(digest))
      queue = result.catch(() => undefined)
      return result
    },
    async close(): Promise<void> {
      await queue
      if (!open) return
      open = false
      if (session !== null) token.closeSession(session)
      session = null
      token.release()
    },
  })
}
