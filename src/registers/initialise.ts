import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type NoteKey, vkeyOf } from '../audit/note.ts'
import { createHomeDirectory, type HomePaths, type RootOfTrust, writeHome } from '../config/home.ts'
import { CustodyError } from '../errors.ts'
import { type Address, sameAddress } from '../primitives/address.ts'
import { bytesToHex } from '../primitives/hex.ts'
import type { Json } from '../primitives/json.ts'
import type { Clock } from '../primitives/time.ts'
import type { KeyRecord } from '../sign/signer.ts'
import type { Ledger } from '../store/ledger.ts'

export interface InitialiseInput {
  readonly directory: string
  /** Policy admins whose keys live elsewhere. */
  readonly admins: readonly Address[]
  /** Makes an admin key in this home, once its folders exist; null when all admins are elsewhere. */
  readonly makeAdminKey: ((paths: HomePaths) => Promise<KeyRecord>) | null
  readonly threshold: number
  readonly demo: boolean
  readonly clock: Clock
  readonly actor: string
  openLedger(paths: HomePaths, root: RootOfTrust, key: NoteKey): Promise<Ledger>
}

export interface Initialised {
  readonly directory: string
  readonly root: RootOfTrust
  readonly adminKey: KeyRecord | null
}

/**
 * Makes a home: a log key, the pinned root of trust, and log entry 0 that repeats it.
 * @throws HOME_EXISTS, FIELD_INVALID when threshold and admins do not fit
 */
export async function initialise(input: InitialiseInput): Promise<Initialised> {
  const count = input.admins.length + (input.makeAdminKey === null ? 0 : 1)
  if (!Number.isSafeInteger(input.threshold) || input.threshold < 1 || input.threshold > count) {
    throw new CustodyError(
      'FIELD_INVALID',
      `Expected an admin threshold between 1 and the ${count} admins, got ${input.threshold}.`,
    )
  }
  if (input.admins.some((admin, index) => input.admins.findIndex((other) => sameAddress(other, admin)) !== index)) {
    throw new CustodyError('FIELD_INVALID', 'A policy admin is named twice.')
  }
  // Nothing is made before it is known that everything fits.
  const paths = createHomeDirectory(input.directory)
  const adminKey = input.makeAdminKey === null ? null : await input.makeAdminKey(paths)
  const admins = adminKey === null ? [...input.admins] : [adminKey.address, ...input.admins]
  const homeId = bytesToHex(randomBytes(32))
  const key = makeLogKey(paths, `coffer.log/${homeId.slice(2, 18)}`)
  const root: RootOfTrust = { homeId, admins, threshold: input.threshold, logKey: vkeyOf(key), origin: key.name }
  const ledger = await input.openLedger(paths, root, key)
  try {
    await ledger.commit(async ({ record }) => {
      record({ type: 'home.initialised', actor: input.actor, data: { root: root as unknown as Json } })
      if (adminKey !== null)
        record({ type: 'key.generated', actor: input.actor, data: { key: adminKey as unknown as Json } })
    })
  } finally {
    await ledger.close()
  }
  writeHome(paths, root, input.demo)
  return { directory: input.directory, root, adminKey }
}

function makeLogKey(paths: HomePaths, name: string): NoteKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const seed = Uint8Array.from(der.subarray(der.length - 32))
  writeFileSync(paths.logKey, `${name}\n${Buffer.from(seed).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  return { name, privateKey: seed }
}
