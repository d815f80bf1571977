import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJson, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  deployCanonicalSafe,
  deployLocalContract,
  fundLocal,
  mintTestToken,
} from '../../src/chain/local/deploy-safe.ts'
import { LOCAL_ACCOUNTS, type LocalChain, startLocalChain } from '../../src/chain/local/node.ts'
import { smallTeam } from '../../src/policy/templates/small-team.ts'
import type { Address } from '../../src/primitives/address.ts'
import { MODULE } from '../cli/prepared-home.ts'
import { documentOf, type Ran, runCoffer, wideLines } from '../cli/run-coffer.ts'

// The flow by hand, each command a process of its own, the way an operator types it.

const PIN = 'a pin of 23 characters!'
const PASSPHRASE = 'one passphrase for the key files'
const WALLET = Wallet.createRandom()
const VENDOR = (LOCAL_ACCOUNTS[4] as { address: Address }).address
const LATER = `--import data:text/javascript,${encodeURIComponent('const now = Date.now; Date.now = () => now() + 7200000')}`

let folder: string
let home: string
let chain: LocalChain
let usdc: Address
let safe: Address
const everything: string[] = []

const path = (name: string): string => join(folder, name)
const file = (name: string, text: string, mode = 0o600): string => {
  writeFileSync(path(name), text, { mode })
  return path(name)
}

async function coffer(...args: readonly string[]): Promise<Ran> {
  const ran = await runCoffer(args, { home })
  everything.push(ran.stdout, ran.stderr)
  return ran
}

