import { hashTypedData } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hex } from '../../src/primitives/hex.ts'
import { createOperations, type OperationName } from '../../src/service/operations.ts'
import { testSigner } from '../broadcast/test-signer.ts'
import { newPerson, SECRET, startWorld, type TestHome, USDC, VENDOR_ADDRESS, type World } from '../support/stage.ts'
import { codeOf, editDatabase } from '../support/stage-outside.ts'

const DELAYED = (document: string): string =>
  document.replace('    initiatorMayApprove: true\n', '    initiatorMayApprove: true\n    delay: 1h\n')
const THREE_APPROVALS = (document: string): string => document.replace('count: 2', 'count: 3')

let world: World
let plain: TestHome
let delayed: TestHome
let three: TestHome
beforeAll(async () => {
  world = await startWorld()
  plain = await world.home()
  delayed = await world.home({ policy: DELAYED })
  three = await world.home({ policy: THREE_APPROVALS })
})
afterAll(() => world.close())

const signaturesOf = async (home: TestHome, id: string): Promise<string[]> =>
  (
    await home.coffer.ledger.db
      .selectFrom('signatures')
      .select(['owner', 'signature'])
      .where('request_id', '=', id)
      .execute()
  ).flatMap(({ owner, signature }) => (signature === null ? [] : [owner]))

describe('when somebody asks for a signature over something that cannot be read', () => {
  it.each([
    ['32 bytes of hexadecimal', { text: `0x${'ab'.repeat(32)}` }],
    [
      'a Safe transaction as typed data',
      {
        typedData: JSON.stringify({
          types: { SafeTx: [{ name: 'to', type: 'address' }] },
          primaryType: 'SafeTx',
          domain: { chainId: 31337 },
          message: { to: VENDOR_ADDRESS },
        }),
      },
    ],
  ])('G1 refuses %s with OPAQUE_MESSAGE', async (_what, message) => {
    const treasury = await plain.treasury()
    await expect(
      plain.pipeline.propose({ treasury: treasury.name, action: { kind: 'message', ...message } }),
    ).rejects.toThrowWithCode('OPAQUE_MESSAGE')
  })

  it('G1 no operation of the signer takes a bare hash', async () => {
    const operations = createOperations(plain.directory, () => {})
    const names = Object.keys(operations.table) as OperationName[]
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => /sign(?!ature)/i.test(name))).toEqual([])
    for (const name of names) {
      for (const field of ['hash', 'digest', 'message', 'data']) {
        const asked = operations.run(name, { [field]: `0x${'ab'.repeat(32)}`, key: 'alice', secret: SECRET })
        await expect(asked, `${name} ${field}`).rejects.toThrowWithCode('MESSAGE_INVALID')
      }
    }
    await operations.close()
  })

  it('G1 an owner’s key signs its approval and the SafeTx, as another implementation computes them, and nothing else', async () => {
    const treasury = await plain.treasury()
    const proposed = await plain.pay(treasury, '100.00')
    const signed: Hex[] = []
    const watched = plain.through({
      openSigner: async (record, secret) => {
        const signer = await plain.coffer.openSigner(record, secret)
        return { ...signer, sign: (digest) => (signed.push(digest), signer.sign(digest)) }
      },
    })
    const { id } = proposed.request
    await watched.approve({ id, digest: proposed.review.digests.digest, key: 'alice', secret: SECRET })
    const row = await plain.coffer.ledger.db
      .selectFrom('approvals')
      .selectAll()
      .where('request_id', '=', id)
      .executeTakeFirstOrThrow()
    const approval = hashTypedData({
      domain: { name: 'Coffer', version: '1', chainId: 31337 },
      types: {
        Approval: [
          { name: 'requestDigest', type: 'bytes32' },
          { name: 'effectDigest', type: 'bytes32' },
          { name: 'logSize', type: 'uint256' },
          { name: 'logRoot', type: 'bytes32' },
        ],
      },
      primaryType: 'Approval',
      message: {
        requestDigest: proposed.digest,
        effectDigest: proposed.review.digests.digest,
        logSize: BigInt(row.log_size),
        logRoot: row.log_root as Hex,
      },
    })
    const data: Hex = `0xa9059cbb${VENDOR_ADDRESS.slice(2).toLowerCase().padStart(64, '0')}${(100n * USDC).toString(16).padStart(64, '0')}`
    const zero = '0x0000000000000000000000000000000000000000'
    const fields = [
      'address to',
      'uint256 value',
      'bytes data',
      'uint8 operation',
      'uint256 safeTxGas',
      'uint256 baseGas',
      'uint256 gasPrice',
      'address gasToken',
      'address refundReceiver',
      'uint256 nonce',
    ]
    const types: Record<string, { name: string; type: string }[]> = {
      SafeTx: fields.map((field) => ({ type: field.split(' ')[0] ?? '', name: field.split(' ')[1] ?? '' })),
    }
    const safeTx = hashTypedData({
      domain: { chainId: 31337, verifyingContract: treasury.safe },
      types,
      primaryType: 'SafeTx',
      message: {
        to: world.token,
        value: 0n,
        data,
        operation: 0,
        safeTxGas: 0n,
        baseGas: 0n,
        gasPrice: 0n,
        gasToken: zero,
        refundReceiver: zero,
        nonce: 0n,
      },
    })
    expect(signed).toEqual([approval, safeTx])
  })
})

