import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localRpc } from '../../src/chain/local/local-rpc.ts'
import { buildStage, type Stage, VENDOR } from '../../src/demo/stage.ts'
import type { KeyRecord } from '../../src/sign/signer.ts'

// What the README says under "Leaving without Coffer": the same commands, run by the real cast of Foundry, with no
// part of Coffer involved. Keys are Web3 Secret Storage files, so any wallet opens them.
const CAST = join(import.meta.dirname, '../../scripts/tools/node_modules/@foundry-rs/cast-linux-amd64/bin/cast')
const HASH_OF =
  'getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)(bytes32)'
const EXECUTE = 'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)'
const ZERO = '0x0000000000000000000000000000000000000000'

let stage: Stage
let proxy: Server

beforeAll(async () => {
  stage = await buildStage({ safeVersion: '1.5.0', tokenModule: null, keep: false, progress: () => {} })
  proxy = await withoutTwins(stage.chain.url)
})

afterAll(async () => {
  proxy.close()
  await stage.close()
})

// cast sends calldata twice, as `data` and as `input`; Hardhat's node refuses that, other nodes do not.
async function withoutTwins(upstream: string): Promise<Server> {
  const server = createServer((request, response) => {
    void (async () => {
      const call = JSON.parse(await text(request)) as { params?: { data?: unknown; input?: unknown }[] }
      const [first] = call.params ?? []
      if (first !== undefined && first.data !== undefined && first.data === first.input) delete first.input
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(upstream, { method: 'POST', headers, body: JSON.stringify(call) })
      response.writeHead(200, headers).end(await answer.text())
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function cast(...args: readonly string[]): Promise<string> {
  const ETH_RPC_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const { stdout } = await promisify(execFile)(CAST, [...args], { env: { ...process.env, ETH_RPC_URL } })
  return stdout.trim()
}

const key = (name: string): KeyRecord => stage.keys.find((each) => each.name === name) as KeyRecord

function keystore(name: string): readonly string[] {
  const { location } = key(name)
  if (location.store !== 'keystore') throw new Error(`expected ${name} in a keystore`)
  return ['--keystore', join(stage.home, 'keys', location.file), '--password-file', stage.secretFile]
}

async function vendorBalance(): Promise<bigint> {
  const data = `0x70a08231${stage.vendor.slice(2).toLowerCase().padStart(64, '0')}`
  return BigInt(String(await localRpc(stage.chain.url).result('eth_call', [{ to: stage.usdc, data }, 'latest'])))
}

describe('leaving without Coffer', () => {
  it('pays with two owners’ key files and cast alone', async () => {
    const before = await vendorBalance()
    const data = await cast('calldata', 'transfer(address,uint256)', stage.vendor, '1000000')
    const nonce = await cast('call', stage.safe, 'nonce()(uint256)')
    const hash = await cast('call', stage.safe, HASH_OF, stage.usdc, '0', data, '0', '0', '0', '0', ZERO, ZERO, nonce)
    const signers = ['alice', 'bob'].sort((a, b) =>
      key(a).address.toLowerCase() < key(b).address.toLowerCase() ? -1 : 1,
    )
    const signatures = await Promise.all(
      signers.map((name) => cast('wallet', 'sign', '--no-hash', hash, ...keystore(name))),
    )
    const packed = `0x${signatures.map((signature) => signature.slice(2)).join('')}`
    await cast(
      'send',
      stage.safe,
      EXECUTE,
      stage.usdc,
      '0',
      data,
      '0',
      '0',
      '0',
      '0',
      ZERO,
      ZERO,
      packed,
      ...keystore('payer'),
    )
    expect(await vendorBalance()).toBe(before + 1_000_000n)
  })

  it('sends what Coffer had signed, from the packed signatures that show prints', async () => {
    const before = await vendorBalance()
    const action = { kind: 'transfer', asset: 'USDC', to: VENDOR, amount: '2.00' } as const
    const { request, review } = await stage.signer.call('propose', { treasury: 'ops', action })
    for (const name of ['alice', 'bob']) {
      await stage.signer.call('approve', {
        id: request.id,
        digest: review.digests.digest,
        key: name,
        secret: stage.secret,
      })
    }
    const { packed, plan } = await stage.signer.call('show', { id: request.id })
    if (plan.kind !== 'safe-tx' || packed === null) throw new Error('expected a signed transaction')
    const { to, data } = plan.safeTx
    await cast('send', stage.safe, EXECUTE, to, '0', data, '0', '0', '0', '0', ZERO, ZERO, packed, ...keystore('payer'))
    expect(await vendorBalance()).toBe(before + 2_000_000n)
    const shown = await stage.signer.call('show', { id: request.id })
    expect(shown).toMatchObject({ state: 'executed', outcome: { success: true, outside: true } })
  })
})
