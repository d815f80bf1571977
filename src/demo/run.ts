import { localRpc } from '../chain/local/local-rpc.ts'
import type { Address } from '../primitives/address.ts'
import type { Result } from '../service/operations.ts'
import { playAttacks, type Refusal } from './attacks.ts'
import { buildStage, type Stage, type StageOptions, VENDOR } from './stage.ts'

export interface Balances {
  /** Base units of USDC and wei. */
  readonly treasuryUsdc: bigint
  readonly vendorUsdc: bigint
  readonly treasuryEth: bigint
  readonly payerEth: bigint
}

/** Every fact of the demo; `--json` prints it as it is. */
export interface DemoResult {
  readonly safe: {
    readonly address: Address
    readonly version: string
    readonly owners: readonly Address[]
    readonly threshold: number
    readonly chainId: number
  }
  readonly keys: readonly { readonly name: string; readonly address: Address; readonly store: string }[]
  readonly steps: readonly (
    | { readonly step: 'propose'; readonly proposed: Result<'propose'> }
    | { readonly step: 'approve'; readonly approved: Result<'approve'> }
    | {
        readonly step: 'execute'
        readonly executed: Result<'execute'>
        readonly before: Balances
        readonly after: Balances
      }
  )[]
  readonly refused: readonly Refusal[]
  readonly log: { readonly size: number; readonly root: string; readonly verified: true }
  readonly kept: {
    readonly home: string
    readonly url: string
    readonly pid: number
    readonly passphraseFile: string
    readonly openRequest: string | null
  } | null
  readonly seconds: number
}

/** Told as things happen, so that a person sees them in order. */
export interface DemoListener {
  onStage(stage: Stage): void
  onStep(step: DemoResult['steps'][number]): void
  onRefused(refusals: readonly Refusal[]): void
}

/** The main job and the attacks on it, against the real parts, on a chain that is gone afterwards. */
export async function runDemo(options: StageOptions, listener: DemoListener): Promise<DemoResult> {
  const started = Date.now()
  const stage = await buildStage(options)
  const { signer, secret } = stage
  const steps: DemoResult['steps'][number][] = []
  const tell = (step: DemoResult['steps'][number]): void => {
    steps.push(step)
    listener.onStep(step)
  }
  try {
    listener.onStage(stage)
    const before = await readBalances(stage)
    const proposed = await signer.call('propose', {
      treasury: 'ops',
      action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount: '12500.00' },
      memo: 'invoice 42',
    })
    tell({ step: 'propose', proposed })
    for (const key of ['alice', 'bob']) {
      tell({
        step: 'approve',
        approved: await signer.call('approve', {
          id: proposed.request.id,
          digest: proposed.review.digests.digest,
          key,
          secret,
        }),
      })
    }
    const executed = await signer.call('execute', { id: proposed.request.id, secret })
    tell({ step: 'execute', executed, before, after: await readBalances(stage) })
    options.progress('playing attacks against it')
    const refused = await playAttacks(stage)
    listener.onRefused(refused)
    const { size, root, verified } = await signer.call('log.verify', {})
    const open = options.keep ? ((await signer.call('list', { state: 'signed' }))[0]?.id ?? null) : null
    const { account } = await signer.call('treasury.show', { name: 'ops' })
    return {
      safe: {
        address: account.address,
        version: account.version,
        owners: account.owners,
        threshold: account.threshold,
        chainId: account.chainId,
      },
      keys: stage.keys.map(({ name, address, location }) => ({ name, address, store: location.store })),
      steps,
      refused,
      log: { size, root, verified },
      kept: options.keep
        ? {
            home: stage.home,
            url: stage.chain.url,
            pid: stage.chain.pid,
            passphraseFile: stage.secretFile,
            openRequest: open,
          }
        : null,
      seconds: Math.round((Date.now() - started) / 100) / 10,
    }
  } finally {
    await stage.close()
  }
}

async function readBalances(stage: Stage): Promise<Balances> {
  const node = localRpc(stage.chain.url)
  const usdc = async (account: Address): Promise<bigint> =>
    BigInt(
      String(
        await node.result('eth_call', [
          { to: stage.usdc, data: `0x70a08231${account.slice(2).toLowerCase().padStart(64, '0')}` },
          'latest',
        ]),
      ),
    )
  const eth = async (account: Address): Promise<bigint> =>
    BigInt(String(await node.result('eth_getBalance', [account, 'latest'])))
  const payer = stage.keys.find(({ name }) => name === 'payer')?.address ?? stage.safe
  return {
    treasuryUsdc: await usdc(stage.safe),
    vendorUsdc: await usdc(stage.vendor),
    treasuryEth: await eth(stage.safe),
    payerEth: await eth(payer),
  }
}
