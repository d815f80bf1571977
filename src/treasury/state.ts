import type { Chain } from '../chain/chain.ts'
import { CustodyError, excerpt } from '../errors.ts'
import { type Address, sameAddress, toChecksum, ZERO_ADDRESS } from '../primitives/address.ts'
import { keccak256 } from '../primitives/hash.ts'
import { addressWord, byteLength, concatHex, type Hex, hexToBytes, uintWord } from '../primitives/hex.ts'
import { isGenuineSingleton } from '../safe/deployments.ts'
import type { SafeState } from '../safe/safe-tx.ts'
import { isPublishedProxy } from './proxies.ts'

/** `keccak256("guard_manager.guard.address")` */
export const GUARD_SLOT: Hex = '0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8'
/** `keccak256("module_manager.module_guard.address")` */
export const MODULE_GUARD_SLOT: Hex = '0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947'
/** `keccak256("fallback_manager.handler.address")` */
export const FALLBACK_HANDLER_SLOT: Hex = '0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5'

const SINGLETON_SLOT = uintWord(0n)
const OWNER_COUNT_SLOT = uintWord(3n)
const THRESHOLD_SLOT = uintWord(4n)

const VERSION_CALL: Hex = '0xffa1ad74'
const OWNERS_CALL: Hex = '0xa0e67e2b'
const THRESHOLD_CALL: Hex = '0xe75235b8'
const NONCE_CALL: Hex = '0xaffed0e0'
/** `getModulesPaginated(address,uint256)` */
const MODULES_SELECTOR: Hex = '0xcc2f8452'
/** `getModules()`, the only list before 1.1.0. */
const ALL_MODULES_CALL: Hex = '0xb2494df3'

const SENTINEL: Address = '0x0000000000000000000000000000000000000001'
const MODULE_PAGE = 50n
const MAX_MODULE_PAGES = 20
const MAX_READS = 5

/**
 * Reads a Safe whole. The singleton and the proxy are compared with the published ones first: behind any
 * other code, or after a write to slot 0, every getter may lie.
 *
 * All values belong to one block: either no block came between first and last read, or two whole reads in a
 * row were equal.
 * @throws SAFE_NOT_FOUND when there is no code; SAFE_UNGENUINE when code or singleton is not a published one
 *   or the storage contradicts the getters; CHAIN_ANSWER_INVALID when no two reads agree
 */
export async function readSafeState(chain: Chain, address: Address): Promise<SafeState> {
  let previous: SafeState | null = null
  for (let read = 0; read < MAX_READS; read++) {
    const before = await chain.block('latest')
    const state = await readOnce(chain, address, before?.number ?? 0n)
    const after = await chain.block('latest')
    if (before !== null && after !== null && before.hash === after.hash) return state
    if (previous !== null && sameExceptBlock(previous, state)) return state
    previous = state
  }
  throw new CustodyError(
    'CHAIN_ANSWER_INVALID',
    `Expected two equal reads of the Safe ${address}, got ${MAX_READS} different ones.`,
  )
}

async function readOnce(chain: Chain, address: Address, blockNumber: bigint): Promise<SafeState> {
  const [code, slot0] = await Promise.all([chain.code(address), chain.storageAt(address, SINGLETON_SLOT)])
  if (code === '0x')
    throw new CustodyError(
      'SAFE_NOT_FOUND',
      `Expected a Safe at ${address} on ${chain.name}, got an account without code.`,
    )
  const singleton = addressOf(slot0)
  const proxyCodeHash = keccak256(code)
  const [singletonCode, version] = await Promise.all([chain.code(singleton), readVersion(chain, address)])
  const singletonCodeHash = keccak256(singletonCode)
  if (!isGenuineSingleton(version, singleton, singletonCodeHash)) {
    throw ungenuine(
      address,
      `the singleton of a published version, got ${singleton} with code hash ${singletonCodeHash} calling itself "${excerpt(version, 20)}"`,
    )
  }
  if (!isPublishedProxy(proxyCodeHash)) {
    throw ungenuine(address, `the code of a published proxy, got code hash ${proxyCodeHash}`)
  }
  const [owners, threshold, nonce, modules, guard, moduleGuard, fallbackHandler, storedCount, storedThreshold] =
    await Promise.all([
      readOwners(chain, address),
      readUint(chain, address, THRESHOLD_CALL),
      readUint(chain, address, NONCE_CALL),
      readModules(chain, address, version),
      chain.storageAt(address, GUARD_SLOT),
      chain.storageAt(address, MODULE_GUARD_SLOT),
      chain.storageAt(address, FALLBACK_HANDLER_SLOT),
      chain.storageAt(address, OWNER_COUNT_SLOT),
      chain.storageAt(address, THRESHOLD_SLOT),
    ])
  const distinct = new Set(owners.map((owner) => owner.toLowerCase())).size === owners.length
  // The proxy's own functions keep these together; anything else was written around them.
  const consistent =
    owners.length > 0 &&
    distinct &&
    !owners.includes(ZERO_ADDRESS) &&
    BigInt(storedCount) === BigInt(owners.length) &&
    BigInt(storedThreshold) === threshold &&
    threshold >= 1n &&
    threshold <= BigInt(owners.length)
  if (!consistent) {
    throw ungenuine(
      address,
      `storage that fits its owner list, got ${owners.length} listed and ${BigInt(storedCount)} counted owners, threshold ${threshold}`,
    )
  }
  return {
    chainId: chain.chainId,
    address: toChecksum(address),
    version,
    singleton,
    owners,
    threshold: Number(threshold),
    nonce,
    modules,
    // A slot that the version does not look at guards nothing.
    guard: atLeast(version, '1.3.0') ? addressOf(guard) : ZERO_ADDRESS,
    moduleGuard: atLeast(version, '1.5.0') ? addressOf(moduleGuard) : ZERO_ADDRESS,
    fallbackHandler: atLeast(version, '1.1.0') ? addressOf(fallbackHandler) : ZERO_ADDRESS,
    proxyCodeHash,
    singletonCodeHash,
    blockNumber,
  }
}