describe('when a signature would complete the threshold', () => {
  it('G1 waits for the delay, and is made once it has passed', async () => {
    const proposed = await delayed.pay(await delayed.treasury(), '100.00')
    expect(await delayed.approve(proposed, 'alice')).toMatchObject({ signed: true, ready: false })
    await expect(delayed.approve(proposed, 'bob')).rejects.toThrowWithCode('SIGNATURE_WAITS')
    expect(await signaturesOf(delayed, proposed.request.id)).toEqual([delayed.person('alice').address])
    await expect(delayed.execute(proposed)).rejects.toThrowWithCode('APPROVAL_MISSING')
    delayed.clock.skip(3601)
    expect(await delayed.approve(proposed, 'bob')).toMatchObject({ signed: true, ready: true })
  })

  it('G1 waits for every approval that the policy asks for', async () => {
    const proposed = await three.pay(await three.treasury(), '100.00')
    await three.approve(proposed, 'alice')
    await expect(three.approve(proposed, 'bob')).rejects.toThrowWithCode('SIGNATURE_WAITS')
    expect(await signaturesOf(three, proposed.request.id)).toEqual([three.person('alice').address])
    expect(await three.approve(proposed, 'carol')).toMatchObject({ signed: true, ready: true })
  })

  it('G1 two or three owners who approve at the same moment make one signature that does not complete', async () => {
    for (const owners of [
      ['alice', 'bob'],
      ['alice', 'bob', 'carol'],
    ]) {
      const proposed = await delayed.pay(await delayed.treasury(), '100.00')
      const codes = await Promise.all(owners.map((owner) => codeOf(delayed.approve(proposed, owner))))
      expect(codes.toSorted()).toEqual([...owners.slice(1).map(() => 'SIGNATURE_WAITS'), 'done'])
      expect(await signaturesOf(delayed, proposed.request.id)).toHaveLength(1)
    }
  })

  it('G1 is not taken for an early one when the rows of the earlier ones were deleted', async () => {
    const proposed = await delayed.pay(await delayed.treasury(), '100.00')
    await delayed.approve(proposed, 'alice')
    editDatabase(
      delayed.directory,
      (database) => void database.prepare('delete from signatures where request_id = ?').run(proposed.request.id),
    )
    await expect(delayed.approve(proposed, 'bob')).rejects.toThrowWithCode('SIGNATURE_WAITS')
    expect(await signaturesOf(delayed, proposed.request.id)).toEqual([])
  })

  it('G1 is not made when the simulation reverts', async () => {
    const treasury = await plain.treasury({ usdc: 100n })
    const first = await plain.pay(treasury, '60.00')
    const second = await plain.pay(treasury, '60.00')
    for (const owner of ['alice', 'bob']) await plain.approve(first, owner)
    await plain.approve(second, 'alice')
    await plain.execute(first)
    await expect(plain.approve(second, 'bob')).rejects.toThrowWithCode('SIMULATION_FAILED')
    await expect(plain.pipeline.exportRequest(second.request.id)).rejects.toThrowWithCode('SIMULATION_FAILED')
    expect(await signaturesOf(plain, second.request.id)).toEqual([plain.person('alice').address])
  })
})

