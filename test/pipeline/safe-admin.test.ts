import { encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Proposed } from '../../src/pipeline/propose.ts'
import type { Address } from '../../src/primitives/address.ts'
import { newPerson, SECRET, startWorld, type TestHome, type TestTreasury, type World } from '../support/stage.ts'
import { executeOutside } from '../support/stage-outside.ts'

const ADMIN = (document: string): string =>
  document
    .replace(
      'functions: [swapOwner]',
      'functions: [swapOwner, addOwnerWithThreshold, removeOwner, changeThreshold, setFallbackHandler]',
    )
    .replace('count: 3', 'count: 2')
    .replace('    delay: 24h\n', '')
const abi = parseAbi([
  'function swapOwner(address previousOwner, address oldOwner, address newOwner)',
  'function addOwnerWithThreshold(address owner, uint256 threshold)',
  'function removeOwner(address previousOwner, address owner, uint256 threshold)',
  'function changeThreshold(uint256 threshold)',
])
const SENTINEL = '0x0000000000000000000000000000000000000001'

let world: World
let home: TestHome
beforeAll(async () => {
  world = await startWorld()
  home = await world.home({ policy: ADMIN, maxPer24h: '1000000' })
})
afterAll(() => world.close())

const address = (name: string): Address => home.person(name).address
const recordOf = async ({ name }: TestTreasury) => (await home.coffer.ledger.registers()).treasuries.get(name)

async function sign(proposed: Proposed): Promise<Proposed> {
  for (const owner of ['alice', 'bob']) await home.approve(proposed, owner)
  return proposed
}

const swapCarol = (treasury: TestTreasury, by: Address): Promise<Proposed> =>
  home.pipeline.propose({
    treasury: treasury.name,
    action: {
      kind: 'call',
      to: treasury.safe,
      sig: 'swapOwner(address,address,address)',
      args: [address('bob'), address('carol'), by],
    },
  })

describe('when an approved request changes the Safe itself', () => {
  it('the record follows, and payments go on with the new owners', async () => {
    const treasury = await home.treasury()
    const { address: dave } = newPerson()
    await home.execute(await sign(await swapCarol(treasury, dave)))
    expect(await recordOf(treasury)).toMatchObject({ owners: [address('alice'), address('bob'), dave], threshold: 2 })
    const changed = (await home.coffer.ledger.entries())
      .map(({ entry }) => entry)
      .filter(({ type }) => type === 'treasury.changed')
    expect(changed).toHaveLength(1)
    expect(await home.execute(await sign(await home.pay(treasury, '10.00')))).toMatchObject({ success: true })
    await expect(home.approve(await home.pay(treasury, '10.00'), 'payer')).rejects.toThrowWithCode('KEY_NOT_OWNER')
  })

  it('the record follows every call of a batch', async () => {
    const treasury = await home.treasury()
    const { address: dave } = newPerson()
    const calls = [
      encodeFunctionData({ abi, functionName: 'addOwnerWithThreshold', args: [dave, 2n] }),
      encodeFunctionData({ abi, functionName: 'removeOwner', args: [address('bob'), address('carol'), 2n] }),
      encodeFunctionData({ abi, functionName: 'changeThreshold', args: [3n] }),
    ]
    const text = JSON.stringify({
      version: '1.0',
      chainId: '31337',
      transactions: calls.map((data) => ({ to: treasury.safe, value: '0', data })),
    })
    await home.execute(
      await sign(
        await home.pipeline.propose({ treasury: treasury.name, action: { kind: 'batch', format: 'json', text } }),
      ),
    )
    expect(await recordOf(treasury)).toMatchObject({ owners: [dave, address('alice'), address('bob')], threshold: 3 })
    expect((await home.pay(treasury, '10.00')).review.account).toMatchObject({
      threshold: 3,
      owners: [dave, address('alice'), address('bob')],
    })
  })

  it('two of them that land before Coffer looks again are both followed', async () => {
    const treasury = await home.treasury()
    const { address: dave } = newPerson()
    const { address: erin } = newPerson()
    await home.pipeline.exportRequest((await swapCarol(treasury, dave)).request.id)
    const second = await home.pipeline.propose({
      treasury: treasury.name,
      action: { kind: 'call', to: treasury.safe, sig: 'addOwnerWithThreshold(address,uint256)', args: [erin, '2'] },
    })
    await home.pipeline.exportRequest(second.request.id)
    const people = [home.person('alice'), home.person('bob')]
    await executeOutside(world, treasury, people, {
      data: encodeFunctionData({ abi, functionName: 'swapOwner', args: [address('bob'), address('carol'), dave] }),
    })
    await executeOutside(world, treasury, people, {
      data: encodeFunctionData({ abi, functionName: 'addOwnerWithThreshold', args: [erin, 2n] }),
    })
    expect((await home.pay(treasury, '10.00')).review.account.owners).toEqual([
      erin,
      address('alice'),
      address('bob'),
      dave,
    ])
    expect(await recordOf(treasury)).toMatchObject({ owners: [erin, address('alice'), address('bob'), dave] })
  })

  it('a reorganisation that takes the change back takes the record back too', async () => {
    const treasury = await home.treasury()
    const { address: dave } = newPerson()
    const proposed = await sign(await swapCarol(treasury, dave))
    const before = await world.rpc.result('evm_snapshot', [])
    await home.execute(proposed)
    expect(await recordOf(treasury)).toMatchObject({ owners: [address('alice'), address('bob'), dave] })
    await world.rpc.result('evm_revert', [before])
    await world.mine(3)
    expect(await home.pipeline.show(proposed.request.id)).toMatchObject({ state: 'signed', liveOnChain: true })
    expect(await recordOf(treasury)).toMatchObject({ owners: [address('alice'), address('bob'), address('carol')] })
    expect(await home.execute(proposed)).toMatchObject({ success: true })
    expect(await recordOf(treasury)).toMatchObject({ owners: [address('alice'), address('bob'), dave] })
  })
})

describe('when the Safe is changed outside Coffer', () => {
  it('G7 everything stops with SAFE_CHANGED until it is adopted again', async () => {
    const treasury = await home.treasury()
    const signed = await sign(await home.pay(treasury, '10.00', { nonce: '1' }))
    await executeOutside(world, treasury, [home.person('alice'), home.person('carol')], {
      data: encodeFunctionData({
        abi,
        functionName: 'swapOwner',
        args: [SENTINEL, address('alice'), newPerson().address],
      }),
    })
    await expect(home.pay(treasury, '10.00')).rejects.toThrowWithCode('SAFE_CHANGED')
    await expect(home.execute(signed)).rejects.toThrowWithCode('SAFE_CHANGED')
    await expect(home.pipeline.exportRequest(signed.request.id)).rejects.toThrowWithCode('SAFE_CHANGED')
  })

  it('G7 a change beside an approved one is not taken for it', async () => {
    const treasury = await home.treasury()
    const { address: dave } = newPerson()
    const proposed = await sign(await swapCarol(treasury, dave))
    // Between the execution and the next look, the same owners add somebody else around Coffer.
    await home.pipeline.execute({ id: proposed.request.id, secret: SECRET })
    await executeOutside(world, treasury, [home.person('alice'), home.person('bob')], {
      data: encodeFunctionData({ abi, functionName: 'addOwnerWithThreshold', args: [newPerson().address, 2n] }),
    })
    await expect(home.pay(treasury, '10.00')).rejects.toThrowWithCode('SAFE_CHANGED')
    expect(await recordOf(treasury)).toMatchObject({ owners: [address('alice'), address('bob'), dave] })
  })
})
