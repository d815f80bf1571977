import { Wallet } from 'ethers'
import {
  createWalletClient,
  encodeFunctionData,
  type Hex as ViemHex,
  hashMessage,
  hashTypedData,
  http,
  parseAbi,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Exported } from '../../src/pipeline/external.ts'
import type { Address } from '../../src/primitives/address.ts'
import type { Hex } from '../../src/primitives/hex.ts'
import { toJsonText } from '../../src/primitives/json.ts'
import {
  SECRET,
  startWorld,
  type TestHome,
  type TestTreasury,
  USDC,
  VENDOR,
  VENDOR_ADDRESS,
  type World,
} from '../support/stage.ts'

const VERSIONS = ['1.4.1', '1.5.0'] as const
const LOGIN = `  - id: sign-login
    effect: allow
    kind: message
    format: typed-data
    primaryTypes: [Login]
    verifyingContracts: ["${VENDOR_ADDRESS}"]
    chainId: 31337
    approvals: { count: 2, group: treasurers }
    initiatorMayApprove: true
`
const safeAbi = parseAbi([
  'function approveHash(bytes32 hash)',
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)',
])
const VALID = `0x1626ba7e${'00'.repeat(28)}`

let world: World
let home: TestHome
beforeAll(async () => {
  world = await startWorld(VERSIONS)
  home = await world.home({ policy: (document) => document + LOGIN, maxPer24h: '10000000' })
})
afterAll(() => world.close())

const byKey = (id: string, digest: Hex, key: string, asSafe?: Address) =>
  home.pipeline.approve({ id, digest, key, secret: SECRET, ...(asSafe !== undefined && { asSafe }) })

/** The document as any other program gets it: JSON. */
const asJson = ({ typedData }: Exported) =>
  JSON.parse(toJsonText(typedData)) as {
    types: Record<string, { name: string; type: string }[]>
    primaryType: string
    domain: Record<string, unknown>
    message: Record<string, unknown>
  }

const withViem = (exported: Exported, name: string): Promise<Hex> =>
  privateKeyToAccount(home.person(name).privateKey).signTypedData(asJson(exported))

function withEthers(exported: Exported, name: string): Promise<Hex> {
  const {
    domain,
    types: { EIP712Domain: _, ...types },
    message,
  } = asJson(exported)
  return new Wallet(home.person(name).privateKey).signTypedData(domain, types, message) as Promise<Hex>
}

