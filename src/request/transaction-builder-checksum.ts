import { CustodyError, excerpt } from '../errors.ts'
import { keccak256Text } from '../primitives/hash.ts'

/**
 * Checks the checksum that the Safe Transaction Builder writes into `meta.checksum`; a file without one
 * passes. It guards against accidents only: whoever edits the file can write a new one.
 * @throws FIELD_INVALID
 */
export function assertBuilderChecksum(document: unknown): void {
  const file = document as { readonly meta?: { readonly [key: string]: unknown } }
  // Scripts that build such files often leave an empty checksum behind; that is none.
  if (file.meta === undefined || (file.meta['checksum'] ?? '') === '') return
  const expected = builderChecksum(file)
  if (file.meta['checksum'] !== expected) {
    throw new CustodyError(
      'FIELD_INVALID',
      `The field "meta.checksum" of the batch file: expected ${expected}, got "${excerpt(String(file.meta['checksum']), 80)}".`,
      { details: { field: 'meta.checksum' } },
    )
  }
}

/** The Keccak-256 of the file without its checksum and with the name of the batch set to null. */
export function builderChecksum(file: { readonly meta?: { readonly [key: string]: unknown } }): string {
  const { checksum: _own, ...meta } = file.meta ?? {}
  return keccak256Text(serialise({ ...file, meta: { ...meta, name: null } }))
}

// The builder's own form, not JSON: an object is the list of its sorted keys followed by each value and a comma.
function serialise(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(serialise).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  const members = keys.map((key) => `${serialise((value as Record<string, unknown>)[key])},`)
  return `{${JSON.stringify(keys)}${members.join('')}}`
}
