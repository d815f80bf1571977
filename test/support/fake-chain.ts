import type { Block, CallResult, Chain, ChainCall, FeeQuote, Log, Receipt } from '../../src/chain/chain.ts'
import type { FoundExecution } from '../../src/broadcast/observation.ts'
import { CustodyError } from '../../src/errors.ts'
import { type Address, sameAddress } from '../../src/primitives/address.ts'
import { keccak256, keccak256Text } from '../../src/primitives/hash.ts'
import { type Hex, uintWord } from '../../src/primitives/hex.ts'
import { EXECUTION_FAILURE_TOPIC, EXECUTION_SUCCESS_TOPIC } from '../../src/safe/exec.ts'

/** What a transaction of the fake does when it is mined. */
export type FakeEffect =
  | { readonly kind: 'execution'; readonly safeTxHash: Hex; readonly success: boolean }
  | { readonly kind: 'revert' }
  | { readonly kind: 'transfer' }

export interface FakeTransaction {
  readonly hash: Hex
  readonly from: Address
  readonly to: Address
  readonly nonce: number
  readonly effect: FakeEffect
}

interface FakeBlock {
  readonly block: Block
  readonly transactions: readonly FakeTransaction[]
}

/**
 * A chain in memory with one Safe, a pool, blocks that can be reorganised away, and switches for each way in
 * which a node can be down, forget or lie.
 */
export class FakeChain implements Chain {
  readonly name = 'fake'
  readonly chainId = 31337
  readonly safe: Address
  quote: FeeQuote = { baseFeePerGas: 10n ** 9n, priorityFeePerGas: 10n ** 8n, gasPrice: 2n * 10n ** 9n }
  gas: Awaited<ReturnType<Chain['estimateGas']>> = { ok: true, gas: 100_000n }
  l1Fee: bigint | null = null
  funds = 10n ** 20n
  offline = false
  /** What `send` refuses with; null accepts. */
  refusal: { readonly reason: string; readonly nonceTooLow: boolean } | null = null
  /** Rewrites answers, as a lying node would. */
  lieAboutReceipt: (receipt: Receipt | null, hash: Hex) => Receipt | null = (receipt) => receipt
  lieAboutSafeNonce: (nonce: bigint) => bigint = (nonce) => nonce
  readonly pool = new Map<Hex, FakeTransaction>()
  readonly transmitted: Hex[] = []
  /** What the bytes of a hash do once they are sent. */
  readonly sendable = new Map<Hex, FakeTransaction>()
  #blocks: FakeBlock[] = []
  #forks = 0

  constructor(safe: Address) {
    this.safe = safe
    this.mine()
  }

