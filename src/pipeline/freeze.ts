import { CustodyError } from '../errors.ts'
import { thawDigest, thawTypedData, verifyThaw } from '../policy/thaw.ts'
import type { Hex } from '../primitives/hex.ts'
import { formatTime, type Seconds } from '../primitives/time.ts'
import { signThaw } from '../sign/statement.ts'
import type { Signer } from '../sign/signer.ts'
import type { FreezeRecord, Registers } from '../store/registers.ts'
import { requirePolicy } from './context.ts'
import type { Parts } from './parts.ts'

/** Frozen until a thaw with enough signatures was recorded and its delay has passed (G8). */
export function isFrozen(registers: Registers, now: Seconds): boolean {
  const { freeze } = registers
  if (freeze === null) return false
  return freeze.thaw === null || now < freeze.thaw.until
}

/** One person stops everything but rejections, at once. Freezing again keeps the first freeze. */
export async function freeze(parts: Parts, reason: string): Promise<FreezeRecord> {
  await parts.ledger.commit(async ({ registers, record }) => {
    if (registers.freeze === null || registers.freeze.thaw !== null)
      record({
        type: 'freeze.set',
        actor: parts.actor,
        data: { reason, thawDelay: registers.policy === null ? 0 : requirePolicy(parts, registers).thawDelay },
      })
  })
  return (await parts.ledger.registers()).freeze as FreezeRecord
}

/**
 * Thaws slowly: first the admins' signatures are recorded, then the delay passes, then the same command
 * ends the freeze.
 * @throws NOT_FROZEN, THAW_WAITS with the time, POLICY_UNSIGNED when admins are missing
 */
export async function unfreeze(
  parts: Parts,
  signers: readonly Signer[],
  handed: readonly Hex[],
): Promise<{ readonly frozen: false }> {
  const registers = await parts.ledger.registers()
  const { freeze } = registers
  if (freeze === null) throw new CustodyError('NOT_FROZEN', 'Nothing is frozen.')
  const subject = { freezeEntry: freeze.entry, homeId: parts.home.root.homeId }
  if (freeze.thaw === null) {
    const signatures = [...handed]
    for (const signer of signers) signatures.push(await signThaw(subject, signer))
    verifyThaw({ ...subject, signatures, admins: parts.home.root.admins, threshold: parts.home.root.threshold })
    // The longer of the delays when it was frozen and now: a policy made meanwhile cannot cut it short.
    const until = parts.clock.now() + Math.max(freeze.thawDelay, requirePolicy(parts, registers).thawDelay)
    await parts.ledger.commit(async ({ record }) => {
      record({
        type: 'freeze.thaw-signed',
        actor: parts.actor,
        data: { freeze: freeze.entry, digest: thawDigest(subject), signatures, until },
      })
    })
  }
  const thaw = (await parts.ledger.registers()).freeze?.thaw ?? null
  if (thaw === null) throw new CustodyError('THAW_WAITS', 'The freeze changed meanwhile.')
  verifyThaw({
    ...subject,
    signatures: thaw.signatures,
    admins: parts.home.root.admins,
    threshold: parts.home.root.threshold,
  })
  if (parts.clock.now() < thaw.until)
    throw new CustodyError('THAW_WAITS', `The thaw takes effect at ${formatTime(thaw.until)}.`, {
      details: { until: thaw.until },
    })
  await parts.ledger.commit(async ({ registers: now, record }) => {
    if (now.freeze?.entry !== freeze.entry || now.freeze.thaw === null)
      throw new CustodyError('THAW_WAITS', 'Somebody froze again meanwhile.')
    record({ type: 'freeze.thawed', actor: parts.actor, data: { freeze: freeze.entry } })
  })
  return { frozen: false }
}

/** The EIP-712 document for admins whose keys live elsewhere. @throws NOT_FROZEN */
export async function exportThaw(parts: Parts) {
  const { freeze } = await parts.ledger.registers()
  if (freeze === null) throw new CustodyError('NOT_FROZEN', 'Nothing is frozen.')
  return { typedData: thawTypedData({ freezeEntry: freeze.entry, homeId: parts.home.root.homeId }) }
}
