import type { z } from 'zod'
import { type Coffer, openCoffer, openHomeLedger } from '../compose.ts'
import { CustodyError } from '../errors.ts'
import { generateKey } from '../keys/generate.ts'
import { importKeystore } from '../keys/import.ts'
import { assertPassphrase } from '../keys/passphrase.ts'
import { createSoftHsmToken, findSoftHsm } from '../keys/softhsm.ts'
import { createPipeline } from '../pipeline.ts'
import { localActor } from '../pipeline/actor.ts'
import { parseAddress } from '../primitives/address.ts'
import { type Hex, parseHex } from '../primitives/hex.ts'
import { systemClock } from '../primitives/time.ts'
import { activatePolicy, exportActivation } from '../registers/activate-policy.ts'
import { addChain, viewChain } from '../registers/add-chain.ts'
import { addKey } from '../registers/add-key.ts'
import { adoptTreasury } from '../registers/adopt-treasury.ts'
import { checkPolicy, makePolicy } from '../registers/check-policy.ts'
import { createTreasury } from '../registers/create-treasury.ts'
import { initialise } from '../registers/initialise.ts'
import { exportLog, listEntries, proveEntry, sequenceOf, verifyLog } from '../registers/log.ts'
import { showTreasury } from '../registers/show-treasury.ts'
import { schemas } from './operation-schemas.ts'
import type { Signer } from '../sign/signer.ts'

export type OperationName = keyof typeof schemas
export type Params<N extends OperationName> = z.input<(typeof schemas)[N]>
export type Result<N extends OperationName> = Table[N] extends (...args: never[]) => Promise<infer R> ? R : never
type Table = ReturnType<typeof createTable>

export interface Operations {
  readonly table: Table
  /** @throws MESSAGE_INVALID when the parameters do not fit, and whatever the operation throws */
  run<N extends OperationName>(name: N, params: unknown): Promise<Result<N>>
  close(): Promise<void>
}

/** The operations of one home, opened at the first call that needs it. */
export function createOperations(
  directory: string,
  progress: (text: string) => void,
  signal?: AbortSignal,
): Operations {
  let opened: Promise<Coffer> | null = null
  const open = (): Promise<Coffer> => {
    opened ??= openCoffer(directory, { progress, ...(signal !== undefined && { signal }) })
    // A home that could not be opened may be opened later, when what was wrong is mended.
    opened.catch(() => (opened = null))
    return opened
  }
  const table = createTable(directory, open)
  return {
    table,
    async run(name, params) {
      const parsed = schemas[name].safeParse(params)
      if (!parsed.success) {
        const issue = parsed.error.issues[0]
        throw new CustodyError(
          'MESSAGE_INVALID',
          `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}`,
        )
      }
      return (await (table[name] as (params: unknown) => Promise<unknown>)(parsed.data)) as never
    },
    async close() {
      if (opened !== null) await (await opened).close()
    },
  }
}

type Parsed<N extends OperationName> = z.output<(typeof schemas)[N]>

