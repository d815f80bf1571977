import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployCanonicalSafe, deployLocalContract, fundLocal, mintTestToken } from '../chain/local/deploy-safe.ts'
import { LOCAL_ACCOUNTS, LOCAL_CHAIN_ID, type LocalChain, startLocalChain } from '../chain/local/node.ts'
import { smallTeam } from '../policy/templates/small-team.ts'
import type { Address } from '../primitives/address.ts'
import { parseAmount } from '../primitives/amount.ts'
import { type SignerClient, startSigner } from '../service/local/client.ts'
import type { KeyRecord } from '../sign/signer.ts'

export interface StageOptions {
  readonly safeVersion: '1.4.1' | '1.5.0'
  /** PKCS#11 module of SoftHSM; null for keystores only. */
  readonly tokenModule: string | null
  /** The chain outlives the demo. */
  readonly keep: boolean
  progress(text: string): void
}

/** Everything the demo plays on: a chain, a home, keys, a funded 2-of-3 Safe. */
export interface Stage {
  readonly chain: LocalChain
  readonly home: string
  readonly signer: SignerClient
  /** Opens every key of the demo. */
  readonly secret: string
  readonly secretFile: string
  readonly keys: readonly KeyRecord[]
  readonly safe: Address
  readonly version: string
  readonly usdc: Address
  readonly vendor: Address
  close(): Promise<void>
}

const OWNERS = ['alice', 'bob', 'carol'] as const
export const VENDOR = 'acme-supplies'
const USDC_DECIMALS = 6

/** Builds the stage on a local chain; what can run side by side does. */
export async function buildStage(options: StageOptions): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), 'coffer-demo-'))
  const secret = `demo ${randomBytes(16).toString('hex')}`
  const signer = startSigner(home)
  let chain: LocalChain | null = null
  try {
    options.progress('starting a local chain, making a home and its keys')
    const started = startLocalChain({ detached: options.keep })
    const [local, keys] = await Promise.all([
      started.then(async (running) => {
        chain = running
        await deployCanonicalSafe(running.url, options.safeVersion)
        return { running, usdc: await deployLocalContract(running.url, 'TestToken') }
      }),
      makeKeys(signer, home, secret, options.tokenModule),
    ])
    const { running, usdc } = local
    const secretFile = join(home, 'passphrase')
    writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 })
    const key = (name: string): KeyRecord => keys.find((each) => each.name === name) as KeyRecord
    const vendor = (LOCAL_ACCOUNTS[4] as { address: Address }).address
    options.progress('activating the policy, creating and funding the Safe')
    await signer.call('chain.add', { name: 'local', urls: [running.url] })
    const document = smallTeam({
      chainId: LOCAL_CHAIN_ID,
      principals: Object.fromEntries(OWNERS.map((owner) => [owner, key(owner).address])),
      tokens: [{ symbol: 'USDC', token: usdc, decimals: USDC_DECIMALS }],
      addressBook: { [VENDOR]: vendor },
    })
    await signer.call('policy.activate', { document, keys: [{ key: 'admin', secret }], signatures: [] })
    await fundLocal(running.url, key('payer').address, 10n ** 18n)
    const treasury = await signer.call('treasury.create', {
      name: 'ops',
      owners: [...OWNERS],
      threshold: 2,
      payer: 'payer',
      secret,
      version: options.safeVersion,
    })
    await fundLocal(running.url, treasury.safe, 5n * 10n ** 18n)
    await mintTestToken(running.url, usdc, treasury.safe, parseAmount('100000.00', USDC_DECIMALS))
    return {
      chain: running,
      home,
      signer,
      secret,
      secretFile,
      keys,
      safe: treasury.safe,
      version: treasury.version,
      usdc,
      vendor,
      async close() {
        await signer.close()
        if (!options.keep) await running.stop()
      },
    }
  } catch (error) {
    await signer.close()
    await (chain as LocalChain | null)?.stop()
    throw error
  }
}

// Two owners in a token and one in a file where a token library is present, else three files.
async function makeKeys(
  signer: SignerClient,
  home: string,
  secret: string,
  tokenModule: string | null,
): Promise<readonly KeyRecord[]> {
  await signer.call('home.init', {
    admins: [],
    threshold: 1,
    demo: true,
    adminKey: { name: 'admin', passphrase: secret },
  })
  const inFile = (name: string) => signer.call('key.generate', { name, store: 'keystore', secret })
  const files = Promise.all(['payer', 'carol', ...(tokenModule === null ? ['alice', 'bob'] : [])].map(inFile))
  const token = tokenModule === null ? [] : await inToken(signer, secret)
  return [...token, ...(await files)]
}

async function inToken(signer: SignerClient, secret: string): Promise<readonly KeyRecord[]> {
  const { module, token } = await signer.call('token.create', {
    label: 'coffer-demo',
    pin: secret,
    soPin: randomBytes(16).toString('hex'),
  })
  const keys: KeyRecord[] = []
  for (const name of ['alice', 'bob'])
    keys.push(await signer.call('key.generate', { name, store: 'pkcs11', module, token, secret }))
  return keys
}
