import { secp256k1 } from '@noble/curves/secp256k1.js'
import { CustodyError } from '../../errors.ts'
import { bytesToHex, type Hex } from '../../primitives/hex.ts'

const UNCOMPRESSED = Uint8Array.of(4)

/**
 * The 65-byte public key in a CKA_EC_POINT. The standard wraps the point in a DER OCTET STRING, some tokens
 * return it bare. Only the length tells them apart, because a bare point begins with the same 04.
 * @throws TOKEN_KEY when it is no point of secp256k1
 * @see PKCS#11 v2.40 §2.3.3, SEC 1 §2.3.3
 */
export function decodeEcPoint(value: Uint8Array): Hex {
  const point = unwrap(value)
  if (point === null)
    throw new CustodyError(
      'TOKEN_KEY',
      `Expected CKA_EC_POINT of 33, 35, 64, 65 or 67 bytes, got ${value.length} of another form.`,
    )
  try {
    const parsed = secp256k1.Point.fromBytes(point)
    parsed.assertValidity()
    return bytesToHex(parsed.toBytes(false))
  } catch {
    throw new CustodyError('TOKEN_KEY', 'The CKA_EC_POINT of the token is not a point of secp256k1.')
  }
}

function unwrap(value: Uint8Array): Uint8Array | null {
  switch (value.length) {
    case 67:
    case 35:
      return value[0] === 0x04 && value[1] === value.length - 2 ? value.slice(2) : null
    case 65:
    case 33:
      return value.slice()
    case 64:
      return Uint8Array.of(...UNCOMPRESSED, ...value)
    default:
      return null
  }
}
