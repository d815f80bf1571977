import { vi } from 'vitest'
import { badInputTable, type Place, type Row, sharePreparedHome, transfer } from '../cli/bad-input-table.ts'
import { type Lie, type LyingRpc, startLyingRpc } from '../support/lying-rpc.ts'

vi.mock('../../src/service/local/client.ts', () => import('../cli/in-process-signer.ts'))

// What the nodes of a chain say, which is attacker-controlled, or do not say at all.

sharePreparedHome()

const lying =
  (method: string, lie: Lie) =>
  ({ prepared }: Place): void =>
    prepared.rpc.lie(method, lie)
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a lie may be of any form
const result = (change: (truth: any) => unknown): Lie => ({ result: change })
const execute =
  (id: 'paid' | 'complete'): Row['args'] =>
  ({ prepared, pin }) => ['execute', prepared.ids[id], '--passphrase-file', pin]
const addChain: Row['args'] = ({ prepared }) => ['chain', 'add', 'other', '--rpc', prepared.rpc.url]

/** Gives the home a second URL, and makes the first one lie. */
const disagreeing =
  (method: string, lie: Lie) =>
  async ({ prepared, use }: Place): Promise<void> => {
    await use((operations) =>
      operations.run('chain.add', { name: 'local', urls: [prepared.chain.url, prepared.rpc.url] }),
    )
    prepared.rpc.lie(method, lie)
  }

let gone: LyingRpc

badInputTable('a node that lies', [
  {
    name: 'about the chain id',
    code: 'CHAIN_ID_MISMATCH',
    exit: 3,
    given: lying(
      'eth_chainId',
      result(() => '0x1'),
    ),
    args: transfer(),
  },
  {
    name: 'about the chain id, in words',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying(
      'eth_chainId',
      result(() => 'mainnet'),
    ),
    args: transfer(),
  },
  {
    name: 'about the nonce of the Safe',
    code: 'NONCE_NOT_NEXT',
    exit: 3,
    given: lying('eth_call', {
      result: (truth, { params }) =>
        (params[0] as { data?: string }).data === '0xaffed0e0' ? `0x${'0'.repeat(64)}` : truth,
    }),
    args: execute('complete'),
  },
  {
    name: 'about the nonce of the payer, one of two',
    code: 'CHAIN_DISAGREEMENT',
    exit: 3,
    once: true,
    given: disagreeing(
      'eth_getTransactionCount',
      result(() => '0x0'),
    ),
    args: execute('complete'),
  },
  {
    name: 'about the nonce of the payer, in words',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying(
      'eth_getTransactionCount',
      result(() => 'none'),
    ),
    args: execute('complete'),
  },
  {
    name: 'about a receipt: of another transaction',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying(
      'eth_getTransactionReceipt',
      result((truth) => truth && { ...truth, transactionHash: `0x${'12'.repeat(32)}` }),
    ),
    args: execute('paid'),
  },
  {
    name: 'about a receipt: in a block that is not there',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying(
      'eth_getTransactionReceipt',
      result((truth) => truth && { ...truth, blockHash: `0x${'12'.repeat(32)}` }),
    ),
    args: execute('paid'),
  },
  {
    name: 'about the code of the Safe',
    code: 'SAFE_UNGENUINE',
    exit: 3,
    given: lying(
      'eth_getCode',
      result(() => '0x6001'),
    ),
    args: transfer(),
  },
  {
    name: 'about the threshold of the Safe',
    code: 'SAFE_UNGENUINE',
    exit: 3,
    given: lying('eth_call', {
      result: (truth, { params }) =>
        (params[0] as { data?: string }).data === '0xe75235b8' ? `0x${'0'.repeat(63)}1` : truth,
    }),
    args: transfer(),
  },
  {
    name: 'about the market: fees of a spike',
    code: 'FEE_CAP',
    exit: 3,
    given: lying(
      'eth_feeHistory',
      result((truth) => ({ ...truth, baseFeePerGas: truth.baseFeePerGas.map(() => '0x48c27395000') })),
    ),
    args: execute('complete'),
  },
  {
    name: 'about the gas',
    code: 'GAS_CEILING',
    exit: 3,
    given: lying(
      'eth_estimateGas',
      result(() => '0x1c9c380'),
    ),
    args: execute('complete'),
  },
  {
    name: 'one of two, about a balance',
    code: 'CHAIN_DISAGREEMENT',
    exit: 3,
    once: true,
    given: disagreeing(
      'eth_getBalance',
      result(() => '0x1'),
    ),
    args: () => ['treasury', 'show', 'ops'],
  },
  {
    name: 'one of two, about the head',
    code: 'CHAIN_DISAGREEMENT',
    exit: 3,
    once: true,
    given: disagreeing(
      'eth_getBlockByNumber',
      result((truth) => truth && { ...truth, hash: `0x${'12'.repeat(32)}` }),
    ),
    args: transfer(),
  },
  {
    name: 'with HTML in place of JSON',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying('*', { text: '<html>rate limited</html>' }),
    args: transfer(),
  },
  {
    name: 'with the answer of another version of JSON-RPC',
    code: 'CHAIN_ANSWER_INVALID',
    exit: 1,
    given: lying('*', { text: '{"id":1,"result":"0x7a69"}' }),
    args: transfer(),
  },
])