function createTable(directory: string, open: () => Promise<Coffer>) {
  const registers = async () => (await open()).ledger.registers()
  const pipeline = async () => createPipeline(await open())
  return {
    'home.init': (params: Parsed<'home.init'>) =>
      initialise({
        directory,
        demo: params.demo,
        threshold: params.threshold,
        admins: params.admins.map((admin) => parseAddress(admin, 'admin')),
        clock: systemClock,
        actor: localActor(),
        openLedger: (paths, root, key) => openHomeLedger(paths, root, key, systemClock),
        makeAdminKey:
          params.adminKey === null
            ? null
            : (paths) =>
                generateKey({
                  name: params.adminKey?.name ?? '',
                  store: 'keystore',
                  directory: paths.keys,
                  passphrase: params.adminKey?.passphrase,
                }),
      }),
    'home.show': async (_: Parsed<'home.show'>) => {
      const { home, ledger } = await open()
      const { policy, freeze } = await ledger.registers()
      return {
        directory: home.directory,
        demo: home.demo,
        root: home.root,
        log: await ledger.head(),
        policy: policy === null ? null : { version: policy.version, hash: policy.hash },
        freeze,
      }
    },
    'chain.add': async (params: Parsed<'chain.add'>) => {
      const coffer = await open()
      return addChain(coffer, params, coffer.requestChainId)
    },
    'chain.list': async (_: Parsed<'chain.list'>) => [...(await registers()).chains.values()].map(viewChain),
    'key.generate': async (params: Parsed<'key.generate'>) => {
      const coffer = await open()
      return addKey(coffer, params.name, 'generated', () =>
        generateKey({
          name: params.name,
          store: params.store,
          directory: coffer.home.paths.keys,
          module: params.module,
          token: params.token,
          ...(params.store === 'pkcs11' ? { pin: params.secret } : { passphrase: params.secret }),
        }),
      )
    },
    'key.import': async (params: Parsed<'key.import'>) => {
      const coffer = await open()
      // A key taken over under its old passphrase is only as safe as that one.
      assertPassphrase(params.newSecret ?? params.secret)
      return addKey(coffer, params.name, 'imported', () =>
        importKeystore({
          name: params.name,
          text: params.file,
          passphrase: params.secret,
          newPassphrase: params.newSecret,
          directory: coffer.home.paths.keys,
        }),
      )
    },
    'key.list': async (_: Parsed<'key.list'>) => [...(await registers()).keys.values()],
    'key.show': async ({ name }: Parsed<'key.show'>) => {
      const key = (await registers()).keys.get(name)
      if (key === undefined)
        throw new CustodyError('NOT_FOUND', `There is no key "${name}".`, { next: 'Run coffer key list.' })
      return key
    },
    'token.create': async (params: Parsed<'token.create'>) =>
      createSoftHsmToken({ directory: `${(await open()).home.paths.keys}/softhsm`, ...params }),
    'token.find': async (_: Parsed<'token.find'>) => ({ module: await Promise.resolve(findSoftHsm()) }),
    'treasury.create': async (params: Parsed<'treasury.create'>) =>
      createTreasury(await open(), { ...params, caps: definedCaps(params.caps) }),
    'treasury.adopt': async (params: Parsed<'treasury.adopt'>) => adoptTreasury(await open(), params),
    'treasury.list': async (_: Parsed<'treasury.list'>) => [...(await registers()).treasuries.values()],
    'treasury.show': async ({ name }: Parsed<'treasury.show'>) => showTreasury(await open(), name),
    propose: async ({ refund: asked, ...params }: Parsed<'propose'>) =>
      (await pipeline()).propose({
        ...params,
        ...(asked !== undefined && {
          refund: {
            ...asked,
            gasToken: parseAddress(asked.gasToken, 'gas token'),
            refundReceiver: parseAddress(asked.refundReceiver, 'refund receiver'),
          },
        }),
      }),
    show: async ({ id }: Parsed<'show'>) => (await pipeline()).show(id),
    list: async (params: Parsed<'list'>) => (await pipeline()).list(params),
    approve: async (params: Parsed<'approve'>) =>
      (await pipeline()).approve({
        ...params,
        digest: parseHex(params.digest, 'digest', 32),
        asSafe: params.asSafe === undefined ? undefined : await safeOf(params.asSafe),
      }),
    'approve.export': async ({ id }: Parsed<'approve.export'>) => (await pipeline()).exportRequest(id),
    'approve.signature': async ({ id, signature, owner }: Parsed<'approve.signature'>) =>
      (await pipeline()).takeSignature(
        id,
        parseHex(signature, 'signature'),
        owner === undefined ? null : parseAddress(owner, 'owner'),
      ),
    reject: async (params: Parsed<'reject'>) => (await pipeline()).reject(params),
    execute: async (params: Parsed<'execute'>) => {
      // Before the pipeline stores signed bytes, which it would do for a URL that it cannot send to.
      const coffer = await open()
      if (params.broadcastUrl !== undefined) coffer.assertRpcUrl(params.broadcastUrl)
      return createPipeline(coffer).execute({ ...params, caps: definedCaps(params.caps) })
    },
    cancel: async (params: Parsed<'cancel'>) =>
      (await pipeline()).cancel({ ...params, caps: definedCaps(params.caps) }),
    'policy.show': async (_: Parsed<'policy.show'>) => {
      const { policy } = await registers()
      if (policy === null) throw new CustodyError('POLICY_MISSING', 'No policy is active in this home.')
      return policy
    },
    'policy.check': ({ document: source }: Parsed<'policy.check'>) => Promise.resolve(checkPolicy(source)),
    'policy.template': ({ name, chainId, principals }: Parsed<'policy.template'>) =>
      Promise.resolve(
        makePolicy(name, {
          chainId,
          principals: Object.fromEntries(
            Object.entries(principals).map(([who, address]) => [who, parseAddress(address, who)]),
          ),
        }),
      ),
    'policy.activate': async (params: Parsed<'policy.activate'>) => {
      const coffer = await open()
      return withSigners(coffer, params.keys, (signers) =>
        activatePolicy(coffer, params.document, signers, handed(params.signatures)),
      )
    },
    'policy.export': async ({ document: source }: Parsed<'policy.export'>) => exportActivation(await open(), source),
    freeze: async ({ reason }: Parsed<'freeze'>) => (await pipeline()).freeze(reason),
    'unfreeze.export': async (_: Parsed<'unfreeze.export'>) => (await pipeline()).exportThaw(),
    unfreeze: async (params: Parsed<'unfreeze'>) => {
      const coffer = await open()
      return withSigners(coffer, params.keys, (signers) =>
        createPipeline(coffer).unfreeze(signers, handed(params.signatures)),
      )
    },
    'log.list': async ({ from, limit, type }: Parsed<'log.list'>) => listEntries(await open(), from, limit, type),
    'log.verify': async ({ since }: Parsed<'log.verify'>) => verifyLog(await open(), since),
    'log.checkpoint': async (_: Parsed<'log.checkpoint'>) => (await open()).ledger.checkpoint(),
    'log.proof': async ({ id }: Parsed<'log.proof'>) => {
      const coffer = await open()
      return proveEntry(coffer, await sequenceOf(coffer, id))
    },
    'log.export': async (params: Parsed<'log.export'>) => exportLog(await open(), params.directory),
  }

  async function safeOf(name: string) {
    return (
      (await registers()).treasuries.get(name)?.safe ?? parseAddress(name, 'owner Safe (a treasury name or an address)')
    )
  }
}

const handed = (signatures: readonly string[]): readonly Hex[] =>
  signatures.map((signature) => parseHex(signature, 'signature', 65))

async function withSigners<T>(
  coffer: Coffer,
  keys: readonly { readonly key: string; readonly secret: string }[],
  work: (signers: readonly Signer[]) => Promise<T>,
): Promise<T> {
  const known = (await coffer.ledger.registers()).keys
  const signers: Signer[] = []
  try {
    for (const { key, secret: opened } of keys) {
      const record = known.get(key)
      if (record === undefined)
        throw new CustodyError('NOT_FOUND', `There is no key "${key}".`, { next: 'Run coffer key list.' })
      signers.push(await coffer.openSigner(record, opened))
    }
    return await work(signers)
  } finally {
    for (const signer of signers) await signer.close()
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function definedCaps<T extends object>(given: T | undefined): Defined<T> | undefined {
  return given === undefined
    ? undefined
    : (Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>)
}
