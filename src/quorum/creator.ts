import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { keccak256, keccak256Text } from '../primitives/hash.ts'
import { concatHex, type Hex, uintWord } from '../primitives/hex.ts'
import { parseOwnerSignature } from '../safe/signature.ts'

/** What a creator signs: that exactly this request is theirs. EIP-712, domain {Coffer, 1, chainId}. */
export interface RequestStatement {
  readonly chainId: number
  readonly requestDigest: Hex
}

const DOMAIN_TYPE = keccak256Text('EIP712Domain(string name,string version,uint256 chainId)')
const REQUEST_TYPE = keccak256Text('Request(bytes32 requestDigest)')

/** @see EIP-712 */
export function requestDigestToSign(statement: RequestStatement): Hex {
  const domain = keccak256(
    concatHex(DOMAIN_TYPE, keccak256Text('Coffer'), keccak256Text('1'), uintWord(BigInt(statement.chainId))),
  )
  const struct = keccak256(concatHex(REQUEST_TYPE, statement.requestDigest))
  return keccak256(concatHex('0x1901', domain, struct))
}

/** @throws SIGNATURE_INVALID when the signature is not by `creator` */
export function verifyCreator(statement: RequestStatement, creator: Address, signature: Hex): void {
  const { owner } = parseOwnerSignature(requestDigestToSign(statement), signature)
  if (!sameAddress(owner, creator))
    throw new CustodyError(
      'SIGNATURE_INVALID',
      `The request names ${creator} as its creator; the signature is by ${owner}.`,
    )
}