badInputTable('a node that does not answer', [
  {
    name: 'because it is down',
    code: 'CHAIN_UNREACHABLE',
    exit: 1,
    says: /ECONNREFUSED/,
    once: true,
    given: async ({ use }) => {
      gone = await startLyingRpc('http://127.0.0.1:9')
      gone.lie(
        'eth_chainId',
        result(() => '0x7a69'),
      )
      gone.lie('eth_chainId', { text: '{"jsonrpc":"2.0","id":1,"result":"0x7a69"}' })
      await use((operations) => operations.run('chain.add', { name: 'local', urls: [gone.url] }))
      await gone.stop()
    },
    args: transfer(),
  },
  {
    name: 'because it cuts the line',
    code: 'CHAIN_UNREACHABLE',
    exit: 1,
    once: true,
    given: lying('*', { cut: true }),
    args: transfer(),
  },
  {
    name: 'because it is overloaded',
    code: 'CHAIN_UNREACHABLE',
    exit: 1,
    says: /503/,
    once: true,
    given: lying('*', { text: 'busy', status: 503 }),
    args: transfer(),
  },
  {
    name: 'in time',
    code: 'CHAIN_UNREACHABLE',
    exit: 1,
    says: /none in/,
    once: true,
    given: (place) => {
      lying('*', { delayMs: 1500 })(place)
      // What is tested is what happens when the time is over, not how long it is.
      const timeout = AbortSignal.timeout
      const short = vi
        .spyOn(AbortSignal, 'timeout')
        .mockImplementation((ms) => timeout.call(AbortSignal, Math.min(ms, 200)))
      return () => short.mockRestore()
    },
    args: transfer(),
  },
])

badInputTable('a chain that cannot be added', [
  {
    name: 'zkSync Era',
    code: 'CHAIN_UNSUPPORTED',
    exit: 2,
    says: /ZKsync Era/,
    given: lying(
      'eth_chainId',
      result(() => '0x144'),
    ),
    args: addChain,
  },
  {
    name: 'two URLs of two chains',
    code: 'CHAIN_ID_MISMATCH',
    exit: 3,
    given: lying(
      'eth_chainId',
      result(() => '0x1'),
    ),
    args: ({ prepared }) => ['chain', 'add', 'other', '--rpc', prepared.chain.url, '--rpc', prepared.rpc.url],
  },
  {
    name: 'another chain under the name of one',
    code: 'CHAIN_ID_MISMATCH',
    exit: 3,
    given: lying(
      'eth_chainId',
      result(() => '0x1'),
    ),
    args: ({ prepared }) => ['chain', 'add', 'local', '--rpc', prepared.rpc.url],
  },
  {
    name: 'a URL of another scheme',
    code: 'CHAIN_URL_INVALID',
    exit: 2,
    args: () => ['chain', 'add', 'other', '--rpc', 'ftp://127.0.0.1/'],
  },
  {
    name: 'a URL with a key in it that is down',
    code: 'CHAIN_UNREACHABLE',
    exit: 1,
    says: /^(?!.*s3cr3t)/,
    once: true,
    args: () => ['chain', 'add', 'other', '--rpc', 'http://user:s3cr3t@127.0.0.1:9/v1/s3cr3t'],
  },
  {
    name: 'no block to confirm it',
    code: 'FIELD_INVALID',
    exit: 2,
    args: ({ prepared }) => ['chain', 'add', 'other', '--rpc', prepared.rpc.url, '--confirmations', '0'],
  },
])
