import { secp256k1 } from '@noble/curves/secp256k1.js'
import { CustodyError } from '../../errors.ts'
import { type Address, sameAddress, toChecksum } from '../../primitives/address.ts'
import { type EcdsaSignature, isLowS, publicKeyToAddress, recoverAddress } from '../../primitives/ecdsa.ts'
import { bytesToHex, type Hex, hexToBytes, parseHex } from '../../primitives/hex.ts'
import type { Secret, Signer } from '../signer.ts'
import { readKeystoreFile } from './read-file.ts'
import { decryptKeystore } from './web3-secret-storage.ts'

/**
 * Opens the key file at `file`, which must hold the key of `address`. The key lives in the memory of this
 * process until `close`.
 * @throws FILE_UNREADABLE, FILE_PERMISSIONS, KEY_FILE_INVALID, PASSPHRASE_WRONG
 */
export async function openKeystoreSigner(file: string, address: Address, passphrase: Secret): Promise<Signer> {
  const key = await decryptKeystore(readKeystoreFile(file), passphrase)
  const found = publicKeyToAddress(bytesToHex(secp256k1.getPublicKey(key, false)))
  if (!sameAddress(found, address)) {
    key.fill(0)
    throw new CustodyError('KEY_FILE_INVALID', `Expected the key of ${address}, the file holds the key of ${found}.`)
  }
  return createSoftwareSigner(key, toChecksum(address))
}

// The key is reachable only through this closure, so that printing the signer shows nothing of it.
function createSoftwareSigner(key: Uint8Array, address: Address): Signer {
  let open = true
  return Object.freeze({
    address,
    async sign(digest: Hex): Promise<EcdsaSignature> {
      if (!open) throw new CustodyError('INTERNAL', `The signer of ${address} is closed.`)
      const hash = parseHex(digest, 'digest', 32)
      const signature = signDigest(hash, key)
      const recovered = recoverAddress(hash, signature)
      if (recovered === null || !sameAddress(recovered, address) || !isLowS(signature.s)) {
        throw new CustodyError(
          'SIGNATURE_MISMATCH',
          `Expected a signature of ${address}, it recovers to ${recovered ?? 'nobody'}.`,
        )
      }
      return signature
    },
    async close(): Promise<void> {
      open = false
      key.fill(0)
    },
  })
}

/** ECDSA with the deterministic nonce of RFC 6979 and low s. `digest` is 32 bytes and is not hashed again. */
function signDigest(digest: Hex, key: Uint8Array): EcdsaSignature {
  const bytes = secp256k1.sign(hexToBytes(digest), key, { prehash: false, lowS: true, format: 'recovered' })
  return {
    // noble puts the recovery id first. An id of 2 or 3 cannot be written for Ethereum and fails the check of the caller.
    r: bytesToHex(bytes.subarray(1, 33)),
    s: bytesToHex(bytes.subarray(33, 65)),
    yParity: (bytes[0] as number) === 1 ? 1 : 0,
  }
}
