import { hashTypedData } from 'viem/utils'
import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { parseOwnerSignature } from '../safe/signature.ts'

/**
 * What a person agrees to. `requestDigest` binds every field of the request, `effectDigest` (the safeTxHash or
 * the SafeMessage hash) the bytes built from it, and the tree head the log as this person saw it (G2, G6).
 */
export interface ApprovalSubject {
  readonly chainId: number
  readonly requestDigest: Hex
  readonly effectDigest: Hex
  /** Entries in the log when the review was shown. */
  readonly logSize: number
  readonly logRoot: Hex
}

/** The EIP-712 document for any wallet; `toJsonText` writes it. @throws HEX_INVALID, FIELD_INVALID @see EIP-712 */
export function approvalTypedData({ chainId, requestDigest, effectDigest, logSize, logRoot }: ApprovalSubject) {
  if (!Number.isSafeInteger(logSize) || logSize < 0)
    throw new CustodyError('FIELD_INVALID', `Expected logSize as a number of entries, got ${logSize}.`)
  if (!Number.isSafeInteger(chainId) || chainId < 1)
    throw new CustodyError('FIELD_INVALID', `Expected chainId as a whole number from 1 on, got ${chainId}.`)
  return {
    domain: { name: 'Coffer', version: '1', chainId },
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
        { name: 'chainId', type: 'uint256' },
      ],
      Approval: [
        { name: 'requestDigest', type: 'bytes32' },
        { name: 'effectDigest', type: 'bytes32' },
        { name: 'logSize', type: 'uint256' },
        { name: 'logRoot', type: 'bytes32' },
      ],
    },
    primaryType: 'Approval',
    message: {
      requestDigest: parseHex(requestDigest, 'requestDigest', 32),
      effectDigest: parseHex(effectDigest, 'effectDigest', 32),
      logSize: BigInt(logSize),
      logRoot: parseHex(logRoot, 'logRoot', 32),
    },
  } as const
}

/** The 32 bytes that approvers sign. @throws HEX_INVALID, FIELD_INVALID */
export function approvalDigest(approval: ApprovalSubject): Hex {
  const document = approvalTypedData(approval)
  return hashTypedData({ ...document, domain: { ...document.domain, chainId: BigInt(approval.chainId) } })
}

/**
 * Who signed the approval. Whether that is a principal is for the caller to find out: a signature over anything
 * else recovers to an address that is nobody's.
 * @throws SIGNATURE_INVALID when malformed, with a high s, or over a bare hash instead of the typed data
 */
export function verifyApproval({ signature, ...approval }: ApprovalSubject & { readonly signature: Hex }): Address {
  const { owner, parsed } = parseOwnerSignature(approvalDigest(approval), signature)
  if (parsed.kind !== 'ecdsa')
    throw new CustodyError(
      'SIGNATURE_INVALID',
      'Expected a signature over the typed data of the approval (v 27 or 28), got one over a bare hash.',
    )
  return owner
}

/** An approval as it was stored; attacker-controlled until it was verified again. */
export interface StoredApproval {
  readonly signer: Address
  readonly logSize: number
  readonly logRoot: Hex
  readonly signature: Hex
}

/**
 * The distinct principals whose stored approvals verify over these very digests, in order of their names. Keys
 * that are no principal's any more do not count.
 * @throws REQUEST_ALTERED when an approval does not verify over the digests as they are now
 */
export function approversOf(
  { chainId, requestDigest, effectDigest }: Pick<ApprovalSubject, 'chainId' | 'requestDigest' | 'effectDigest'>,
  approvals: readonly StoredApproval[],
  principalOf: (address: Address) => string | null,
): readonly string[] {
  const names = new Set<string>()
  for (const { signer, logSize, logRoot, signature } of approvals) {
    const recovered = verifyApproval({ chainId, requestDigest, effectDigest, logSize, logRoot, signature })
    if (!sameAddress(recovered, signer)) {
      throw new CustodyError(
        'REQUEST_ALTERED',
        `The approval of ${signer} does not verify over the request as it is stored now.`,
        {
          details: { signer, requestDigest, effectDigest },
        },
      )
    }
    const name = principalOf(recovered)
    if (name !== null) names.add(name)
  }
  return [...names].sort()
}
