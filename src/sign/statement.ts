import { type ApprovalSubject, approvalDigest } from '../quorum/approval.ts'
import { activationDigest, type Activation } from '../policy/activation.ts'
import { thawDigest, type Thaw } from '../policy/thaw.ts'
import { requestDigestToSign, type RequestStatement } from '../quorum/creator.ts'
import type { Hex } from '../primitives/hex.ts'
import { fromEcdsa } from '../safe/signature.ts'
import type { Signer } from './signer.ts'

// Coffer's own EIP-712 statements. None of them means anything to a contract, so none can move value; each
// digest is derived here from its fields.

export async function signApproval(subject: ApprovalSubject, signer: Signer): Promise<Hex> {
  return fromEcdsa(await signer.sign(approvalDigest(subject)))
}

export async function signActivation(subject: Activation, signer: Signer): Promise<Hex> {
  return fromEcdsa(await signer.sign(activationDigest(subject)))
}

export async function signThaw(subject: Thaw, signer: Signer): Promise<Hex> {
  return fromEcdsa(await signer.sign(thawDigest(subject)))
}

export async function signRequest(statement: RequestStatement, signer: Signer): Promise<Hex> {
  return fromEcdsa(await signer.sign(requestDigestToSign(statement)))
}
