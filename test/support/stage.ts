import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deployCanonicalSafe,
  deployLocalContract,
  fundLocal,
  mintTestToken,
} from '../../src/chain/local/deploy-safe.ts'
import { type LocalRpc, localRpc } from '../../src/chain/local/local-rpc.ts'
import { LOCAL_ACCOUNTS, LOCAL_CHAIN_ID, startLocalChain } from '../../src/chain/local/node.ts'
import { requestChainId } from '../../src/chain/rpc/chain-id.ts'
import { type Coffer, openCoffer } from '../../src/compose.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline.ts'
import type { Parts } from '../../src/pipeline/parts.ts'
import type { Proposed } from '../../src/pipeline/propose.ts'
import { smallTeam } from '../../src/policy/templates/small-team.ts'
import type { Address } from '../../src/primitives/address.ts'
import { addressWord, bytesToHex, type Hex, hexToBytes } from '../../src/primitives/hex.ts'
import type { Json } from '../../src/primitives/json.ts'
import { type Clock, type Seconds, systemClock } from '../../src/primitives/time.ts'
import { activatePolicy } from '../../src/registers/activate-policy.ts'
import { addChain } from '../../src/registers/add-chain.ts'
import { adoptTreasury } from '../../src/registers/adopt-treasury.ts'
import { createOperations } from '../../src/service/operations.ts'
import { encryptKeystore } from '../../src/sign/keystore/web3-secret-storage.ts'
import type { KeyRecord } from '../../src/sign/signer.ts'
import { type CreatableVersion, planSafeCreation } from '../../src/treasury/create.ts'
import { testSigner } from '../broadcast/test-signer.ts'

/** Opens every key of a test home; its key files have the lowest scrypt cost there is, so they open at once. */
export const SECRET = 'four plain words of a test'
export const OWNERS = ['alice', 'bob', 'carol'] as const
export const VENDOR = 'acme-supplies'
export const VENDOR_ADDRESS = (LOCAL_ACCOUNTS[4] as { address: Address }).address
/** Base units of the test token. */
export const USDC = 10n ** 6n

export interface Person {
  readonly address: Address
  readonly privateKey: Hex
}

export interface HomeOptions {
  /** Rewrites the document of the small-team template before it is signed. */
  readonly policy?: (document: string) => string
  /** Other URLs than the chain's own, such as a lying proxy. */
  readonly urls?: readonly string[]
  readonly confirmations?: number
  readonly maxPer24h?: string
}

export interface TreasuryOptions {
  readonly version?: CreatableVersion
  readonly owners?: readonly Address[]
  readonly threshold?: number
  readonly payer?: string
  /** Whole USDC that the Safe starts with; 100,000 unless said. */
  readonly usdc?: bigint
}

export interface TestTreasury {
  readonly name: string
  readonly safe: Address
  readonly version: CreatableVersion
}

export type World = Awaited<ReturnType<typeof startWorld>>
export type TestHome = Awaited<ReturnType<World['home']>>

/** One local chain with the canonical Safe contracts and a token; homes and treasuries on it are cheap. */
export async function startWorld(versions: readonly CreatableVersion[] = ['1.5.0']) {
  const chain = await startLocalChain()
  const rpc = localRpc(chain.url)
  for (const version of versions) await deployCanonicalSafe(chain.url, version)
  const token = await deployLocalContract(chain.url, 'TestToken')
  const open: (() => Promise<void>)[] = []
  let salts = 0n

  async function deploySafe(
    owners: readonly Address[],
    threshold: number,
    version: CreatableVersion,
  ): Promise<Address> {
    const plan = planSafeCreation({ version, chainId: LOCAL_CHAIN_ID, owners, threshold, saltNonce: salts++ })
    await rpc.transact({ to: plan.to, data: plan.data })
    return plan.predicted
  }

  const read = async (to: Address, data: Hex): Promise<bigint> =>
    BigInt(String(await rpc.result('eth_call', [{ to, data }, 'latest'])))

  return {
    url: chain.url,
    rpc,
    token,
    deploySafe,
    usdcOf: (account: Address) => read(token, `0x70a08231${addressWord(account).slice(2)}`),
    nonceOf: (safe: Address) => read(safe, '0xaffed0e0'),
    async ethOf(account: Address) {
      return BigInt(String(await rpc.result('eth_getBalance', [account, 'latest'])))
    },
    mine: (blocks: number) => rpc.result('hardhat_mine', [`0x${blocks.toString(16)}`]),
    async home(options: HomeOptions = {}) {
      const home = await buildHome({ url: chain.url, rpc, token, deploySafe }, options)
      open.push(home.close)
      return home
    },
    async close() {
      for (const close of open) await close()
      await chain.stop()
    },
  }
}

interface Ground {
  readonly url: string
  readonly rpc: LocalRpc
  readonly token: Address
  deploySafe(owners: readonly Address[], threshold: number, version: CreatableVersion): Promise<Address>
}