  get head(): bigint {
    return BigInt(this.#blocks.length - 1)
  }

  /** Puts transactions into a new block and out of the pool, with any other of the same sender and nonce. */
  mine(...transactions: readonly FakeTransaction[]): Block {
    const number = BigInt(this.#blocks.length)
    const hash = keccak256Text(`block ${number} fork ${this.#forks}`)
    const block: Block = {
      number,
      hash,
      timestamp: 1_700_000_000 + 12 * Number(number),
      baseFeePerGas: this.quote.baseFeePerGas,
    }
    this.#blocks.push({ block, transactions })
    for (const mined of transactions) {
      for (const [key, { from, nonce }] of this.pool)
        if (sameAddress(from, mined.from) && nonce === mined.nonce) this.pool.delete(key)
    }
    return block
  }

  /** Replaces the last blocks by as many empty ones plus one; their transactions go back to the pool or are forgotten. */
  reorganise(depth: number, fate: 'pooled' | 'forgotten'): void {
    const gone = this.#blocks.splice(-depth)
    this.#forks += 1
    for (let i = 0; i <= depth; i++) this.mine()
    if (fate === 'pooled')
      for (const { transactions } of gone)
        for (const transaction of transactions) this.pool.set(transaction.hash, transaction)
  }

  readonly findExecutions = async (
    _chain: Chain,
    safe: Address,
    fromBlock: bigint,
  ): Promise<readonly FoundExecution[]> =>
    this.#blocks
      .filter(({ block }) => block.number >= fromBlock)
      .flatMap(({ block, transactions }) => transactions.map((transaction) => ({ block, transaction })))
      .flatMap(({ block, transaction: { hash, to, effect } }) =>
        effect.kind === 'execution' && sameAddress(to, safe)
          ? [
              {
                safeTxHash: effect.safeTxHash,
                success: effect.success,
                blockNumber: block.number,
                blockHash: block.hash,
                transactionHash: hash,
              },
            ]
          : [],
      )

  async assertChainId(): Promise<void> {
    this.#answer()
  }

  async block(tag: 'latest' | bigint): Promise<Block | null> {
    this.#answer()
    return (tag === 'latest' ? this.#blocks.at(-1) : this.#blocks[Number(tag)])?.block ?? null
  }

  async balance(): Promise<bigint> {
    this.#answer()
    return this.funds
  }

  async code(): Promise<Hex> {
    this.#answer()
    return '0x'
  }

  async storageAt(): Promise<Hex> {
    this.#answer()
    return uintWord(0n)
  }

  async transactionCount(address: Address, tag: 'latest' | 'pending'): Promise<number> {
    this.#answer()
    const pooled = tag === 'pending' ? [...this.pool.values()] : []
    const nonces = [...this.#blocks.flatMap(({ transactions }) => transactions), ...pooled]
      .filter(({ from }) => sameAddress(from, address))
      .map(({ nonce }) => nonce + 1)
    return Math.max(0, ...nonces)
  }

  async call(call: ChainCall): Promise<CallResult> {
    this.#answer()
    if (!sameAddress(call.to, this.safe) || call.data !== '0xaffed0e0') return { ok: true, data: '0x' }
    const executed = (await this.findExecutions(this, this.safe, 0n)).length
    return { ok: true, data: uintWord(this.lieAboutSafeNonce(BigInt(executed))) }
  }

  async estimateGas(): ReturnType<Chain['estimateGas']> {
    this.#answer()
    return this.gas
  }

  async fees(): Promise<FeeQuote> {
    this.#answer()
    return this.quote
  }

  async l1DataFee(): Promise<bigint | null> {
    this.#answer()
    return this.l1Fee
  }

  async stateDiff(): Promise<null> {
    this.#answer()
    return null
  }

  async logs(): Promise<readonly Log[]> {
    this.#answer()
    return []
  }

  async receipt(hash: Hex): Promise<Receipt | null> {
    this.#answer()
    for (const { block, transactions } of this.#blocks) {
      const mined = transactions.find((transaction) => transaction.hash === hash)
      if (mined !== undefined) return this.lieAboutReceipt(receiptOf(mined, block), hash)
    }
    return this.lieAboutReceipt(null, hash)
  }

  async transaction(): Promise<null> {
    return null
  }

  async knows(hash: Hex): Promise<boolean> {
    return this.pool.has(hash) || (await this.receipt(hash)) !== null
  }

  async send(raw: Hex): ReturnType<Chain['send']> {
    this.#answer()
    const hash = keccak256(raw)
    this.transmitted.push(hash)
    if (this.refusal !== null) return { accepted: false, ...this.refusal }
    const transaction = this.sendable.get(hash)
    if (transaction !== undefined) this.pool.set(hash, transaction)
    return { accepted: true }
  }

  #answer(): void {
    if (this.offline) throw new CustodyError('CHAIN_UNREACHABLE', 'Expected an answer of the fake, got none.')
  }
}

function receiptOf(transaction: FakeTransaction, block: Block): Receipt {
  const { hash, from, to, effect } = transaction
  const logs: Log[] =
    effect.kind !== 'execution'
      ? []
      : [
          {
            address: to,
            topics: [effect.success ? EXECUTION_SUCCESS_TOPIC : EXECUTION_FAILURE_TOPIC, effect.safeTxHash],
            data: uintWord(0n),
            blockNumber: block.number,
            blockHash: block.hash,
            transactionHash: hash,
            logIndex: 0,
          },
        ]
  return {
    transactionHash: hash,
    blockNumber: block.number,
    blockHash: block.hash,
    success: effect.kind !== 'revert',
    from,
    to,
    gasUsed: 80_000n,
    effectiveGasPrice: 10n ** 9n,
    l1Fee: null,
    logs,
  }
}
