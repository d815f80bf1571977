import type { Chain, StateDiff } from '../chain/chain.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { keccak256, keccak256Text } from '../primitives/hash.ts'
import { addressWord, byteLength, concatHex, type Hex, uintWord } from '../primitives/hex.ts'
import type { Simulation } from './review.ts'

const BALANCE_OF: Hex = '0x70a08231'

// Where ERC-20 contracts keep balances: a mapping in one of the first slots, or OpenZeppelin's ERC-7201 place.
const MAPPING_SLOTS: readonly Hex[] = [
  ...Array.from({ length: 64 }, (_, slot) => uintWord(BigInt(slot))),
  uintWord(BigInt(keccak256(uintWord(BigInt(keccak256Text('openzeppelin.storage.ERC20')) - 1n))) & ~0xffn),
]

type Changes = NonNullable<Simulation['balanceChanges']>

/**
 * Token balance changes, read from a storage diff: a changed slot counts as the balance of an account only when
 * it lies where a mapping would put it and its old value is what `balanceOf` says now. Null as soon as one
 * changed slot, here or in another contract, is not explained so: then the diff does not say who got what.
 */
export async function tokenChanges(
  chain: Chain,
  diff: StateDiff,
  accounts: readonly Address[],
  tokens: readonly Address[],
): Promise<Changes | null> {
  const changed = diff.storage.filter(({ before, after }) => before !== after)
  const found: { account: Address; token: Address; change: bigint }[] = []
  for (const token of tokens) {
    const slots = new Map(
      changed.filter(({ address }) => sameAddress(address, token)).map((each) => [each.slot.toLowerCase(), each]),
    )
    let explained = 0
    for (const account of slots.size === 0 ? [] : accounts) {
      const hit = MAPPING_SLOTS.map((slot) => slots.get(keccak256(concatHex(addressWord(account), slot)))).find(
        (each) => each !== undefined,
      )
      if (hit === undefined) continue
      const balance = await balanceOf(chain, token, account)
      if (balance === null || balance !== BigInt(hit.before)) return null
      explained++
      found.push({ account, token, change: BigInt(hit.after) - balance })
    }
    if (explained < slots.size) return null
  }
  return changed.every(({ address }) => tokens.some((token) => sameAddress(token, address))) ? found : null
}

async function balanceOf(chain: Chain, token: Address, account: Address): Promise<bigint | null> {
  const result = await chain.call({ to: token, data: concatHex(BALANCE_OF, addressWord(account)) })
  return result.ok && byteLength(result.data) === 32 ? BigInt(result.data) : null
}