/** The text of a command that must succeed, each line fit for a terminal. */
async function text(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await coffer(...args)
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  expect(wideLines(stdout)).toEqual([])
  return stdout
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what comes is what the test asserts
async function json<T = any>(...args: readonly string[]): Promise<T> {
  const ran = await coffer(...args, '--json')
  const document = documentOf<T>(ran)
  expect({ status: ran.status, error: (document as { error?: unknown }).error }).toEqual({
    status: 0,
    error: undefined,
  })
  return document
}

async function refusal(exit: number, ...args: readonly string[]): Promise<string> {
  const ran = await coffer(...args, '--json')
  expect(ran.status).toBe(exit)
  return documentOf<{ error: { code: string } }>(ran).error.code
}

const withPin = (...more: readonly string[]): readonly string[] => [...more, '--passphrase-file', path('pin')]
const withPassphrase = (...more: readonly string[]): readonly string[] => [
  ...more,
  '--passphrase-file',
  path('passphrase'),
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-cli-'))
  home = path('home')
  file('pin', `${PIN}\n`)
  file('passphrase', `${PASSPHRASE}\n`)
  chain = await startLocalChain()
  await deployCanonicalSafe(chain.url, '1.5.0')
  usdc = await deployLocalContract(chain.url, 'TestToken')
})
afterAll(async () => {
  await chain.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('when a home is made', () => {
  it('pins an admin and the log key in folders that only their user can enter', async () => {
    const made = await json('init', ...withPassphrase())
    expect(made).toMatchObject({
      home,
      threshold: 1,
      adminKey: 'admin',
      policyFile: null,
      admins: [expect.stringMatching(/^0x[0-9a-fA-F]{40}$/)],
      logKey: expect.stringContaining('coffer.log/'),
    })
    for (const name of ['.', 'keys', 'log', 'locks']) expect(statSync(join(home, name)).mode & 0o777).toBe(0o700)
    for (const name of ['coffer.db', 'home.json', 'log.key'])
      expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
    expect(statSync(join(home, 'root.json')).mode & 0o777).toBe(0o400)
  })

  it('adds a chain and lists it', async () => {
    expect(await json('chain', 'add', 'local', '--rpc', chain.url)).toMatchObject({
      name: 'local',
      chainId: 31337,
      confirmations: 1,
      urls: [chain.url],
    })
    expect(await text('chain', 'list')).toMatch(/^local +31337 +1 +1$/m)
  })

  it('makes keys in a token and in a file, and takes over one of another wallet', async () => {
    const alice = await json(
      'key',
      'generate',
      'alice',
      '--store',
      'pkcs11',
      '--token',
      'treasury',
      '--new-token',
      ...withPin(),
    )
    expect(alice).toMatchObject({
      name: 'alice',
      location: { store: 'pkcs11', token: 'treasury' },
      provenance: { neverExtractable: true, sensitive: true, origin: 'generated' },
    })
    await json('key', 'generate', 'bob', '--store', 'pkcs11', '--module', MODULE, '--token', 'treasury', ...withPin())
    expect(await text('key', 'generate', 'payer', ...withPassphrase())).toMatch(/Made a key\.[\s\S]*Store +keystore/)
    const v3 = await encryptKeystoreJson({ address: WALLET.address, privateKey: WALLET.privateKey }, PASSPHRASE, {
      scrypt: { N: 1024 },
    })
    expect(await json('key', 'import', 'wallet', file('v3.json', v3), ...withPassphrase())).toMatchObject({
      address: WALLET.address,
      provenance: { origin: 'imported' },
    })
    expect((await json<{ name: string }[]>('key', 'list')).map(({ name }) => name)).toEqual([
      'admin',
      'alice',
      'bob',
      'payer',
      'wallet',
    ])
    expect(await text('key', 'list')).toMatch(/^alice +0x[0-9a-fA-F]{40} +pkcs11, token treasury$/m)
    expect(await text('key', 'show', 'wallet')).toContain(WALLET.address)
    for (const name of readdirSync(join(home, 'keys')).filter((each) => each.endsWith('.json')))
      expect(statSync(join(home, 'keys', name)).mode & 0o777).toBe(0o600)
  })

  it('prints a first policy, checks an edited one and puts it in force', async () => {
    const principals = ['--principal', 'alice', '--principal', 'bob', '--principal', 'wallet']
    // A document, not a page: its comments may be as long as they like.
    const { document: printed } = await json<{ document: string }>(
      'policy',
      'template',
      'small-team',
      '--chain',
      'local',
      ...principals,
    )
    expect((await coffer('policy', 'template', 'small-team', '--chain', 'local', ...principals)).stdout).toBe(printed)
    expect(await text('policy', 'check', file('first.yaml', printed))).toMatch(/is a policy: small-team,\s+version 1/)
    const key = async (name: string): Promise<Address> =>
      (await json<{ address: Address }>('key', 'show', name)).address
    const document =
      smallTeam({
        chainId: 31337,
        principals: { alice: await key('alice'), bob: await key('bob'), wallet: await key('wallet') },
        tokens: [{ symbol: 'USDC', token: usdc, decimals: 6 }],
        addressBook: { 'acme-supplies': VENDOR },
      }).replace('thawDelay: 24h', 'thawDelay: 1h') +
      `  - id: mint\n    effect: allow\n    kind: call\n    contract: "${usdc}"\n    selectors: ["mint(address,uint256)"]\n    approvals: { count: 2 }\n    initiatorMayApprove: true\n`
    const policy = file('policy.yaml', document)
    expect((await json('policy', 'check', policy)).rules).toContainEqual({ id: 'mint', effect: 'allow', kind: 'call' })
    expect(await refusal(3, 'policy', 'show')).toBe('POLICY_MISSING')
    expect(await json('policy', 'activate', policy, '--key', 'admin', ...withPassphrase())).toMatchObject({
      version: 1,
      signatures: [expect.any(String)],
    })
    expect((await coffer('policy', 'show')).stdout).toContain(document.trimEnd())
  })

  it('creates a Safe whose owners live in a token and elsewhere', async () => {
    const payer = await json<{ address: Address }>('key', 'show', 'payer')
    await fundLocal(chain.url, payer.address, 10n ** 18n)
    const args = [
      'treasury',
      'create',
      'ops',
      '--owner',
      'alice',
      '--owner',
      'bob',
      '--owner',
      WALLET.address,
      '--threshold',
      '2',
      '--payer',
      'payer',
      ...withPassphrase('--max-cost', '0.05 ETH'),
    ]
    const created = await json(...args)
    expect(created).toMatchObject({ name: 'ops', created: true, version: '1.5.0', threshold: 2 })
    safe = created.safe
    await fundLocal(chain.url, safe, 10n ** 18n)
    await mintTestToken(chain.url, usdc, safe, 100_000n * 10n ** 6n)
    const shown = await text('treasury', 'show', 'ops')
    expect(shown).toMatch(/Threshold +2 of 3/)
    expect(shown).toMatch(/100,000\.00 USDC/)
    expect(shown).toContain('Enforced by the chain:')
    expect(await text('treasury', 'list')).toContain(safe)
  })

  it('adopts that Safe in another home, which holds none of its keys', async () => {
    const elsewhere = ['--home', path('elsewhere')]
    await json('init', '--admin', WALLET.address, ...elsewhere)
    await json('chain', 'add', 'local', '--rpc', chain.url, ...elsewhere)
    expect(await json('treasury', 'adopt', 'theirs', safe, ...elsewhere)).toMatchObject({
      safe,
      threshold: 2,
      payer: null,
    })
    expect((await json('treasury', 'show', 'theirs', ...elsewhere)).changed).toEqual([])
  })
})

describe('when an invoice is paid', () => {
  let id: string
  let digest: string

  it('proposes it once, however often the same key is used', async () => {
    const args = [
      'propose',
      'transfer',
      '--asset',
      'USDC',
      '--to',
      'acme-supplies',
      '--amount',
      '12500.00',
      '--memo',
      'invoice 42',
      '--idempotency-key',
      'invoice-42',
      '--expires',
      '3d',
    ]
    const made = await json(...args)
    expect(made).toMatchObject({
      created: true,
      request: {
        nonce: '0',
        memo: 'invoice 42',
        action: { kind: 'transfer', amount: '12500000000', recipient: VENDOR },
      },
    })
    id = made.request.id
    digest = made.review.digests.digest
    const again = await text(...args)
    expect(again).toContain(`Known already: ${id}`)
    expect(again).toContain('12,500.00 USDC')
    expect(again).toContain(digest)
  })

  it('shows and lists it as text, as JSON and as CSV', async () => {
    expect(await text('show', id)).toMatch(/State +open[\s\S]*Approved by +nobody yet/)
    expect(await text('list')).toMatch(new RegExp(`^${id} +ops +0 +open`, 'm'))
    expect((await text('list', '--csv')).split('\n').slice(0, 2)).toEqual([
      'id,treasury,nonce,state,what',
      `${id},ops,0,open,"12,500.00 USDC to acme-supplies"`,
    ])
    expect(await json('list', '--state', 'executed')).toEqual([])
  })

  it('takes two approvals by digest and refuses the same owner twice', async () => {
    const approve = (key: string) => ['approve', id, '--key', key, '--digest', digest, ...withPin()]
    expect(await json(...approve('alice'))).toMatchObject({ signed: true, have: 1, need: 2, ready: false })
    expect(await refusal(3, ...approve('alice'))).toBe('APPROVAL_DUPLICATE')
    expect(await refusal(3, 'execute', id, ...withPassphrase())).toBe('APPROVAL_MISSING')
    expect(await text(...approve('bob'))).toMatch(/Signatures +2 of 2\n +Owed +nothing/)
  })

  it('G4 executes it once and gives the same outcome when asked again', async () => {
    const done = await json('execute', id, ...withPassphrase('--max-fee', '150 gwei'))
    expect(done).toMatchObject({ id, success: true, safeTxHash: digest, outside: false })
    const again = await text('execute', id, ...withPassphrase())
    expect(again).toContain(done.transactionHash)
    expect((await json('treasury', 'show', 'ops')).account.nonce).toBe('1')
    expect((await json('show', id)).state).toBe('executed')
  })
})

describe('when other things are proposed', () => {
  it('a batch is exported, signed by another tool and handed in', async () => {
    const csv = file('payouts.csv', 'to,asset,amount,memo\nacme-supplies,USDC,10.50,one\nacme-supplies,ETH,0.001,two\n')
    const made = await json('propose', 'batch', csv, '--treasury', 'ops')
    const { id } = made.request
    const exported = await json('approve', id, '--export', path('to-sign.json'))
    const { domain, types, message } = JSON.parse(readFileSync(path('to-sign.json'), 'utf8'))
    delete types.EIP712Domain
    const signature = await WALLET.signTypedData(domain, types, message)
    expect(exported.digests.digest).toBe(made.review.digests.digest)
    expect((await json('show', id)).liveOnChain).toBe(true)
    expect(
      await json('approve', id, '--signature', file('signature', `${signature}\n`), '--owner', WALLET.address),
    ).toMatchObject({ have: 1, owner: WALLET.address })
    expect(
      await json(
        'approve',
        id,
        '--key',
        'bob',
        '--digest',
        made.review.digests.digest,
        '--passphrase-file',
        `bob=${path('pin')}`,
      ),
    ).toMatchObject({ have: 2, ready: true })
    expect(await text('execute', id, ...withPassphrase())).toMatch(/ExecutionSuccess/)
  })

  it('a Transaction Builder file is read, and withdrawn while nobody has signed', async () => {
    const builder = file(
      'builder.json',
      JSON.stringify({
        version: '1.0',
        chainId: '31337',
        meta: {},
        transactions: [{ to: VENDOR, value: '1000', data: '0x' }],
      }),
    )
    const { request } = await json('propose', 'batch', builder)
    expect(request.nonce).toBe('2')
    expect(await text('reject', request.id)).toContain('Withdrawn')
    expect(await refusal(3, 'reject', request.id)).toBe('REQUEST_CLOSED')
  })

  it('a call is proposed with its signature, and one that no rule allows is refused', async () => {
    const mint = ['propose', 'call', '--to', usdc, '--sig', 'mint(address,uint256)', '--nonce', '9']
    expect((await json(...mint, VENDOR, '5')).review.call.signature).toBe('mint(address,uint256)')
    expect(await refusal(3, 'propose', 'call', '--to', usdc, '--sig', 'burn(uint256)', '5')).toBe('POLICY_DENIED')
    expect(await refusal(3, 'propose', 'call', '--to', VENDOR, '--sig', 'pause()', '--delegatecall')).toBe(
      'DELEGATECALL_DENIED',
    )
  })

  it('a message is signed for EIP-1271 and cannot be executed', async () => {
    const made = await json('propose', 'message', '--text', 'We control this account.')
    const { id } = made.request
    for (const key of ['alice', 'bob'])
      await json('approve', id, '--key', key, '--digest', made.review.digests.digest, ...withPin())
    expect((await json('show', id)).packed).toMatch(/^0x[0-9a-f]{260}$/)
    expect(await refusal(2, 'execute', id, ...withPassphrase())).toBe('USAGE')
  })

  it('a signed request is rejected on chain by the empty transaction that takes its nonce', async () => {
    const made = await json('propose', 'transfer', '--asset', 'USDC', '--to', 'acme-supplies', '--amount', '1')
    const { id, nonce } = made.request
    await json('approve', id, '--key', 'alice', '--digest', made.review.digests.digest, ...withPin())
    const rejected = await json('reject', id, '--memo', 'a mistake')
    expect(rejected).toMatchObject({
      withdrawn: false,
      proposed: { request: { nonce, action: { kind: 'rejection', rejects: id } } },
    })
    for (const key of ['alice', 'bob'])
      await json(
        'approve',
        rejected.id,
        '--key',
        key,
        '--digest',
        rejected.proposed.review.digests.digest,
        ...withPin(),
      )
    await json('execute', rejected.id, ...withPassphrase())
    expect((await json('show', id)).state).toBe('superseded')
    expect(await text('list')).toMatch(new RegExp(`${id} +ops +${nonce} +superseded`))
  })
})

describe('when somebody pulls the brake', () => {
  it('G8 freezes at once and thaws after the admins and the delay', async () => {
    const made = await json('propose', 'transfer', '--asset', 'USDC', '--to', 'acme-supplies', '--amount', '2')
    expect(await text('freeze', '--reason', 'laptop of alice stolen')).toMatch(/^Frozen by local:/)
    expect(await refusal(3, 'approve', made.request.id, '--export', path('frozen.json'))).toBe('FROZEN')
    expect(await refusal(3, 'unfreeze')).toBe('POLICY_UNSIGNED')
    expect(await refusal(3, 'unfreeze', '--key', 'admin', ...withPassphrase())).toBe('THAW_WAITS')
    expect(await refusal(3, 'unfreeze')).toBe('THAW_WAITS')
    const later = await runCoffer(['unfreeze', '--json'], { home, env: { NODE_OPTIONS: LATER } })
    expect(documentOf(later)).toEqual({ frozen: false })
  })
})

describe('when the log is read', () => {
  // The thaw was recorded two hours ahead of this clock, so what follows must not write.
  it('lists, verifies, extends an older checkpoint, proves an entry and exports itself', async () => {
    const at = async (...args: readonly string[]) =>
      documentOf(await runCoffer([...args, '--json'], { home, env: { NODE_OPTIONS: LATER } }))
    expect(await text('log', 'list', '--type', 'request')).toMatch(/request\.proposed/)
    await text('log', 'checkpoint', '--out', path('older'))
    await at('freeze', '--reason', 'one more entry')
    const verified = await json('log', 'verify', '--since', path('older'))
    expect(verified).toMatchObject({ verified: true, since: verified.size - 1 })
    expect(await text('log', 'verify')).toMatch(/^The log is whole\./)
    const [first] = await json<{ data: { id: string }; seq: number }[]>(
      'log',
      'list',
      '--type',
      'request.proposed',
      '--limit',
      '1',
    )
    const proven = await json('log', 'proof', first?.data.id ?? '')
    expect(proven).toMatchObject({ seq: first?.seq, proof: expect.stringContaining('c2sp.org/tlog-proof@v1') })
    await text('log', 'proof', '0', '--out', path('zero.tlog-proof'))
    expect(readFileSync(path('zero.tlog-proof'), 'utf8')).toContain('index 0')
    expect(await json('log', 'export', path('audit'))).toMatchObject({ size: verified.size })
    expect(readdirSync(path('audit')).sort()).toEqual(['checkpoint', 'entries.jsonl', 'vkey'])
    expect(readFileSync(path('audit/entries.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(verified.size)
  })
})

it('G3 prints no secret and no stack trace in all of it', () => {
  const all = everything.join('\n')
  expect(all.length).toBeGreaterThan(50_000)
  for (const secret of [PIN, PASSPHRASE, WALLET.privateKey.slice(2)]) expect(all).not.toContain(secret)
  expect(all).not.toMatch(/^\s+at .+:\d+:\d+/m)
})
