import { parseTransaction } from 'viem/utils'
import type { Envelope } from '../build/plan.ts'
import { CustodyError } from '../errors.ts'
import { sameAddress } from '../primitives/address.ts'
import { type EcdsaSignature, isLowS, recoverAddress } from '../primitives/ecdsa.ts'
import { keccak256 } from '../primitives/hash.ts'
import { concatHex, type Hex } from '../primitives/hex.ts'
import { rlpBytes, rlpInteger, rlpList } from './rlp.ts'
import type { Signer } from './signer.ts'

/** Signed bytes of the outer transaction and their Keccak-256, which is the transaction hash. */
export interface SignedEnvelope {
  readonly raw: Hex
  readonly hash: Hex
}

/**
 * Signs the outer transaction of the payer. The digest is derived here from the fields, by an encoder of our
 * own; the result is read back by another implementation and its sender recovered before it is released.
 * @throws KEY_MISMATCH when the key is not the payer's, before it is used; SIGNATURE_MISMATCH when what came
 * back is not a low-s signature of the payer; INTERNAL when the bytes do not say what the fields say; what the
 * signer port throws
 * @see EIP-1559, EIP-155, EIP-2
 */
export async function signEnvelope(envelope: Envelope, signer: Signer): Promise<SignedEnvelope> {
  if (!sameAddress(signer.address, envelope.from)) {
    throw new CustodyError(
      'KEY_MISMATCH',
      `Expected the key of the payer ${envelope.from}, got the key of ${signer.address}; nothing was signed.`,
    )
  }
  assertEncodable(envelope)
  const digest = keccak256(unsignedForm(envelope))
  const signature = await signer.sign(digest)
  const sender = recoverAddress(digest, signature)
  if (sender === null || !sameAddress(sender, envelope.from) || !isLowS(signature.s)) {
    throw new CustodyError(
      'SIGNATURE_MISMATCH',
      `Expected a low-s signature of ${envelope.from}, got one of ${sender ?? 'nobody'}; it was thrown away.`,
    )
  }
  const raw = signedForm(envelope, signature)
  assertReadsBack(raw, envelope, signature)
  return { raw, hash: keccak256(raw) }
}

function unsignedForm(envelope: Envelope): Hex {
  return envelope.type === 'eip1559'
    ? concatHex('0x02', rlpList(...dynamicFeeFields(envelope)))
    : rlpList(...legacyFields(envelope), rlpInteger(BigInt(envelope.chainId)), rlpBytes('0x'), rlpBytes('0x'))
}

function signedForm(envelope: Envelope, { r, s, yParity }: EcdsaSignature): Hex {
  const scalars = [rlpInteger(BigInt(r)), rlpInteger(BigInt(s))]
  return envelope.type === 'eip1559'
    ? concatHex('0x02', rlpList(...dynamicFeeFields(envelope), rlpInteger(BigInt(yParity)), ...scalars))
    : rlpList(...legacyFields(envelope), rlpInteger(BigInt(envelope.chainId) * 2n + 35n + BigInt(yParity)), ...scalars)
}

function dynamicFeeFields(envelope: Envelope): readonly Hex[] {
  return [
    rlpInteger(BigInt(envelope.chainId)),
    rlpInteger(BigInt(envelope.nonce)),
    rlpInteger(envelope.maxPriorityFeePerGas),
    rlpInteger(envelope.maxFeePerGas),
    rlpInteger(envelope.gasLimit),
    rlpBytes(envelope.to),
    rlpInteger(envelope.value),
    rlpBytes(envelope.data),
    rlpList(),
  ]
}

function legacyFields(envelope: Envelope): readonly Hex[] {
  return [
    rlpInteger(BigInt(envelope.nonce)),
    rlpInteger(envelope.maxFeePerGas),
    rlpInteger(envelope.gasLimit),
    rlpBytes(envelope.to),
    rlpInteger(envelope.value),
    rlpBytes(envelope.data),
  ]
}

// An envelope may have come out of the database, so its ranges are not taken for granted.
function assertEncodable(envelope: Envelope): void {
  const { chainId, nonce, to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas, value, l1DataFee } = envelope
  const sound =
    ['eip1559', 'legacy'].includes(envelope.type) &&
    Number.isSafeInteger(chainId) &&
    chainId > 0 &&
    Number.isSafeInteger(nonce) &&
    nonce >= 0 &&
    /^0x[0-9a-fA-F]{40}$/.test(to) &&
    /^0x(?:[0-9a-fA-F]{2})*$/.test(data) &&
    gasLimit > 0n &&
    gasLimit < 1n << 64n &&
    maxFeePerGas >= 0n &&
    maxFeePerGas < 1n << 256n &&
    maxPriorityFeePerGas >= 0n &&
    maxPriorityFeePerGas <= maxFeePerGas &&
    (envelope.type === 'eip1559' || maxPriorityFeePerGas === 0n) &&
    value >= 0n &&
    value < 1n << 256n &&
    envelope.worstCaseCost === gasLimit * maxFeePerGas + l1DataFee
  if (!sound)
    throw new CustodyError(
      'REQUEST_ALTERED',
      `Expected an envelope that Coffer built for ${envelope.from}, got one whose fields contradict each other; nothing was signed.`,
    )
}

function assertReadsBack(raw: Hex, envelope: Envelope, signature: EcdsaSignature): void {
  const parsed = parseTransaction(raw)
  const same =
    parsed.type === envelope.type &&
    parsed.chainId === envelope.chainId &&
    (parsed.nonce ?? 0) === envelope.nonce &&
    parsed.to?.toLowerCase() === envelope.to.toLowerCase() &&
    (parsed.value ?? 0n) === envelope.value &&
    (parsed.data ?? '0x').toLowerCase() === envelope.data.toLowerCase() &&
    (parsed.gas ?? 0n) === envelope.gasLimit &&
    ((envelope.type === 'legacy' ? parsed.gasPrice : parsed.maxFeePerGas) ?? 0n) === envelope.maxFeePerGas &&
    (parsed.maxPriorityFeePerGas ?? 0n) === envelope.maxPriorityFeePerGas &&
    (parsed.accessList?.length ?? 0) === 0 &&
    'r' in parsed &&
    parsed.r !== undefined &&
    BigInt(parsed.r) === BigInt(signature.r) &&
    parsed.s !== undefined &&
    BigInt(parsed.s) === BigInt(signature.s) &&
    parsed.yParity === signature.yParity
  if (!same)
    throw new CustodyError(
      'INTERNAL',
      'Expected the signed bytes to read back as the envelope, but a field differs; they were thrown away.',
    )
}
