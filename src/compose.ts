import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type NoteKey, vkeyOf } from './audit/note.ts'
import type { Chain } from './chain/chain.ts'
import { requestChainId } from './chain/rpc/chain-id.ts'
import { createRpcChain } from './chain/rpc/client.ts'
import { parseRpcUrl } from './chain/rpc/url.ts'
import { type Home, type HomePaths, readHome, type RootOfTrust } from './config/home.ts'
import { resolveUrls } from './config/urls.ts'
import { CustodyError } from './errors.ts'
import { openSigner } from './keys/open.ts'
import { localActor } from './pipeline/actor.ts'
import type { Parts } from './pipeline/parts.ts'
import type { Json } from './primitives/json.ts'
import { type Clock, systemClock } from './primitives/time.ts'
import { LOCAL_CHAIN_ID } from './registers/add-chain.ts'
import { protocolKitHash, protocolKitMessageHash } from './review/protocol-kit.ts'
import type { Ledger } from './store/ledger.ts'
import { withFileLock } from './store/lock.ts'
import { openLedger } from './store/open-ledger.ts'
import { SCHEMA_VERSION, type Schema, schemaStatements } from './store/schema.ts'
import { openSqlite } from './store/sqlite/database.ts'
import type { ChainRecord } from './store/registers.ts'
import { readSafeState } from './treasury/state.ts'
import { findExecutions } from './treasury/watch.ts'
import { sql } from 'kysely'

// The one file that knows which implementation stands behind each port.

export interface ComposeOptions {
  readonly clock?: Clock
  readonly actor?: string
  readonly progress?: (text: string) => void
  /** Ends waiting, between two steps, when nobody waits for the answer any more. */
  readonly signal?: AbortSignal
}

export type Coffer = Parts & {
  /** The chain id that a URL serves. */
  readonly requestChainId: (url: string) => Promise<number>
  /** @throws CHAIN_URL_INVALID */
  readonly assertRpcUrl: (url: string) => void
  readonly close: () => Promise<void>
}

/** How far the clock may lie ahead of the newest block of a chain with steady blocks. */
const CLOCK_AHEAD_SECONDS = 3600

/**
 * Opens a home: its log verified, its pinned root held against entry 0.
 * @throws HOME_MISSING, HOME_VERSION, HOME_TAMPERED, LOG_ENTRY_INVALID, LOG_INCONSISTENT, STORE_LOCKED, STORE_CORRUPT
 */
export async function openCoffer(directory: string, options: ComposeOptions = {}): Promise<Coffer> {
  const home = readHome(directory)
  const clock = options.clock ?? systemClock
  const ledger = await openHomeLedger(home.paths, home.root, readLogKey(home.paths, home.root), clock)
  const chains = new Map<string, Promise<Chain>>()
  return {
    home,
    ledger,
    clock,
    actor: options.actor ?? localActor(),
    openChain(record) {
      const key = JSON.stringify(record)
      const known = chains.get(key) ?? openChain(home, record, clock)
      chains.set(key, known)
      // A failed start is tried again next time.
      known.catch(() => chains.delete(key))
      return known
    },
    openSigner: (record, secret) => openSigner(record, secret, home.paths.keys),
    readSafe: readSafeState,
    findExecutions,
    protocolKitHash,
    protocolKitMessageHash,
    withPayerLock: (chainId, payer, work) =>
      withFileLock(join(home.paths.locks, `payer-${chainId}-${payer.toLowerCase()}`), work, { timeoutMs: 30_000 }),
    progress: options.progress ?? (() => {}),
    sleep: (milliseconds) => pause(milliseconds, options.signal),
    requestChainId,
    assertRpcUrl: (url) => void parseRpcUrl(url),
    close: () => ledger.close(),
  }
}

// Everything that happened so far is durable, so stopping here loses nothing.
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch {
    throw new CustodyError('SIGNER_UNAVAILABLE', 'The command was ended while it waited.')
  }
}

async function openChain(home: Home, record: ChainRecord, clock: Clock): Promise<Chain> {
  if (home.demo && record.chainId !== LOCAL_CHAIN_ID)
    throw new CustodyError('DEMO_ONLY', `This home works with chain id ${LOCAL_CHAIN_ID} only, not ${record.chainId}.`)
  const chain = createRpcChain({
    name: record.name,
    chainId: record.chainId,
    urls: resolveUrls(home.paths.urls, record.urls),
  })
  await chain.assertChainId()
  const head = await chain.block('latest')
  if (head === null) throw new CustodyError('CHAIN_ANSWER_INVALID', `The chain ${record.name} has no latest block.`)
  // A local chain makes blocks only when asked to, so its time says nothing.
  if (record.chainId !== LOCAL_CHAIN_ID && clock.now() - head.timestamp > CLOCK_AHEAD_SECONDS) {
    throw new CustodyError(
      'CLOCK_JUMPED',
      `This clock is ${clock.now() - head.timestamp} s ahead of the newest block of ${record.name}.`,
    )
  }
  return chain
}

/** Opens the database of a home and its log. Also used while a home is being made. */
export async function openHomeLedger(paths: HomePaths, root: RootOfTrust, key: NoteKey, clock: Clock): Promise<Ledger> {
  const store = openSqlite<Schema>(paths.database)
  try {
    const version =
      (await sql<{ user_version: number }>`pragma user_version`.execute(store.db)).rows[0]?.user_version ?? 0
    if (version !== 0 && version !== SCHEMA_VERSION)
      throw new CustodyError('HOME_VERSION', `Expected database version ${SCHEMA_VERSION}, got ${version}.`)
    if (version === 0) {
      await store.immediate(async (tx) => {
        for (const statement of schemaStatements) await sql.raw(statement).execute(tx)
        await sql.raw(`pragma user_version = ${SCHEMA_VERSION}`).execute(tx)
      })
    }
    return await openLedger({
      store,
      directory: paths.log,
      origin: root.origin,
      key,
      clock,
      root: root as unknown as Json,
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

function readLogKey(paths: HomePaths, root: RootOfTrust): NoteKey {
  let text: string
  try {
    text = readFileSync(paths.logKey, 'utf8')
  } catch {
    throw new CustodyError('HOME_TAMPERED', `The log key ${paths.logKey} cannot be read.`)
  }
  const [name = '', seed = ''] = text.split('\n')
  const privateKey = Uint8Array.from(Buffer.from(seed, 'base64'))
  if (name === '' || privateKey.length !== 32)
    throw new CustodyError('HOME_TAMPERED', 'The log key is not of the form Coffer wrote.')
  const key = { name, privateKey }
  // Whoever can put another key here could otherwise sign another log.
  if (vkeyOf(key) !== root.logKey)
    throw new CustodyError('HOME_TAMPERED', 'The log key is not the one that root.json pins.')
  return key
}
