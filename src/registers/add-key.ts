import { CustodyError } from '../errors.ts'
import type { Json } from '../primitives/json.ts'
import { parseName } from '../primitives/name.ts'
import type { Parts } from '../pipeline/parts.ts'
import type { KeyRecord } from '../sign/signer.ts'

/**
 * Records a key that `make` generates or imports. The name is taken before anything is made.
 * @throws NAME_INVALID, NAME_TAKEN, and what making the key throws
 */
export async function addKey(
  parts: Parts,
  name: string,
  how: 'generated' | 'imported',
  make: () => Promise<KeyRecord>,
): Promise<KeyRecord> {
  parseName(name, 'key name')
  if ((await parts.ledger.registers()).keys.has(name))
    throw new CustodyError('NAME_TAKEN', `There is a key "${name}" already.`)
  const key = await make()
  await parts.ledger.commit(async ({ registers, record }) => {
    if (registers.keys.has(name)) throw new CustodyError('NAME_TAKEN', `There is a key "${name}" already.`)
    record({ type: `key.${how}`, actor: parts.actor, data: { key: key as unknown as Json } })
  })
  return key
}
