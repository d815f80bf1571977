import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HDNodeWallet } from 'ethers'
import { describe, expect, it } from 'vitest'
import { LOCAL_ACCOUNTS } from '../../src/chain/local/accounts.ts'
import { startLocalChain, stopLocalChain } from '../../src/chain/local/node.ts'

async function chainId(url: string): Promise<string | null> {
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return ((await answer.json()) as { result: string }).result
  } catch {
    return null
  }
}

async function untilGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    // A zombie still answers signals; its state tells.
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return false
}

describe('the published development accounts', () => {
  it('are the first five of the mnemonic, by an independent derivation', () => {
    for (const [index, account] of LOCAL_ACCOUNTS.entries()) {
      const wallet = HDNodeWallet.fromPhrase(
        'test test test test test test test test test test test junk',
        '',
        `m/44'/60'/0'/0/${index}`,
      )
      expect(account).toEqual({ address: wallet.address, privateKey: wallet.privateKey })
    }
    expect(LOCAL_ACCOUNTS).toHaveLength(5)
  })
})

describe('when a local chain is started', () => {
  it('answers with chain id 31337 on loopback and is gone after stop, twice', async () => {
    const chain = await startLocalChain()
    expect(chain.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await chainId(chain.url)).toBe('0x7a69')
    await chain.stop()
    await chain.stop()
    expect(await chainId(chain.url)).toBeNull()
    expect(await untilGone(chain.pid)).toBe(true)
  })

  it('refuses a port that is taken, and leaves the holder alone', async () => {
    const first = await startLocalChain()
    try {
      await expect(startLocalChain({ port: Number(new URL(first.url).port) })).rejects.toThrowWithCode(
        'CHAIN_UNREACHABLE',
      )
      expect(await chainId(first.url)).toBe('0x7a69')
    } finally {
      await first.stop()
    }
  })

  it('dies with a parent that is killed without warning', async () => {
    const module = new URL('../../src/chain/local/node.ts', import.meta.url).href
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
      const { startLocalChain } = await import(${JSON.stringify(module)})
      const chain = await startLocalChain()
      console.log(JSON.stringify({ pid: chain.pid, url: chain.url }))
      setInterval(() => {}, 1000)
    `,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const line = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(data.toString())),
    )
    const { pid, url } = JSON.parse(line) as { pid: number; url: string }
    expect(await chainId(url)).toBe('0x7a69')
    parent.kill('SIGKILL')
    expect(await untilGone(pid)).toBe(true)
    expect(await chainId(url)).toBeNull()
  })

  it('outlives its parent when detached, writes its log, and ends by its process id', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-node-'))
    const log = join(folder, 'node.log')
    const module = new URL('../../src/chain/local/node.ts', import.meta.url).href
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
      const { startLocalChain } = await import(${JSON.stringify(module)})
      const chain = await startLocalChain({ detached: true, log: ${JSON.stringify(log)} })
      console.log(JSON.stringify({ pid: chain.pid, url: chain.url }))
    `,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let line = ''
    parent.stdout.on('data', (data: Buffer) => {
      line += data.toString()
    })
    const status = await new Promise((resolve) => parent.once('close', resolve))
    const { pid, url } = JSON.parse(line) as { pid: number; url: string }
    try {
      expect(status).toBe(0)
      expect(await chainId(url)).toBe('0x7a69')
      expect(readFileSync(log, 'utf8')).toContain('eth_chainId')
    } finally {
      await stopLocalChain(pid)
      rmSync(folder, { recursive: true })
    }
    expect(await chainId(url)).toBeNull()
    await expect(stopLocalChain(pid)).rejects.toThrowWithCode('NOT_FOUND')
  })
})
