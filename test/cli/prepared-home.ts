import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJson, Wallet } from 'ethers'
import { privateKeyToAccount } from 'viem/accounts'
import {
  deployCanonicalSafe,
  deployLocalContract,
  fundLocal,
  mintTestToken,
} from '../../src/chain/local/deploy-safe.ts'
import { LOCAL_ACCOUNTS, type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { findSoftHsm } from '../../src/keys/softhsm.ts'
import { smallTeam } from '../../src/policy/templates/small-team.ts'
import type { Address } from '../../src/primitives/address.ts'
import { keccak256Text } from '../../src/primitives/hash.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { createOperations, type Operations } from '../../src/service/operations.ts'
import type { KeyRecord } from '../../src/sign/signer.ts'
import { type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'

export const PIN = 'pin-2741-of-the-token'
export const PASSPHRASE = 'a passphrase of the cold key'
export const VENDOR = 'acme-supplies'
export const MODULE = findSoftHsm() ?? 'SoftHSM is absent: install the package softhsm2'

const account = (text: string) => privateKeyToAccount(keccak256Text(text))
/** A policy admin whose key lies outside the home. */
export const ADMIN = account('the policy admin of the prepared home')
export const STRANGER = account('nobody that the prepared home knows')

/** One home on one chain: a paid request, a complete one, an open one, and keys of both stores. */
export interface Prepared {
  readonly chain: LocalChain
  /** The chain of the home, honest until a test says otherwise. */
  readonly rpc: LyingRpc
  readonly home: string
  readonly keys: Readonly<Record<'alice' | 'bob' | 'carol' | 'payer' | 'cold', KeyRecord>>
  readonly safe: Address
  readonly usdc: Address
  readonly vendor: Address
  /** The active policy, version 1. */
  readonly policy: string
  readonly ids: Readonly<Record<'paid' | 'complete' | 'open', string>>
  readonly digests: Readonly<Record<'complete' | 'open', Hex>>
  close(): Promise<void>
}

export async function prepareHome(): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-prepared-'))
  const home = join(folder, 'home')
  const chain = await startLocalChain()
  const rpc = await startLyingRpc(chain.url)
  const operations = createOperations(home, () => {})
  try {
    await deployCanonicalSafe(chain.url, '1.5.0')
    const usdc = await deployLocalContract(chain.url, 'TestToken')
    const vendor = (LOCAL_ACCOUNTS[4] as { address: Address }).address
    await operations.run('home.init', { admins: [ADMIN.address], threshold: 1, demo: false, adminKey: null })
    await operations.run('chain.add', { name: 'local', urls: [rpc.url] })
    const keys = await makeKeys(operations)
    const policy = smallTeam({
      chainId: chain.chainId,
      principals: { alice: keys.alice.address, bob: keys.bob.address, carol: keys.carol.address },
      tokens: [{ symbol: 'USDC', token: usdc, decimals: 6 }],
      addressBook: { [VENDOR]: vendor },
    })
    await operations.run('policy.activate', {
      document: policy,
      keys: [],
      signatures: [await adminSignature(operations, policy)],
    })
    await fundLocal(chain.url, keys.payer.address, 10n ** 18n)
    const { safe } = await operations.run('treasury.create', {
      name: 'ops',
      owners: ['alice', 'bob', 'carol'],
      threshold: 2,
      payer: 'payer',
      secret: PIN,
    })
    await fundLocal(chain.url, safe, 10n ** 18n)
    await mintTestToken(chain.url, usdc, safe, 100_000n * 10n ** 6n)
    const paid = await proposeTransfer(operations, '100.00', 'first')
    await approveBoth(operations, paid)
    await operations.run('execute', { id: paid.id, secret: PIN })
    const complete = await proposeTransfer(operations, '200.00', 'second')
    await approveBoth(operations, complete)
    const open = await proposeTransfer(operations, '300.00', 'third')
    await operations.run('list', {})
    return {
      chain,
      rpc,
      home,
      keys,
      safe,
      usdc,
      vendor,
      policy,
      ids: { paid: paid.id, complete: complete.id, open: open.id },
      digests: { complete: complete.digest, open: open.digest },
      async close() {
        await rpc.stop()
        await chain.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } finally {
    await operations.close()
  }
}

/** What the pinned admin signs to put a document in force. */
export async function adminSignature(operations: Operations, document: string, by = ADMIN): Promise<Hex> {
  const { typedData } = await operations.run('policy.export', { document })
  return by.signTypedData(typedData)
}

async function makeKeys(operations: Operations): Promise<Prepared['keys']> {
  const { module, token } = await operations.run('token.create', { label: 'prepared', pin: PIN, soPin: 'officer-8813' })
  const onToken = (name: string) =>
    operations.run('key.generate', { name, store: 'pkcs11', module, token, secret: PIN })
  const [alice, bob, carol, payer] = [
    await onToken('alice'),
    await onToken('bob'),
    await onToken('carol'),
    await onToken('payer'),
  ]
  const coldWallet = Wallet.createRandom()
  const file = await encryptKeystoreJson(
    { address: coldWallet.address, privateKey: coldWallet.privateKey },
    PASSPHRASE,
    { scrypt: { N: 1024 } },
  )
  const cold = await operations.run('key.import', { name: 'cold', file, secret: PASSPHRASE })
  return { alice, bob, carol, payer, cold }
}

async function proposeTransfer(operations: Operations, amount: string, idempotencyKey: string) {
  const made = await operations.run('propose', {
    treasury: 'ops',
    action: { kind: 'transfer', asset: 'USDC', to: VENDOR, amount },
    idempotencyKey,
  })
  return { id: made.request.id, digest: made.review.digests.digest }
}

async function approveBoth(operations: Operations, { id, digest }: { id: string; digest: Hex }): Promise<void> {
  for (const key of ['alice', 'bob']) await operations.run('approve', { id, digest, key, secret: PIN })
}

/** A copy of a home that shares nothing with it, its token folder included. */
export function copyHome(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  const conf = join(to, 'keys', 'softhsm', 'softhsm2.conf')
  writeFileSync(
    conf,
    readFileSync(conf, 'utf8').replace(
      /^directories\.tokendir = .*$/m,
      `directories.tokendir = ${join(to, 'keys', 'softhsm', 'tokens')}`,
    ),
  )
}
