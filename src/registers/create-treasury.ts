import { buildEnvelope } from '../build/envelope.ts'
import { lowerCaps } from '../build/fees.ts'
import type { FeeCaps } from '../build/plan.ts'
import { feePaid } from '../broadcast/observation.ts'
import { submit } from '../broadcast/submit.ts'
import type { Chain, Receipt } from '../chain/chain.ts'
import { CustodyError } from '../errors.ts'
import { feeCaps } from '../policy/caps.ts'
import { type Address, parseAddress, sameAddress } from '../primitives/address.ts'
import { keccak256Text } from '../primitives/hash.ts'
import type { Hex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import { parseName } from '../primitives/name.ts'
import { requirePolicy } from '../pipeline/context.ts'
import { spentToday } from '../pipeline/limits.ts'
import type { Parts } from '../pipeline/parts.ts'
import { signEnvelope } from '../sign/envelope.ts'
import type { KeyRecord, Secret } from '../sign/signer.ts'
import type { Registers, TreasuryRecord } from '../store/registers.ts'
import { assertCanonicalContracts, planSafeCreation } from '../treasury/create.ts'
import { assertOneName, recordOf } from './adopt-treasury.ts'
import { chainOf } from './chain-of.ts'

export interface CreateTreasuryInput {
  readonly name: string
  /** May be left out when the home has one chain. */
  readonly chain?: string | undefined
  /** Key names of this home, or addresses. */
  readonly owners: readonly string[]
  readonly threshold: number
  readonly payer: string
  readonly secret: Secret
  readonly version?: '1.4.1' | '1.5.0' | undefined
  readonly caps?: Partial<FeeCaps> | undefined
}

/**
 * Creates a Safe at an address that follows from home and name, so that a second run after a crash finds the
 * first one's Safe instead of making another.
 * @throws NAME_TAKEN, NOT_FOUND, FIELD_INVALID, SAFE_DEPLOY_MISMATCH, POLICY_MISSING, and those of the envelope
 */
export async function createTreasury(
  parts: Parts,
  input: CreateTreasuryInput,
): Promise<TreasuryRecord & { readonly created: boolean }> {
  const name = parseName(input.name, 'treasury name')
  const registers = await parts.ledger.registers()
  if (registers.treasuries.has(name)) throw new CustodyError('NAME_TAKEN', `There is a treasury "${name}" already.`)
  const record = chainOf(registers, input.chain)
  const owners = input.owners.map((owner) => ownerAddress(registers, owner))
  assertOwners(owners, input.threshold)
  const payer = registers.keys.get(input.payer)
  if (payer === undefined)
    throw new CustodyError('NOT_FOUND', `There is no key "${input.payer}".`, { next: 'Run coffer key list.' })
  const chain = await parts.openChain(record)
  const version = input.version ?? '1.5.0'
  await assertCanonicalContracts(chain, version)
  const saltNonce = BigInt(keccak256Text(`${parts.home.root.homeId} ${name}`))
  const plan = planSafeCreation({ version, chainId: chain.chainId, owners, threshold: input.threshold, saltNonce })
  const fromBlock = (await chain.block('latest'))?.number ?? 0n
  let created = false
  if ((await chain.code(plan.predicted)) === '0x') {
    await deploy(parts, chain, registers, payer, input, plan)
    created = true
  } else await settleEarlier(parts, chain, name)
  const state = await parts.readSafe(chain, plan.predicted)
  const treasury = recordOf(name, record, state, input.payer, fromBlock)
  await parts.ledger.commit(async (work) => {
    if (work.registers.treasuries.has(name))
      throw new CustodyError('NAME_TAKEN', `There is a treasury "${name}" already.`)
    assertOneName(work.registers, treasury)
    work.record({ type: 'treasury.created', actor: parts.actor, data: { treasury: treasury as unknown as Json } })
  })
  return { ...treasury, created }
}

async function deploy(
  parts: Parts,
  chain: Chain,
  registers: Registers,
  payer: KeyRecord,
  input: CreateTreasuryInput,
  plan: { to: Address; data: Hex; predicted: Address },
): Promise<void> {
  const policyCaps = feeCaps(requirePolicy(parts, registers), chain.chainId)
  if (policyCaps === null)
    throw new CustodyError(
      'POLICY_DENIED',
      `The policy has no fee caps for chain ${chain.chainId}, so nothing may be spent on fees.`,
    )
  const caps = lowerCaps(policyCaps, input.caps ?? {})
  const signer = await parts.openSigner(payer, input.secret)
  try {
    await parts.withPayerLock(chain.chainId, payer.address, async () => {
      const nonce = await chain.transactionCount(payer.address, 'pending')
      const envelope = await buildEnvelope({
        chain,
        from: payer.address,
        nonce,
        to: plan.to,
        data: plan.data,
        value: 0n,
        caps,
        spentToday: spentToday(await parts.ledger.registers(), chain.chainId, payer.address, parts.clock.now(), nonce),
      })
      await parts.ledger.commit(async ({ record }) => {
        record({
          type: 'treasury.create-intended',
          actor: parts.actor,
          data: {
            name: input.name,
            safe: plan.predicted,
            owners: input.owners,
            threshold: input.threshold,
            payer: payer.address,
            nonce,
          },
        })
      })
      const signed = await signEnvelope(envelope, signer)
      const spending = {
        chainId: chain.chainId,
        payer: payer.address,
        nonce,
        cost: envelope.worstCaseCost.toString(),
        open: true,
      }
      await parts.ledger.commit(async ({ record }) => {
        record({
          type: 'execution.stored',
          actor: 'coffer',
          data: { id: `create:${input.name}`, hash: signed.hash, raw: signed.raw, spending },
        })
      })
      await submit(chain, signed.raw, signed.hash)
      const receipt = await waitForReceipt(parts, chain, signed.hash)
      await parts.ledger.commit(async ({ record }) => {
        record({
          type: 'execution.paid',
          actor: 'coffer',
          data: {
            id: `create:${input.name}`,
            hash: signed.hash,
            spending: { ...spending, cost: feePaid(receipt).toString(), open: false },
          },
        })
      })
      if (!receipt.success)
        throw new CustodyError('EXECUTION_REVERTED', `The transaction ${signed.hash} that creates the Safe reverted.`)
    })
  } finally {
    await signer.close()
  }
}

// A run that died between sending and the receipt left the worst case set aside from the payer's budget.
async function settleEarlier(parts: Parts, chain: Chain, name: string): Promise<void> {
  const entries = (await parts.ledger.entries())
    .map(({ entry }) => entry)
    .filter(({ data }) => data['id'] === `create:${name}`)
  const paid = new Set(entries.filter(({ type }) => type === 'execution.paid').map(({ data }) => data['hash']))
  for (const { data } of entries.filter(({ type, data: { hash } }) => type === 'execution.stored' && !paid.has(hash))) {
    const receipt = await chain.receipt(data['hash'] as Hex)
    if (receipt === null) continue
    const spending = {
      ...(data['spending'] as { readonly [key: string]: Json }),
      cost: feePaid(receipt).toString(),
      open: false,
    }
    await parts.ledger.commit(async ({ record }) => {
      record({
        type: 'execution.paid',
        actor: 'coffer',
        data: { id: `create:${name}`, hash: data['hash'] as Hex, spending },
      })
    })
  }
}

async function waitForReceipt(parts: Parts, chain: Chain, hash: Hex): Promise<Receipt> {
  const deadline = parts.clock.now() + 180
  for (;;) {
    const receipt = await chain.receipt(hash)
    if (receipt !== null) return receipt
    if (parts.clock.now() >= deadline)
      throw new CustodyError('EXECUTION_PENDING', `Transaction ${hash} is not mined yet.`)
    await parts.sleep(250)
  }
}

function ownerAddress(registers: Registers, owner: string): Address {
  return registers.keys.get(owner)?.address ?? parseAddress(owner, 'owner (a key name or an address)')
}

function assertOwners(owners: readonly Address[], threshold: number): void {
  const repeated = owners.find((owner, index) => owners.findIndex((other) => sameAddress(other, owner)) !== index)
  if (repeated !== undefined) throw new CustodyError('FIELD_INVALID', `The owner ${repeated} is named twice.`)
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > owners.length) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected a threshold between 1 and ${owners.length} for ${owners.length} owners, got ${threshold}.`,
    )
  }
}
