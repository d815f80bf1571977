import { createHash } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as fc from 'fast-check'
import { SigningKey } from 'ethers'
import { describe, expect, it, vi } from 'vitest'
import type { Address } from '../../../src/primitives/address.ts'
import { bytesToHex, type Hex } from '../../../src/primitives/hex.ts'
import { openKeystoreSigner } from '../../../src/sign/keystore/signer.ts'
import type * as storage from '../../../src/sign/keystore/web3-secret-storage.ts'
import vector from '../../vectors/rfc6979-secp256k1.json' with { type: 'json' }
import { expectAgreement } from '../agreement.ts'
import { temporaryFolder, writeKeyFile } from './key-file.ts'

// The real derivation, but the test keeps hold of the buffer with the key, to see it wiped.
const handedOut = vi.hoisted((): Uint8Array[] => [])
vi.mock('../../../src/sign/keystore/web3-secret-storage.ts', async (original) => {
  const real = await original<typeof storage>()
  return {
    ...real,
    decryptKeystore: async (...parameters: Parameters<typeof real.decryptKeystore>) => {
      const key = await real.decryptKeystore(...parameters)
      handedOut.push(key)
      return key
    },
  }
})

const lie = vi.hoisted(() => ({ signature: null as Uint8Array | null }))
vi.mock('@noble/curves/secp256k1.js', async (original) => {
  const real = await original<{ secp256k1: typeof secp256k1 }>()
  return {
    ...real,
    secp256k1: {
      ...real.secp256k1,
      sign: (...parameters: Parameters<typeof secp256k1.sign>) => lie.signature ?? real.secp256k1.sign(...parameters),
    },
  }
})

const runs = Math.min(Number(process.env['FC_NUM_RUNS'] ?? 100), 100_000)
const folder = temporaryFolder()
const passphrase = 'seven swans swim slowly south'
const address = vector.address as Address
const one = Uint8Array.from(Buffer.from(vector.privateKey, 'hex'))
const digest: Hex = `0x${createHash('sha256').update(vector.message).digest('hex')}`

const openOne = async () => openKeystoreSigner(await writeKeyFile(folder, one, passphrase), address, passphrase)

describe('when a key from a file signs', () => {
  it('gives the RFC 6979 signature that is published for key 1', async () => {
    const signer = await openOne()
    expect(await signer.sign(digest)).toMatchObject({ r: vector.r, s: vector.s })
    await signer.close()
  })

  it('gives low s, the address back in noble, ethers and viem, and the bytes of ethers, for random digests', async () => {
    const signer = await openOne()
    const peer = new SigningKey(one)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (bytes) => {
        const random = bytesToHex(bytes)
        const signature = await signer.sign(random)
        await expectAgreement(random, signature, address)
        expect(signature).toEqual(expect.objectContaining(pick(peer.sign(random))))
      }),
      { numRuns: runs },
    )
    await signer.close()
  })

  it.each([
    '0x',
    `0x${'ab'.repeat(31)}`,
    `0x${'ab'.repeat(33)}`,
    `0x${'ab'.repeat(64)}`,
    `0x${'a'.repeat(63)}`,
    'ab'.repeat(32),
  ])('refuses %s, which is no digest of 32 bytes', async (bad) => {
    const signer = await openOne()
    await expect(signer.sign(bad as Hex)).rejects.toThrowWithCode('HEX_INVALID')
    await signer.close()
  })

  it('throws a signature away that does not recover to the key, with SIGNATURE_MISMATCH', async () => {
    const signer = await openOne()
    lie.signature = secp256k1.sign(Buffer.alloc(32, 7), one, { prehash: false, format: 'recovered' })
    try {
      await expect(signer.sign(digest)).rejects.toThrowWithCode('SIGNATURE_MISMATCH')
    } finally {
      lie.signature = null
    }
    await signer.close()
  })
})

describe('when a key file is opened', () => {
  it('refuses the file of another address with KEY_FILE_INVALID and wipes the key', async () => {
    const file = await writeKeyFile(folder, one, passphrase)
    await expect(
      openKeystoreSigner(file, '0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF', passphrase),
    ).rejects.toThrowWithCode('KEY_FILE_INVALID')
    expect([...(handedOut.at(-1) as Uint8Array)]).toEqual(Array<number>(32).fill(0))
  })

  it('refuses a wrong passphrase with PASSPHRASE_WRONG', async () => {
    const file = await writeKeyFile(folder, one, passphrase)
    await expect(openKeystoreSigner(file, address, `${passphrase} `)).rejects.toThrowWithCode('PASSPHRASE_WRONG')
  })

  it('refuses a file that is not there with FILE_UNREADABLE, and a folder with KEY_FILE_INVALID', async () => {
    await expect(openKeystoreSigner(join(folder, 'none.json'), address, passphrase)).rejects.toThrowWithCode(
      'FILE_UNREADABLE',
    )
    await expect(openKeystoreSigner(folder, address, passphrase)).rejects.toThrowWithCode('KEY_FILE_INVALID')
  })

  it.each(['640', '604', '660', '644'])('G3 refuses a key file of mode %s with FILE_PERMISSIONS', async (mode) => {
    const file = await writeKeyFile(folder, one, passphrase)
    chmodSync(file, parseInt(mode, 8))
    await expect(openKeystoreSigner(file, address, passphrase)).rejects.toThrowWithCode('FILE_PERMISSIONS')
  })
})

describe('when a signer of a key file is closed', () => {
  it('G3 wipes the key from memory and signs no more', async () => {
    const signer = await openOne()
    const key = handedOut.at(-1) as Uint8Array
    expect(Buffer.from(key).equals(one)).toBe(true)
    await signer.close()
    expect([...key]).toEqual(Array<number>(32).fill(0))
    await expect(signer.sign(digest)).rejects.toThrowWithCode('INTERNAL')
    await signer.close()
  })
})

function pick(signature: { r: string; s: string; yParity: 0 | 1 }) {
  return { r: signature.r, s: signature.s, yParity: signature.yParity }
}
