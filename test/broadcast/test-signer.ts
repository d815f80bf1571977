import { secp256k1 } from '@noble/curves/secp256k1.js'
import { publicKeyToAddress } from '../../src/primitives/ecdsa.ts'
import { bytesToHex, type Hex, hexToBytes } from '../../src/primitives/hex.ts'
import type { Signer } from '../../src/sign/signer.ts'

/** A key in plain memory, for tests only. */
export function testSigner(privateKey: Hex): Signer {
  const secret = hexToBytes(privateKey)
  return {
    address: publicKeyToAddress(bytesToHex(secp256k1.getPublicKey(secret, false))),
    sign: async (digest) => {
      const bytes = bytesToHex(secp256k1.sign(hexToBytes(digest), secret, { prehash: false, format: 'recovered' }))
      // Recovered form: one byte of parity, then r and s.
      return {
        yParity: Number(`0x${bytes.slice(2, 4)}`) as 0 | 1,
        r: `0x${bytes.slice(4, 68)}`,
        s: `0x${bytes.slice(68, 132)}`,
      }
    },
    close: async () => {},
  }
}
