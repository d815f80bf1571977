import type { Handle, PKCS11 } from 'pkcs11js'
import { CustodyError } from '../../errors.ts'
import { type Address, sameAddress } from '../../primitives/address.ts'
import { type EcdsaSignature, recoverAddress, SECP256K1_HALF_N, SECP256K1_N } from '../../primitives/ecdsa.ts'
import { bytesToHex, type Hex, parseHex, uintWord } from '../../primitives/hex.ts'
import { tokenError } from './ckr.ts'
import { CKM_ECDSA } from './cryptoki.ts'

// Room for a token that answers in DER, so that a wrong form is seen and refused rather than left half done.
const ANSWER_BYTES = 256

/**
 * One signature of the token over 32 bytes, with low s, released only when it recovers to `address`. The
 * session must be used by nobody else meanwhile. Tokens take other lengths and sign their leading bits, so
 * the length is checked here.
 * @throws HEX_INVALID, TOKEN_FAULT, TOKEN_KEY, TOKEN_SIGNATURE
 * @see PKCS#11 v2.40 §2.3.6, EIP-2
 */
export async function signOnToken(
  pkcs11: PKCS11,
  session: Handle,
  privateKey: Handle,
  digest: Hex,
  address: Address,
): Promise<EcdsaSignature> {
  const hash = parseHex(digest, 'digest', 32)
  // pkcs11js#121: its worker thread reads this memory without holding it, so it must be private, must not
  // come from Node's shared pool, and must be in use until the answer is here.
  const input = Buffer.allocUnsafeSlow(32)
  input.write(hash.slice(2), 'hex')
  const answer = await ask(pkcs11, session, privateKey, input)
  if (bytesToHex(input) !== hash)
    throw new CustodyError('TOKEN_SIGNATURE', 'The digest changed in memory while the token was signing.')
  return normalise(answer, hash, address)
}

async function ask(pkcs11: PKCS11, session: Handle, privateKey: Handle, input: Buffer): Promise<Buffer> {
  try {
    pkcs11.C_SignInit(session, { mechanism: CKM_ECDSA }, privateKey)
    return await pkcs11.C_SignAsync(session, input, Buffer.allocUnsafeSlow(ANSWER_BYTES))
  } catch (error) {
    throw tokenError(error, 'signing')
  }
}

function normalise(answer: Buffer, digest: Hex, address: Address): EcdsaSignature {
  if (answer.length !== 64)
    throw new CustodyError('TOKEN_SIGNATURE', `Expected a signature of 64 bytes from the token, got ${answer.length}.`)
  const r = bytesToHex(answer.subarray(0, 32))
  const high = BigInt(bytesToHex(answer.subarray(32, 64)))
  // Before the parity is found: turning s round turns the parity as well.
  const s = uintWord(high > SECP256K1_HALF_N && high < SECP256K1_N ? SECP256K1_N - high : high)
  for (const yParity of [0, 1] as const) {
    const signature = { r, s, yParity }
    const recovered = recoverAddress(digest, signature)
    if (recovered !== null && sameAddress(recovered, address)) return signature
  }
  throw new CustodyError(
    'TOKEN_SIGNATURE',
    `Expected a signature of ${address}, the one from the token does not recover to it.`,
  )
}
