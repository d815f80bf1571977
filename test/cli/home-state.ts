import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import type { Prepared } from './prepared-home.ts'

/** Everything of a home and its chain that a refused command must leave as it was. */
export interface HomeState {
  readonly tables: Readonly<Record<string, unknown>>
  /** Types of the log entries, in order. */
  readonly log: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly chain: unknown
}

const TABLES = ['requests', 'signatures', 'approvals', 'executions']

export async function stateOf(home: string, { chain, keys, safe }: Prepared): Promise<HomeState> {
  const node = localRpc(chain.url)
  return {
    ...databaseOf(join(home, 'coffer.db')),
    files: filesOf(home),
    chain: {
      payerNonce: await node.result('eth_getTransactionCount', [keys.payer.address, 'pending']),
      // keccak256('nonce()')[0:4]
      safeNonce: await node.result('eth_call', [{ to: safe, data: '0xaffed0e0' }, 'latest']),
      safeWei: await node.result('eth_getBalance', [safe, 'latest']),
    },
  }
}

function databaseOf(file: string): Pick<HomeState, 'tables' | 'log'> {
  if (!existsSync(file)) return { tables: {}, log: [] }
  let database: DatabaseSync
  try {
    database = new DatabaseSync(file, { readOnly: true })
    database.exec('select count(*) from log')
  } catch {
    // A home whose database is damaged is compared by its bytes.
    return { tables: { damaged: createHash('sha256').update(readFileSync(file)).digest('hex') }, log: [] }
  }
  try {
    const log = database.prepare('select text from log order by seq').all() as { text: string }[]
    return {
      tables: Object.fromEntries(
        TABLES.map((table) => [table, database.prepare(`select * from ${table} order by 1, 2`).all()]),
      ),
      log: log.map(({ text }) => (JSON.parse(text) as { type: string }).type),
    }
  } finally {
    database.close()
  }
}

// Left out: what a database rewrites on its own, the checkpoints that follow the log, and lock files, which say nothing.
// A token writes into its own files when it counts a wrong PIN, so only their names are held.
function filesOf(home: string): Record<string, string> {
  if (!existsSync(home)) return {}
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(?:coffer\.db|log(?:\/|$)|locks(?:\/|$))/.test(name),
  )
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(home, name)).isFile())
      .sort()
      .map((name) => {
        const path = join(home, name)
        const content = name.includes('softhsm/tokens/')
          ? 'of the token'
          : createHash('sha256').update(readFileSync(path)).digest('hex')
        return [relative(home, path), `${(statSync(path).mode & 0o777).toString(8)} ${content}`]
      }),
  )
}