/** A clock that a test moves on. */
function movableClock(): Clock & { skip(seconds: Seconds): void } {
  let ahead = 0
  return { now: () => systemClock.now() + ahead, skip: (seconds) => void (ahead += seconds) }
}

async function buildHome(ground: Ground, options: HomeOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'coffer-test-'))
  const clock = movableClock()
  const admin = newPerson()
  await createOperations(directory, () => {}).run('home.init', {
    admins: [admin.address],
    threshold: 1,
    demo: true,
    adminKey: null,
  })
  const coffer = await openCoffer(directory, { clock })
  const opened: Coffer[] = [coffer]
  const people = new Map<string, Person>([['admin', admin]])
  for (const name of [...OWNERS, 'payer']) people.set(name, await addTestKey(coffer, name))
  const person = (name: string): Person => people.get(name) as Person
  const fundPayer = (address: Address) =>
    ground.rpc.result('hardhat_setBalance', [address, `0x${(10n ** 18n).toString(16)}`])
  await fundPayer(person('payer').address)
  await addChain(
    coffer,
    { name: 'local', urls: options.urls ?? [ground.url], confirmations: options.confirmations },
    requestChainId,
  )
  const document = (options.policy ?? ((text) => text))(
    smallTeam({
      chainId: LOCAL_CHAIN_ID,
      principals: Object.fromEntries(OWNERS.map((owner) => [owner, person(owner).address])),
      tokens: [{ symbol: 'USDC', token: ground.token, decimals: 6 }],
      addressBook: { [VENDOR]: VENDOR_ADDRESS },
      ...(options.maxPer24h !== undefined && { maxPer24h: options.maxPer24h }),
    }),
  )
  await activatePolicy(coffer, document, [testSigner(admin.privateKey)], [])
  const pipeline = createPipeline(coffer)
  let made = 0

  return {
    directory,
    clock,
    coffer,
    pipeline,
    admin,
    person,
    document,
    /** The same home through other ports. */
    through: (ports: Partial<Parts>): Pipeline => createPipeline({ ...coffer, ...ports }),
    /** The home opened once more, as another process would. */
    async reopen(): Promise<Coffer> {
      const again = await openCoffer(directory, { clock })
      opened.push(again)
      return again
    },
    async addPayer(name: string): Promise<Person> {
      const payer = await addTestKey(coffer, name)
      people.set(name, payer)
      await fundPayer(payer.address)
      return payer
    },
    /** A funded 2-of-3 Safe of alice, bob and carol, adopted under a name of its own. */
    async treasury({
      version = '1.5.0',
      owners,
      threshold = 2,
      payer = 'payer',
      usdc = 100_000n,
    }: TreasuryOptions = {}): Promise<TestTreasury> {
      const name = `ops-${++made}`
      const safe = await ground.deploySafe(owners ?? OWNERS.map((owner) => person(owner).address), threshold, version)
      await adoptTreasury(coffer, { name, address: safe, payer })
      await fundLocal(ground.url, safe, 5n * 10n ** 18n)
      await mintTestToken(ground.url, ground.token, safe, usdc * USDC)
      return { name, safe, version }
    },
    /** Proposes USDC to the vendor. */
    pay: (
      treasury: TestTreasury,
      amount: string,
      more: { readonly idempotencyKey?: string; readonly nonce?: string; readonly memo?: string } = {},
    ): Promise<Proposed> =>
      pipeline.propose({
        treasury: treasury.name,
        action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount },
        ...more,
      }),
    approve: (proposed: Proposed, key: string) =>
      pipeline.approve({ id: proposed.request.id, digest: proposed.review.digests.digest, key, secret: SECRET }),
    execute: (proposed: Proposed) => pipeline.execute({ id: proposed.request.id, secret: SECRET }),
    /** Types of all log entries so far. */
    entryTypes: async () => (await coffer.ledger.entries()).map(({ entry }) => entry.type),
    async close() {
      for (const each of opened) await each.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export function newPerson(): Person {
  const privateKey = bytesToHex(randomBytes(32))
  return { privateKey, address: testSigner(privateKey).address }
}

async function addTestKey(coffer: Coffer, name: string): Promise<Person> {
  const person = newPerson()
  const keystore = await encryptKeystore(hexToBytes(person.privateKey), SECRET, { n: 2 })
  const file = `${name}-${keystore.address ?? ''}.json`
  writeFileSync(join(coffer.home.paths.keys, file), JSON.stringify(keystore), { mode: 0o600 })
  const key: KeyRecord = {
    name,
    address: person.address,
    publicKey: `0x${'00'.repeat(65)}`,
    location: { store: 'keystore', file },
    provenance: { origin: 'imported' },
    createdAt: coffer.clock.now(),
  }
  await coffer.ledger.commit(async ({ record }) => {
    record({ type: 'key.imported', actor: 'test', data: { key: key as unknown as Json } })
  })
  return person
}
