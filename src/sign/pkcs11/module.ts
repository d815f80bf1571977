import { realpathSync, statSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import type * as Binding from 'pkcs11js'
import { CustodyError, excerpt } from '../../errors.ts'
import { ckrName } from './ckr.ts'
import { CKF_OS_LOCKING_OK } from './cryptoki.ts'

/** A vendor's library, loaded and initialised. One per library and process, as PKCS#11 demands. */
export interface TokenModule {
  readonly path: string
  readonly pkcs11: Binding.PKCS11
  /** Tokens that are logged in through it; while there are any it is never finalised. */
  openTokens: number
  /** What SOFTHSM2_CONF said when the library read it; null while the library is not initialised. */
  configuration: string | undefined | null
}

const loaded = new Map<string, TokenModule>()

/**
 * Loads a PKCS#11 library, once per process. The library runs with all rights of this process, so its path
 * must be absolute: it comes from the operator, never from a request.
 *
 * A process must not fork after this; the child would have to initialise the library again.
 * @throws DEPENDENCY_MISSING when pkcs11js is not installed; TOKEN_MODULE
 */
export async function loadModule(path: string): Promise<TokenModule> {
  const real = resolveModule(path)
  const binding = await loadBinding()
  // No await below: two callers at once must not load twice.
  const known = loaded.get(real)
  if (known !== undefined) return followConfiguration(known)
  const pkcs11 = new binding.PKCS11()
  try {
    pkcs11.load(real)
  } catch (error) {
    throw new CustodyError(
      'TOKEN_MODULE',
      `Expected a PKCS#11 library at "${path}", it does not load: ${excerpt((error as Error).message, 120)}`,
    )
  }
  const fresh: TokenModule = { path: real, pkcs11, openTokens: 0, configuration: null }
  try {
    initialise(fresh)
  } catch (error) {
    pkcs11.close()
    throw error
  }
  loaded.set(real, fresh)
  return fresh
}

function resolveModule(path: string): string {
  if (!isAbsolute(path))
    throw new CustodyError('TOKEN_MODULE', `Expected the absolute path of a PKCS#11 library, got "${excerpt(path)}".`)
  try {
    const real = realpathSync(path)
    if (statSync(real).isFile()) return real
  } catch {
    // Falls through to the same refusal.
  }
  throw new CustodyError('TOKEN_MODULE', `Expected a PKCS#11 library at "${path}", there is no such file.`)
}

async function loadBinding(): Promise<typeof Binding> {
  try {
    const imported = (await import('pkcs11js')) as unknown as { readonly default: typeof Binding }
    return imported.default
  } catch {
    throw new CustodyError(
      'DEPENDENCY_MISSING',
      'Tokens need the optional package pkcs11js, which is not installed or was not built here.',
      {
        next: 'Install python3, make and a C++ compiler, then run npm install pkcs11js.',
      },
    )
  }
}

function initialise(module: TokenModule): void {
  try {
    // Signatures run on threads of the pool, so the library has to lock.
    module.pkcs11.C_Initialize({ flags: CKF_OS_LOCKING_OK })
  } catch (error) {
    const name = ckrName(error)
    if (name !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') {
      throw new CustodyError(
        'TOKEN_MODULE',
        `The library ${basename(module.path)} answered ${name ?? 'with an error'} to C_Initialize.`,
        {
          ...(isSoftHsm(module.path) && {
            next: 'Check that the folder with the tokens, which softhsm2.conf names, is there and is ours.',
          }),
        },
      )
    }
  }
  module.configuration = process.env['SOFTHSM2_CONF']
}

function finalise(module: TokenModule): void {
  module.configuration = null
  try {
    module.pkcs11.C_Finalize()
  } catch (error) {
    const name = ckrName(error)
    if (name === 'CKR_CRYPTOKI_NOT_INITIALIZED') return
    throw new CustodyError(
      'TOKEN_MODULE',
      `The library ${basename(module.path)} answered ${name ?? 'with an error'} to C_Finalize.`,
    )
  }
}

// SoftHSM reads its configuration in C_Initialize only. Another token folder in the same process therefore
// needs a new start, which would log out every token that is in use.
function followConfiguration(module: TokenModule): TokenModule {
  const changed = isSoftHsm(module.path) && module.configuration !== process.env['SOFTHSM2_CONF']
  if (module.configuration !== null && !changed) return module
  if (module.openTokens > 0) {
    throw new CustodyError(
      'TOKEN_MODULE',
      'SoftHSM is in use with another token folder in this process; close its keys first.',
    )
  }
  finalise(module)
  initialise(module)
  return module
}

export function isSoftHsm(path: string): boolean {
  return /softhsm/i.test(basename(path))
}

/** Starts SoftHSM again so that it sees tokens made since; only while nothing is open. @throws TOKEN_MODULE */
export function restartModule(module: TokenModule): void {
  if (module.openTokens > 0)
    throw new CustodyError('TOKEN_MODULE', 'The library is in use in this process; close its keys first.')
  finalise(module)
  initialise(module)
}
