import { execFileSync, fork } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { CustodyError } from '../../src/errors.ts'
import { type SignerClient, startSigner } from '../../src/service/local/client.ts'

const ADMIN = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const SECRET = 'a secret that must stay in messages'
const entry = fileURLToPath(new URL('../../src/service/local/entry.ts', import.meta.url))

let home: string
let signer: SignerClient

function start(): void {
  home = join(mkdtempSync(join(tmpdir(), 'coffer-signer-')), 'home')
  signer = startSigner(home)
}

async function end(): Promise<void> {
  await signer.close()
  rmSync(join(home, '..'), { recursive: true, force: true })
}

const call = (operation: string, params: unknown): Promise<unknown> => signer.call(operation as never, params as never)
const initialise = (): Promise<unknown> =>
  signer.call('home.init', { admins: [ADMIN], threshold: 1, demo: false, adminKey: null })

/** The signer process of this home: the child of ours whose command line names it. */
function signerPid(): number {
  const own = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(home)
      } catch {
        return false
      }
    })
  expect(own).toHaveLength(1)
  return Number(own[0])
}

describe('when a door asks for something that is not on offer', () => {
  beforeAll(start)
  afterAll(end)

  it.each(['sign', 'toString', '__proto__', 'constructor', 'key.export', ''])(
    'refuses the operation "%s" with MESSAGE_INVALID',
    async (operation) => {
      await expect(call(operation, {})).rejects.toThrowWithCode('MESSAGE_INVALID')
    },
  )

  it.each([
    ['a missing parameter', 'show', {}],
    ['an unknown parameter', 'show', { id: 'r1', force: true }],
    ['a parameter of another type', 'log.list', { from: '0', limit: 1 }],
    ['a number where a bigint belongs', 'execute', { id: 'r1', secret: 'x', caps: { maxFeePerGas: 5 } }],
    ['a negative cap', 'execute', { id: 'r1', secret: 'x', caps: { maxFeePerGas: -1n } }],
    ['an unknown kind of action', 'propose', { treasury: 'ops', action: { kind: 'hash', hash: '0x' } }],
    ['no parameters', 'chain.add', null],
  ])('refuses %s with MESSAGE_INVALID and touches nothing', async (_, operation, params) => {
    await expect(call(operation, params)).rejects.toThrowWithCode('MESSAGE_INVALID')
    expect(existsSync(home)).toBe(false)
  })

  it('G1 offers no operation that signs bytes of the caller’s choice', async () => {
    for (const operation of ['key.sign', 'sign', 'signDigest', 'eth_sign', 'personal_sign', 'approve.hash']) {
      await expect(
        call(operation, { key: 'alice', digest: `0x${'11'.repeat(32)}`, secret: SECRET }),
      ).rejects.toThrowWithCode('MESSAGE_INVALID')
    }
  })
})

describe('when the messages themselves are not what a door sends', () => {
  beforeEach(start)
  afterEach(end)

  it('answers none of them, and goes on answering those that are', async () => {
    const child = fork(entry, [home], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const replies: { id: number; kind: string }[] = []
    child.on('message', (message) => replies.push(message as { id: number; kind: string }))
    for (const message of [
      null,
      'hello',
      7,
      [],
      {},
      { id: '1', operation: 'token.find', params: {} },
      { id: 1.5, operation: 'token.find', params: {} },
      { id: 2, operation: 'token.find', params: {}, more: 1 },
    ]) {
      child.send(message as object)
    }
    child.send({ id: 9, operation: 'token.find', params: {} })
    while (replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(replies.map(({ id, kind }) => ({ id, kind }))).toEqual([{ id: 9, kind: 'result' }])
  })
})

describe('when the signer dies', () => {
  beforeEach(start)
  afterEach(end)

  it('fails calls under way and calls after it with SIGNER_UNAVAILABLE', async () => {
    await initialise()
    const pid = signerPid()
    const underWay = signer.call('key.generate', { name: 'alice', store: 'keystore', secret: SECRET })
    const failed = expect(underWay).rejects.toThrowWithCode('SIGNER_UNAVAILABLE')
    process.kill(pid, 'SIGKILL')
    await failed
    await expect(signer.call('key.list', {})).rejects.toThrowWithCode('SIGNER_UNAVAILABLE')
  })

  it('leaves a home that the next signer opens whole', async () => {
    await initialise()
    process.kill(signerPid(), 'SIGKILL')
    await expect(signer.call('key.list', {})).rejects.toThrowWithCode('SIGNER_UNAVAILABLE')
    signer = startSigner(home)
    expect(await signer.call('log.verify', {})).toMatchObject({ verified: true, size: 1 })
  })
})

describe('when the door goes away', () => {
  beforeEach(start)
  afterEach(end)

  it('ends with it, also when the door was killed', async () => {
    const script = `import { startSigner } from ${JSON.stringify(new URL('../../src/service/local/client.ts', import.meta.url).href)}
      const signer = startSigner(process.argv[1])
      await signer.call('token.find', {})
      process.kill(process.pid, 'SIGKILL')`
    const elsewhere = `${home}-elsewhere`
    expect(() =>
      execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script, elsewhere], { stdio: 'ignore' }),
    ).toThrow()
    const alive = (): boolean =>
      readdirSync('/proc').some((pid) => {
        try {
          return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(elsewhere)
        } catch {
          return false
        }
      })
    const end = performance.now() + 10_000
    while (alive() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(alive()).toBe(false)
  })
})

describe('G3 when a secret goes to the signer', () => {
  beforeEach(start)
  afterEach(end)

  it('stands in neither its command line nor its environment nor what it says', async () => {
    await initialise()
    const pid = signerPid()
    await signer.call('key.generate', { name: 'alice', store: 'keystore', secret: SECRET })
    for (const file of ['cmdline', 'environ']) {
      const text = readFileSync(`/proc/${pid}/${file}`, 'utf8')
      expect(text.length).toBeGreaterThan(0)
      expect(text).not.toContain(SECRET)
    }
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe(process.execPath)
    const refused = await signer
      .call('key.generate', { name: 'bob', store: 'keystore', secret: 'short-secret' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CustodyError)
    expect(JSON.stringify([refused, (refused as Error).message, (refused as Error).stack])).not.toContain(
      'short-secret',
    )
  })

  it('is not repeated by a refusal of the message that carried it', async () => {
    const refused = (await call('approve', { id: 'r1', digest: '0x', key: 'alice', secret: { text: SECRET } }).catch(
      (error: unknown) => error,
    )) as CustodyError
    expect(refused.code).toBe('MESSAGE_INVALID')
    expect(JSON.stringify(refused) + refused.message).not.toContain(SECRET)
    const long = (await call('approve', { id: 'r1', digest: '0x', key: 'alice', secret: SECRET.repeat(100) }).catch(
      (error: unknown) => error,
    )) as CustodyError
    expect(long.code).toBe('MESSAGE_INVALID')
    expect(long.message.length).toBeLessThan(200)
    expect(long.message).not.toContain(SECRET)
  })
})
