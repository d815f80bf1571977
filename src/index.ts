/**
 * The library: what another program may build on. Pure parts (hashes, decoding, policy, log verification) and a
 * client of the signer process; nothing here reaches a key by itself.
 */
export { type CatalogueEntry, catalogue, CustodyError, type ErrorCode } from './errors.ts'

export { calldataDigest, safeMessageDigests, safeTxDigests, safeTxPreimage } from './safe/hash.ts'
export { decodeMultiSend, encodeMultiSend } from './safe/multi-send.ts'
export { decodeExecTransaction, encodeExecTransaction } from './safe/exec.ts'
export { packSignatures, unpackSignatures } from './safe/pack-signatures.ts'
export { type OwnerSignature, parseOwnerSignature } from './safe/signature.ts'
export { safeMessageTypedData, safeTxTypedData } from './safe/typed-data.ts'
export type { Call, Operation, SafeDigests, SafeDomain, SafeState, SafeTx } from './safe/safe-tx.ts'

export { digestRequest, parseRequest } from './request/digest.ts'
export type { Action, Request } from './request/request.ts'
export { decodeCall } from './review/decode.ts'
export { renderReview } from './review/render.ts'
export type { DecodedCall, Effect, Finding, Review, Severity, Simulation } from './review/review.ts'

export { parsePolicy } from './policy/document.ts'
export { evaluate, type Evaluation } from './policy/evaluate.ts'
export type { Decision } from './policy/decision.ts'
export type { Policy } from './policy/policy.ts'

export { parseCheckpoint } from './audit/checkpoint.ts'
export { verifyTlogProof } from './audit/proof.ts'
export { verifyAgainst, verifyEntries } from './audit/verify.ts'
export type { Entry, TreeHead } from './audit/entry.ts'

export { type SignerClient, startSigner } from './service/local/client.ts'
export type { OperationName, Params, Result } from './service/operations.ts'