describe('when the bytes to sign are handed out', () => {
  it('G1 G5 reserves the limits at once, as if the signatures existed', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    for (const amount of ['20000.00', '20000.00'])
      await home.pipeline.exportRequest((await home.pay(treasury, amount)).request.id)
    await expect(home.pay(treasury, '20000.00')).rejects.toThrowWithCode('LIMIT_WINDOW')
    const held = [...(await home.coffer.ledger.registers()).reservations.values()]
    expect(held.map(({ state, amount }) => `${state} ${amount}`)).toEqual([
      'reserved 20000000000',
      'reserved 20000000000',
    ])
  })

  it('G1 waits for the delay, and for approvals that the signatures alone would leave owed', async () => {
    const early = await delayed.pay(await delayed.treasury(), '100.00')
    await expect(delayed.pipeline.exportRequest(early.request.id)).rejects.toThrowWithCode('SIGNATURE_WAITS')
    const proposed = await three.pay(await three.treasury(), '100.00')
    await expect(three.pipeline.exportRequest(proposed.request.id)).rejects.toThrowWithCode('SIGNATURE_WAITS')
  })

  it('G1 every later signature in Coffer counts as the completing one', async () => {
    const proposed = await plain.pay(await plain.treasury(), '100.00')
    await plain.pipeline.exportRequest(proposed.request.id)
    editDatabase(
      plain.directory,
      (database) => void database.prepare('update requests set exported = 0 where id = ?').run(proposed.request.id),
    )
    await expect(plain.approve(proposed, 'alice')).rejects.toThrowWithCode('SIGNATURE_WAITS')
    expect(await plain.approve(proposed, 'bob')).toMatchObject({ signed: true })
    expect(await plain.pipeline.reject({ id: proposed.request.id })).toMatchObject({ withdrawn: false })
  })
})

describe('when one person freezes', () => {
  it('G8 stops approvals, exports and executions at once, and lets rejections through', async () => {
    const home = await world.home()
    const treasury = await home.treasury()
    const signed = await home.pay(treasury, '100.00')
    for (const owner of ['alice', 'bob']) await home.approve(signed, owner)
    const open = await home.pay(treasury, '50.00')
    await home.pipeline.freeze('a laptop is gone')
    await expect(home.execute(signed)).rejects.toThrowWithCode('FROZEN')
    await expect(home.approve(open, 'alice')).rejects.toThrowWithCode('FROZEN')
    await expect(home.pipeline.exportRequest(open.request.id)).rejects.toThrowWithCode('FROZEN')
    expect(await signaturesOf(home, open.request.id)).toEqual([])
    expect(await world.nonceOf(treasury.safe)).toBe(0n)

    const rejection = await home.pipeline.reject({ id: signed.request.id })
    if (rejection.withdrawn) throw new Error('a signed request was withdrawn')
    for (const owner of ['bob', 'carol']) await home.approve(rejection.proposed, owner)
    await home.execute(rejection.proposed)
    expect(await world.nonceOf(treasury.safe)).toBe(1n)
    expect(await home.pipeline.show(signed.request.id)).toMatchObject({ state: 'superseded', liveOnChain: false })
  })

  it('G8 thaws only with the admins’ signatures and after the delay', async () => {
    const home = await world.home()
    const proposed = await home.pay(await home.treasury(), '100.00')
    await home.pipeline.freeze('a laptop is gone')
    await expect(home.pipeline.unfreeze([], [])).rejects.toThrowWithCode('POLICY_UNSIGNED')
    await expect(home.pipeline.unfreeze([testSigner(newPerson().privateKey)], [])).rejects.toThrowWithCode(
      'POLICY_UNSIGNED',
    )
    await expect(home.pipeline.unfreeze([testSigner(home.admin.privateKey)], [])).rejects.toThrowWithCode('THAW_WAITS')
    home.clock.skip(86_390)
    await expect(home.pipeline.unfreeze([], [])).rejects.toThrowWithCode('THAW_WAITS')
    await expect(home.approve(proposed, 'alice')).rejects.toThrowWithCode('FROZEN')
    home.clock.skip(11)
    expect(await home.pipeline.unfreeze([], [])).toEqual({ frozen: false })
    expect(await home.approve(proposed, 'alice')).toMatchObject({ signed: true })
  })

  it('G8 a thaw does not lift a freeze that came after it', async () => {
    const home = await world.home()
    await home.pipeline.freeze('first')
    await expect(home.pipeline.unfreeze([testSigner(home.admin.privateKey)], [])).rejects.toThrowWithCode('THAW_WAITS')
    await home.pipeline.freeze('second')
    home.clock.skip(86_401)
    await expect(home.pipeline.unfreeze([], [])).rejects.toThrowWithCode('POLICY_UNSIGNED')
  })
})