async function readVersion(chain: Chain, address: Address): Promise<string> {
  const body = await read(chain, address, VERSION_CALL)
  // abi.encode(string), short: offset, length, one word of text.
  if (byteLength(body) !== 96 || word(body, 0) !== 32n || word(body, 1) > 32n) {
    throw ungenuine(address, 'a version from VERSION(), got something else')
  }
  return Buffer.from(hexToBytes(body).subarray(64, 64 + Number(word(body, 1)))).toString('latin1')
}

async function readOwners(chain: Chain, address: Address): Promise<readonly Address[]> {
  return addressArray(await read(chain, address, OWNERS_CALL), address, 1)
}

// Each page starts behind the last module of the page before: `next` names that module from 1.4.0 on, but the
// first one of the next page before, and starting there would skip it.
async function readModules(chain: Chain, address: Address, version: string): Promise<readonly Address[]> {
  if (!atLeast(version, '1.1.0')) return addressArray(await read(chain, address, ALL_MODULES_CALL), address, 1)
  const modules: Address[] = []
  let start = SENTINEL
  for (let page = 0; page < MAX_MODULE_PAGES; page++) {
    const body = await read(chain, address, concatHex(MODULES_SELECTOR, addressWord(start), uintWord(MODULE_PAGE)))
    const found = addressArray(body, address, 2)
    modules.push(...found)
    if (found.length < Number(MODULE_PAGE)) {
      if (new Set(modules).size !== modules.length) throw ungenuine(address, 'each module once, got one twice')
      return modules
    }
    start = found.at(-1) as Address
  }
  throw ungenuine(address, `at most ${MAX_MODULE_PAGES * Number(MODULE_PAGE)} modules, got more`)
}

async function readUint(chain: Chain, address: Address, data: Hex): Promise<bigint> {
  const body = await read(chain, address, data)
  if (byteLength(body) !== 32) throw ungenuine(address, `one word from ${data}, got ${byteLength(body)} bytes`)
  return BigInt(body)
}

async function read(chain: Chain, to: Address, data: Hex): Promise<Hex> {
  const result = await chain.call({ to, data })
  if (!result.ok) throw ungenuine(to, `an answer to ${data.slice(0, 10)}, got ${excerpt(result.reason, 80)}`)
  return result.data
}

// abi.encode of a dynamic address array that follows `heads` head words.
function addressArray(body: Hex, safe: Address, heads: number): readonly Address[] {
  const words = byteLength(body) / 32
  const length = words > heads ? word(body, heads) : -1n
  if (!Number.isInteger(words) || word(body, 0) !== BigInt(heads * 32) || length !== BigInt(words - heads - 1)) {
    throw ungenuine(safe, 'a list of addresses, got bytes of another form')
  }
  return Array.from({ length: Number(length) }, (_, index) => {
    const item = word(body, heads + 1 + index)
    if (item >> 160n !== 0n) throw ungenuine(safe, 'a list of addresses, got a larger word')
    return addressOf(uintWord(item))
  })
}

function word(body: Hex, index: number): bigint {
  const text = body.slice(2 + index * 64, 66 + index * 64)
  return text.length === 64 ? BigInt(`0x${text}`) : -1n
}

// The contracts mask these slots to 160 bits, so whatever stands above is without effect.
function addressOf(slot: Hex): Address {
  return toChecksum(`0x${slot.slice(-40)}`)
}

function atLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0
}

function sameExceptBlock(a: SafeState, b: SafeState): boolean {
  const key = (state: SafeState): string => JSON.stringify({ ...state, nonce: String(state.nonce), blockNumber: null })
  return key(a) === key(b) && sameAddress(a.address, b.address)
}

function ungenuine(address: Address, expected: string): CustodyError {
  return new CustodyError('SAFE_UNGENUINE', `Expected of the account ${address} ${expected}.`)
}