describe.each(VERSIONS)('on a Safe %s', (version) => {
  it('an owner that is itself a Safe signs through its own members', async () => {
    const { address: bob } = home.person('bob')
    const { address: carol } = home.person('carol')
    const child = await world.deploySafe([bob, carol], 2, version)
    const parent = await home.treasury({ version, owners: [child, home.person('alice').address], threshold: 2 })
    const proposed = await home.pay(parent, '100.00')
    const { id } = proposed.request
    const { digest } = proposed.review.digests
    await byKey(id, digest, 'alice')
    await expect(byKey(id, digest, 'bob', child)).rejects.toThrowWithCode('SIGNATURE_WAITS')
    expect(await byKey(id, digest, 'bob')).toMatchObject({ signed: false })
    expect(await byKey(id, digest, 'bob', child)).toMatchObject({ have: 1, need: 2, ready: false })
    expect((await home.pipeline.show(id)).signatures.partial).toEqual([{ safe: child, have: 1, need: 2 }])
    await expect(home.execute(proposed)).rejects.toThrowWithCode('APPROVAL_MISSING')
    await expect(byKey(id, digest, 'alice', child)).rejects.toThrowWithCode('KEY_NOT_OWNER')
    expect(await byKey(id, digest, 'carol', child)).toMatchObject({ have: 2, need: 2, ready: true })
    expect(await home.execute(proposed)).toMatchObject({ success: true })
  })

  it('a hash that an owner approved on chain counts as that owner’s signature', async () => {
    const treasury = await home.treasury({ version })
    const proposed = await home.pay(treasury, '100.00')
    const alice = home.person('alice')
    await world.rpc.result('hardhat_setBalance', [alice.address, `0x${(10n ** 18n).toString(16)}`])
    const wallet = createWalletClient({
      chain: hardhat,
      transport: http(world.url),
      account: privateKeyToAccount(alice.privateKey),
    })
    await wallet.sendTransaction({
      to: treasury.safe,
      data: encodeFunctionData({ abi: safeAbi, functionName: 'approveHash', args: [proposed.review.digests.digest] }),
    })
    expect((await home.pipeline.show(proposed.request.id)).signatures).toMatchObject({
      have: 1,
      owners: [alice.address],
    })
    expect(await home.approve(proposed, 'bob')).toMatchObject({ have: 2, ready: true })
    expect(await home.execute(proposed)).toMatchObject({ success: true })
  })

  it('signatures made by viem and ethers over the exported typed data are taken, once each and of owners only', async () => {
    const treasury = await home.treasury({ version })
    const proposed = await home.pay(treasury, '100.00')
    const { id } = proposed.request
    const exported = await home.pipeline.exportRequest(id)
    expect(exported.digests.digest).toBe(proposed.review.digests.digest)
    const first = await withViem(exported, 'alice')
    expect(first).toBe(await withEthers(exported, 'alice'))
    expect(await home.pipeline.takeSignature(id, first)).toMatchObject({ have: 1 })
    await expect(home.pipeline.takeSignature(id, first)).rejects.toThrowWithCode('APPROVAL_DUPLICATE')
    await expect(home.pipeline.takeSignature(id, await withViem(exported, 'payer'))).rejects.toThrowWithCode(
      'SIGNER_NOT_OWNER',
    )
    expect(await home.entryTypes()).toContain('alarm.signer-not-owner')
    expect(
      await home.pipeline.takeSignature(id, await withEthers(exported, 'carol'), home.person('carol').address),
    ).toMatchObject({ have: 2, ready: true })
    expect(await home.execute(proposed)).toMatchObject({ success: true })
  })

  it('text and typed data signed as messages are valid for the Safe itself (EIP-1271)', async () => {
    const treasury = await home.treasury({ version })
    const login = {
      types: {
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'chainId', type: 'uint256' },
          { name: 'verifyingContract', type: 'address' },
        ],
        Login: [{ name: 'statement', type: 'string' }],
      },
      primaryType: 'Login' as const,
      domain: { name: 'Vendor', chainId: 31337, verifyingContract: VENDOR_ADDRESS },
      message: { statement: 'I accept' },
    }
    for (const [action, hash] of [
      [{ text: 'I accept the terms of 2026' }, hashMessage('I accept the terms of 2026')],
      [
        { typedData: JSON.stringify(login) },
        hashTypedData({ ...login, types: { Login: [{ name: 'statement', type: 'string' }] } }),
      ],
    ] as const) {
      const proposed = await home.pipeline.propose({ treasury: treasury.name, action: { kind: 'message', ...action } })
      expect(await isValid(treasury, hash, '0x')).not.toBe(VALID)
      for (const owner of ['bob', 'carol']) await home.approve(proposed, owner)
      const { packed } = await home.pipeline.show(proposed.request.id)
      expect(await isValid(treasury, hash, packed as Hex)).toBe(VALID)
      expect(await isValid(treasury, hashMessage('something else'), packed as Hex)).not.toBe(VALID)
      await expect(home.execute(proposed)).rejects.toThrowWithCode('USAGE')
    }
  })

  it('rejecting a signed request burns its nonce and closes it for good', async () => {
    const treasury = await home.treasury({ version })
    const signed = await home.pay(treasury, '100.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    const before = await world.usdcOf(treasury.safe)
    const rejection = await home.pipeline.reject({ id: signed.request.id })
    if (rejection.withdrawn) throw new Error('a signed request was withdrawn')
    expect(rejection.proposed.request.nonce).toBe(signed.request.nonce)
    for (const owner of ['bob', 'carol']) await home.approve(rejection.proposed, owner)
    await home.execute(rejection.proposed)
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
    expect(await world.usdcOf(treasury.safe)).toBe(before)
    expect(await home.pipeline.show(signed.request.id)).toMatchObject({ state: 'superseded', liveOnChain: false })
    await expect(home.execute(signed)).rejects.toThrowWithCode('REQUEST_CLOSED')
  })

  it('a request that nobody signed is withdrawn without using a nonce', async () => {
    const treasury = await home.treasury({ version })
    const open = await home.pay(treasury, '100.00')
    expect(await home.pipeline.reject({ id: open.request.id })).toEqual({ withdrawn: true, id: open.request.id })
    await expect(home.approve(open, 'alice')).rejects.toThrowWithCode('REQUEST_CLOSED')
    expect((await home.pay(treasury, '100.00')).request.nonce).toBe(0n)
  })

  it.each([
    ['a payout file', 'csv', `to,asset,amount,memo\n${VENDOR},USDC,10.50,first\n${VENDOR_ADDRESS},ETH,0.25,\n`],
    ['a Safe Transaction Builder file', 'json', ''],
  ] as const)('%s runs as one batch', async (_what, format, text) => {
    const treasury = await home.treasury({ version })
    const builder = JSON.stringify({
      version: '1.0',
      chainId: '31337',
      meta: { name: 'payouts' },
      transactions: [
        {
          to: world.token,
          value: '0',
          data: null,
          contractMethod: {
            name: 'transfer',
            payable: false,
            inputs: [
              { name: 'to', type: 'address' },
              { name: 'amount', type: 'uint256' },
            ],
          },
          contractInputsValues: { to: VENDOR_ADDRESS, amount: '10500000' },
        },
        { to: VENDOR_ADDRESS, value: '250000000000000000', data: '0x' },
      ],
    })
    const before = [await world.usdcOf(VENDOR_ADDRESS), await world.ethOf(VENDOR_ADDRESS)] as const
    const proposed = await home.pipeline.propose({
      treasury: treasury.name,
      action: { kind: 'batch', format, text: format === 'csv' ? text : builder },
    })
    expect(proposed.review.call).toMatchObject({
      operation: 1,
      inner: [{ signature: expect.stringContaining('transfer') as string }, { value: 250_000_000_000_000_000n }],
    })
    for (const owner of ['alice', 'carol']) await home.approve(proposed, owner)
    await home.execute(proposed)
    expect((await world.usdcOf(VENDOR_ADDRESS)) - before[0]).toBe((21n * USDC) / 2n)
    expect((await world.ethOf(VENDOR_ADDRESS)) - before[1]).toBe(250_000_000_000_000_000n)
  })
})

async function isValid(treasury: TestTreasury, hash: ViemHex, signature: Hex): Promise<string> {
  const data = encodeFunctionData({ abi: safeAbi, functionName: 'isValidSignature', args: [hash, signature] })
  try {
    return String(await world.rpc.result('eth_call', [{ to: treasury.safe, data }, 'latest']))
  } catch {
    return 'reverted'
  }
}
