import type { Plan } from '../build/plan.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { asAddress, asUint } from '../review/abi-decode.ts'
import { decodeKnown } from '../review/known-abi.ts'
import { decodeMultiSend } from '../safe/multi-send.ts'
import type { Call } from '../safe/safe-tx.ts'
import type { TreasuryRecord } from '../store/registers.ts'

/**
 * The record of a Safe after a plan of its own ran, or the same record when the plan changes nothing of it. It is
 * computed from what was approved and never read from the chain, so that whatever else happened to the Safe still
 * differs from the record and stops everything.
 */
export function recordAfter(record: TreasuryRecord, plan: Plan): TreasuryRecord {
  if (plan.kind !== 'safe-tx') return record
  const { safeTx } = plan
  return callsOf(safeTx)
    .filter(({ to }) => sameAddress(to, record.safe))
    .reduce((now, { data }) => after(now, data), record)
}

function callsOf(tx: Call & { readonly operation: 0 | 1 }): readonly Call[] {
  if (tx.operation === 0) return [tx]
  try {
    return decodeMultiSend(tx.data).filter(({ operation }) => operation === 0)
  } catch {
    return []
  }
}

// A function that is not listed leaves the record as it is: if it did change the Safe, that shows as a difference.
function after(record: TreasuryRecord, data: Call['data']): TreasuryRecord {
  const decoded = decodeKnown(data)
  if (decoded === null) return record
  const { called, values } = decoded
  const address = (index: number): Address => asAddress(values[index])
  const threshold = (index: number): number => Number(asUint(values[index]))
  const without = (list: readonly Address[], gone: Address): readonly Address[] =>
    list.filter((each) => !sameAddress(each, gone))
  switch (called.signature) {
    case 'addOwnerWithThreshold(address,uint256)':
      return { ...record, owners: [address(0), ...record.owners], threshold: threshold(1) }
    case 'removeOwner(address,address,uint256)':
      return { ...record, owners: without(record.owners, address(1)), threshold: threshold(2) }
    case 'swapOwner(address,address,address)':
      return { ...record, owners: record.owners.map((owner) => (sameAddress(owner, address(1)) ? address(2) : owner)) }
    case 'changeThreshold(uint256)':
      return { ...record, threshold: threshold(0) }
    case 'enableModule(address)':
      return { ...record, modules: [address(0), ...record.modules] }
    case 'disableModule(address,address)':
      return { ...record, modules: without(record.modules, address(1)) }
    case 'setGuard(address)':
      return { ...record, guard: address(0) }
    case 'setModuleGuard(address)':
      return { ...record, moduleGuard: address(0) }
    case 'setFallbackHandler(address)':
      return { ...record, fallbackHandler: address(0) }
    default:
      return record
  }
}
