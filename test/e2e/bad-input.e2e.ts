import { vi } from 'vitest'
import { badInputTable, type Place, type Row, sharePreparedHome, transfer } from '../cli/bad-input-table.ts'
import { MODULE, VENDOR } from '../cli/prepared-home.ts'

vi.mock('../../src/service/local/client.ts', () => import('../cli/in-process-signer.ts'))

// Words that a person or a script writes: the command line and the files it names.

const ADDRESS = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

const call =
  (...args: readonly string[]): Row['args'] =>
  () => ['propose', 'call', '--treasury', 'ops', '--to', ADDRESS, ...args]
const batch =
  (name: string, text: string): Row['args'] =>
  ({ file }) => ['propose', 'batch', file(name, text), '--treasury', 'ops']
const builder = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    version: '1.0',
    chainId: '31337',
    meta: {},
    transactions: [{ to: ADDRESS, value: '1', data: '0x' }],
    ...change,
  })
const message =
  (...args: readonly string[]): Row['args'] =>
  () => ['propose', 'message', '--treasury', 'ops', ...args]
const policy =
  (change: (text: string) => string): Row['args'] =>
  ({ file, prepared }) => ['policy', 'check', file('policy.yaml', change(prepared.policy))]
const execute =
  (...flags: readonly string[]): Row['args'] =>
  ({ prepared, pin }) => ['execute', prepared.ids.complete, '--passphrase-file', pin, ...flags]
const approve =
  (...flags: readonly string[]): Row['args'] =>
  ({ prepared, pin }) => ['approve', prepared.ids.open, '--passphrase-file', pin, ...flags]

const REFUSED = ['request.refused']

const SAFE_TX = JSON.stringify({
  domain: { chainId: 31337, verifyingContract: ADDRESS },
  primaryType: 'SafeTx',
  types: {
    EIP712Domain: [
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    SafeTx: [
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'data', type: 'bytes' },
      { name: 'operation', type: 'uint8' },
      { name: 'safeTxGas', type: 'uint256' },
      { name: 'baseGas', type: 'uint256' },
      { name: 'gasPrice', type: 'uint256' },
      { name: 'gasToken', type: 'address' },
      { name: 'refundReceiver', type: 'address' },
      { name: 'nonce', type: 'uint256' },
    ],
  },
  message: {
    to: ADDRESS,
    value: '0',
    data: '0x',
    operation: 1,
    safeTxGas: '0',
    baseGas: '0',
    gasPrice: '0',
    gasToken: ADDRESS,
    refundReceiver: ADDRESS,
    nonce: '0',
  },
})

sharePreparedHome()

badInputTable('a recipient that is not one', [
  {
    name: 'too short',
    code: 'ADDRESS_INVALID',
    exit: 2,
    args: transfer('--to', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe'),
  },
  { name: 'too long', code: 'ADDRESS_INVALID', exit: 2, args: transfer('--to', `${ADDRESS}00`) },
  { name: 'without 0x', code: 'ADDRESS_UNKNOWN', exit: 2, args: transfer('--to', ADDRESS.slice(2)) },
  { name: 'with 0X', code: 'ADDRESS_INVALID', exit: 2, args: transfer('--to', ADDRESS.replace('0x', '0X')) },
  {
    name: 'with one digit of the wrong case',
    code: 'ADDRESS_CHECKSUM',
    exit: 2,
    args: transfer('--to', ADDRESS.replace('aA', 'AA')),
  },
  {
    name: 'with the prefix of another chain',
    code: 'ADDRESS_CHAIN_MISMATCH',
    exit: 2,
    args: transfer('--to', `eth:${ADDRESS}`),
  },
  { name: 'a name that is not in the book', code: 'ADDRESS_UNKNOWN', exit: 2, args: transfer('--to', 'acme-supplier') },
  {
    name: 'a name with a zero-width space',
    code: 'ADDRESS_UNKNOWN',
    exit: 2,
    args: transfer('--to', VENDOR.replace('-', '\u200b-')),
  },
  {
    name: 'a name with a Cyrillic letter',
    code: 'ADDRESS_UNKNOWN',
    exit: 2,
    args: transfer('--to', VENDOR.replace('a', '\u0430')),
  },
  {
    name: 'an address with a zero-width joiner',
    code: 'ADDRESS_INVALID',
    exit: 2,
    args: transfer('--to', `${ADDRESS}\u200d`),
  },
  { name: 'empty', code: 'ADDRESS_UNKNOWN', exit: 2, args: transfer('--to', '') },
  {
    name: "right, but in nobody's rule",
    code: 'POLICY_DENIED',
    exit: 3,
    args: transfer('--to', ADDRESS),
    records: REFUSED,
  },
])

badInputTable('an amount that is not one', [
  { name: 'negative', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '-1') },
  { name: 'with an exponent', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '1e3') },
  { name: 'with a comma', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '12,500.00') },
  {
    name: 'with more decimals than the asset',
    code: 'AMOUNT_TOO_PRECISE',
    exit: 2,
    args: transfer('--amount', '1.0000001'),
  },
  { name: 'empty', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '') },
  { name: 'zero', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '0.00') },
  { name: '2^256 and more', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', (1n << 256n).toString()) },
  { name: 'in hexadecimal', code: 'AMOUNT_INVALID', exit: 2, args: transfer('--amount', '0x10') },
  {
    name: 'with digits of another script',
    code: 'AMOUNT_INVALID',
    exit: 2,
    args: transfer('--amount', '\u0661\u0662'),
  },
  {
    name: 'of an asset that the policy does not list',
    code: 'ASSET_UNKNOWN',
    exit: 2,
    args: transfer('--asset', 'USDT'),
  },
  {
    name: 'above the limit of the rule',
    code: 'LIMIT_PER_TRANSACTION',
    exit: 3,
    args: transfer('--amount', '20000.01'),
    records: REFUSED,
  },
])

badInputTable('a batch file that cannot be read', [
  {
    name: 'JSON with the same key twice',
    code: 'JSON_INVALID',
    exit: 2,
    args: batch('b.json', builder().replace('{', '{"version":"1.0",')),
  },
  {
    name: 'JSON with an unknown field',
    code: 'FIELD_UNKNOWN',
    exit: 2,
    args: batch('b.json', builder({ safe: ADDRESS })),
    says: /safe/,
  },
  { name: 'JSON cut off', code: 'JSON_INVALID', exit: 2, args: batch('b.json', builder().slice(0, -2)) },
  { name: 'JSON that is a list', code: 'FIELD_INVALID', exit: 2, args: batch('b.json', '[]') },
  {
    name: 'a Transaction Builder file for another chain',
    code: 'FIELD_INVALID',
    exit: 2,
    args: batch('b.json', builder({ chainId: '1' })),
    says: /chainId/,
  },
  {
    name: 'a Transaction Builder file with a wrong checksum',
    code: 'FIELD_INVALID',
    exit: 2,
    args: batch('b.json', builder({ meta: { checksum: `0x${'00'.repeat(32)}` } })),
    says: /checksum/,
  },
  {
    name: 'CSV without the column amount',
    code: 'CSV_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset\n${VENDOR},USDC\n`),
  },
  {
    name: 'CSV with an unknown column',
    code: 'CSV_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset,amount,iban\n${VENDOR},USDC,1,x\n`),
  },
  {
    name: 'CSV with a short row',
    code: 'CSV_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset,amount\n${VENDOR},USDC,1\n${VENDOR},USDC\n`),
    says: /Line 3/,
  },
  {
    name: 'CSV with one wrong amount',
    code: 'AMOUNT_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset,amount\n${VENDOR},USDC,1\n${VENDOR},USDC,=1+1\n`),
    says: /Line 3/,
  },
  {
    name: 'CSV with an open quote',
    code: 'CSV_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset,amount\n"${VENDOR},USDC,1\n`),
  },
  { name: 'an empty CSV', code: 'CSV_INVALID', exit: 2, args: batch('b.csv', '') },
  { name: 'a CSV of nothing but a byte order mark', code: 'CSV_INVALID', exit: 2, args: batch('b.csv', '\ufeff') },
  {
    name: 'a CSV of 501 rows',
    code: 'CSV_INVALID',
    exit: 2,
    args: batch('b.csv', `to,asset,amount\n${`${VENDOR},USDC,1\n`.repeat(501)}`),
  },
  {
    name: 'a file that is not there',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: () => ['propose', 'batch', '/nowhere/b.csv', '--treasury', 'ops'],
  },
  {
    name: 'a folder in place of the file',
    code: 'FILE_UNREADABLE',
    exit: 2,
    args: ({ home }) => ['propose', 'batch', home, '--treasury', 'ops'],
  },
])

badInputTable('a call that does not fit its ABI', [
  {
    name: 'too few arguments',
    code: 'ABI_INVALID',
    exit: 2,
    args: call('--sig', 'transfer(address,uint256)', '--', ADDRESS),
  },
  {
    name: 'an argument of another type',
    code: 'ABI_INVALID',
    exit: 2,
    args: call('--sig', 'transfer(address,uint256)', '--', '1', '1'),
  },
  {
    name: 'a number that overflows its type',
    code: 'ABI_INVALID',
    exit: 2,
    args: call('--sig', 'f(uint8)', '--', '256'),
  },
  {
    name: 'a signature with an alias',
    code: 'ABI_INVALID',
    exit: 2,
    args: call('--sig', 'transfer(address,uint)', '--', ADDRESS, '1'),
  },
  { name: 'a signature without brackets', code: 'ABI_INVALID', exit: 2, args: call('--sig', 'pause') },
  { name: 'a signature and raw data', code: 'ABI_INVALID', exit: 2, args: call('--sig', 'pause()', '--data', '0x00') },
  { name: 'half a byte of data', code: 'HEX_INVALID', exit: 2, args: call('--data', '0x123') },
  {
    name: 'an ABI without the function',
    code: 'ABI_INVALID',
    exit: 2,
    args: ({ file }) => call('--abi', file('abi.json', '[]'), '--method', 'pause')({} as Place),
  },
  { name: 'a value without its unit', code: 'AMOUNT_INVALID', exit: 2, args: call('--value', '1') },
  {
    name: 'a delegatecall',
    code: 'DELEGATECALL_DENIED',
    exit: 3,
    args: call('--sig', 'pause()', '--delegatecall'),
    records: REFUSED,
  },
])

badInputTable('a request that is out of its bounds', [
  { name: 'an expiry in the past', code: 'DURATION_INVALID', exit: 2, args: transfer('--expires', '-1d') },
  { name: 'an expiry of ten seconds', code: 'EXPIRY_INVALID', exit: 2, args: transfer('--expires', '10s') },
  { name: 'an expiry of 91 days', code: 'EXPIRY_INVALID', exit: 2, args: transfer('--expires', '91d') },
  { name: 'an expiry in words', code: 'DURATION_INVALID', exit: 2, args: transfer('--expires', 'tomorrow') },
  { name: 'a nonce that is used', code: 'NONCE_INVALID', exit: 2, args: transfer('--nonce', '0') },
  { name: 'a nonce that another request holds', code: 'NONCE_TAKEN', exit: 2, args: transfer('--nonce', '1') },
  { name: 'a nonce that is no number', code: 'NONCE_INVALID', exit: 2, args: transfer('--nonce', '2.0') },
  { name: "a nonce above every Safe's", code: 'NONCE_INVALID', exit: 2, args: transfer('--nonce', '9'.repeat(40)) },
  {
    name: 'an idempotency key of another request',
    code: 'IDEMPOTENCY_CONFLICT',
    exit: 2,
    args: transfer('--idempotency-key', 'third', '--amount', '301.00'),
  },
  {
    name: 'a memo of two lines',
    code: 'FIELD_INVALID',
    exit: 2,
    args: transfer('--memo', 'invoice 42\nSTATE executed'),
  },
  { name: 'a memo of 201 characters', code: 'FIELD_INVALID', exit: 2, args: transfer('--memo', 'x'.repeat(201)) },
  { name: 'a treasury that is not there', code: 'NOT_FOUND', exit: 2, args: transfer('--treasury', 'savings') },
  {
    name: 'a message of 32 opaque bytes',
    code: 'OPAQUE_MESSAGE',
    exit: 3,
    args: message('--text', `0x${'5a'.repeat(32)}`),
  },
  {
    name: 'a SafeTx as typed data',
    code: 'OPAQUE_MESSAGE',
    exit: 3,
    args: ({ file }) => message('--typed-data', file('t.json', SAFE_TX))({} as Place),
  },
  {
    name: 'typed data that is no typed data',
    code: 'FIELD_UNKNOWN',
    exit: 2,
    args: ({ file }) => message('--typed-data', file('t.json', '{"a":1}'))({} as Place),
  },
  { name: 'no text at all', code: 'USAGE', exit: 2, args: message() },
])

badInputTable('a command line that does not fit', [
  { name: 'an unknown command', code: 'USAGE', exit: 2, args: () => ['pay'] },
  { name: 'an unknown flag', code: 'USAGE', exit: 2, args: () => ['list', '--force'] },
  { name: 'a missing argument', code: 'USAGE', exit: 2, args: () => ['show'] },
  {
    name: 'a missing flag',
    code: 'USAGE',
    exit: 2,
    args: () => ['propose', 'transfer', '--asset', 'USDC', '--amount', '1'],
  },
  {
    name: 'a threshold in words',
    code: 'USAGE',
    exit: 2,
    args: ({ pin }) => [
      'treasury',
      'create',
      'two',
      '--owner',
      'alice',
      '--threshold',
      'two',
      '--payer',
      'payer',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a threshold above the owners',
    code: 'FIELD_INVALID',
    exit: 2,
    args: ({ pin }) => [
      'treasury',
      'create',
      'two',
      '--owner',
      'alice',
      '--threshold',
      '2',
      '--payer',
      'payer',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'an owner twice',
    code: 'FIELD_INVALID',
    exit: 2,
    args: ({ pin }) => [
      'treasury',
      'create',
      'two',
      '--owner',
      'alice',
      '--owner',
      'alice',
      '--threshold',
      '2',
      '--payer',
      'payer',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a treasury name that is taken',
    code: 'NAME_TAKEN',
    exit: 2,
    args: ({ pin }) => [
      'treasury',
      'create',
      'ops',
      '--owner',
      'alice',
      '--threshold',
      '1',
      '--payer',
      'payer',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'an account that is no Safe',
    code: 'SAFE_NOT_FOUND',
    exit: 2,
    args: () => ['treasury', 'adopt', 'old', ADDRESS],
  },
  {
    name: 'a chain that is not there',
    code: 'NOT_FOUND',
    exit: 2,
    args: () => ['policy', 'template', 'small-team', '--chain', 'mainnet', '--principal', 'alice'],
  },
  { name: 'a request that is not there', code: 'NOT_FOUND', exit: 2, args: () => ['show', 'r00000000000000000000000'] },
  { name: 'a key that is not there', code: 'NOT_FOUND', exit: 2, args: () => ['key', 'show', 'dave'] },
  { name: 'a log entry that is not there', code: 'NOT_FOUND', exit: 2, args: () => ['log', 'proof', '99999'] },
  {
    name: 'a checkpoint that is none',
    code: 'CHECKPOINT_INVALID',
    exit: 2,
    args: ({ file }) => ['log', 'verify', '--since', file('old', 'hello\n')],
  },
  {
    name: 'an output file that exists',
    code: 'FILE_EXISTS',
    exit: 2,
    args: ({ pin }) => ['log', 'checkpoint', '--out', pin],
  },
  {
    name: 'an export into a file that exists',
    code: 'FILE_EXISTS',
    exit: 2,
    args: ({ prepared, pin }) => ['approve', prepared.ids.open, '--export', pin],
  },
])

badInputTable('a policy that cannot stand', [
  {
    name: 'an unknown field',
    code: 'POLICY_INVALID',
    exit: 2,
    args: policy((text) => text.replace('maxPer24h', 'maxPerDay')),
    says: /rules\[0\]\.maxPerDay/,
  },
  { name: 'the same key twice', code: 'POLICY_INVALID', exit: 2, args: policy((text) => `${text}\nname: other\n`) },
  {
    name: 'an unquoted amount',
    code: 'POLICY_INVALID',
    exit: 2,
    args: policy((text) => text.replace('"20000"', '20000')),
  },
  {
    name: 'a wrong version',
    code: 'POLICY_VERSION',
    exit: 2,
    args: ({ file, prepared }) => [
      'policy',
      'activate',
      file('p.yaml', prepared.policy),
      '--signature',
      `0x${'11'.repeat(65)}`,
    ],
  },
  {
    name: 'no signature',
    code: 'INPUT_REQUIRED',
    exit: 2,
    args: ({ file, prepared }) => [
      'policy',
      'activate',
      file('p.yaml', prepared.policy.replace('version: 1', 'version: 2')),
    ],
  },
  {
    name: 'signed by a key that is no admin',
    code: 'POLICY_UNSIGNED',
    exit: 3,
    args: ({ file, prepared, pin }) => [
      'policy',
      'activate',
      file('p.yaml', prepared.policy.replace('version: 1', 'version: 2')),
      '--key',
      'alice',
      '--passphrase-file',
      pin,
    ],
  },
])

badInputTable('an approval or execution that is not one', [
  {
    name: 'another digest',
    code: 'APPROVAL_DIGEST',
    exit: 3,
    args: approve('--key', 'carol', '--digest', `0x${'ab'.repeat(32)}`),
  },
  { name: 'half a digest', code: 'HEX_INVALID', exit: 2, args: approve('--key', 'carol', '--digest', '0xabcdef') },
  { name: 'no digest and no terminal', code: 'INPUT_REQUIRED', exit: 2, args: approve('--key', 'carol') },
  { name: 'nobody named', code: 'INPUT_REQUIRED', exit: 2, args: approve() },
  {
    name: 'a key that is no owner',
    code: 'KEY_NOT_OWNER',
    exit: 3,
    args: (place) => approve('--key', 'payer', '--digest', place.prepared.digests.open)(place),
  },
  {
    name: 'an execution without approvals',
    code: 'APPROVAL_MISSING',
    exit: 3,
    args: ({ prepared, pin }) => ['execute', prepared.ids.open, '--passphrase-file', pin],
  },
  { name: 'a request that has expired', code: 'REQUEST_EXPIRED', exit: 3, clock: 8 * 86_400, args: execute() },
  {
    name: 'a fee flag above the policy',
    code: 'USAGE',
    exit: 2,
    args: execute('--max-fee', '500 gwei'),
    says: /only lower/,
  },
  {
    name: 'a cost flag above the policy',
    code: 'USAGE',
    exit: 2,
    args: execute('--max-cost', '1 ETH'),
    says: /only lower/,
  },
  {
    name: 'a fee cap below the market',
    code: 'FEE_CAP',
    exit: 3,
    args: execute('--max-fee', '1 wei', '--max-tip', '1 wei'),
  },
  { name: 'a cost cap below the worst case', code: 'COST_CAP', exit: 3, args: execute('--max-cost', '1 wei') },
  { name: 'a gas ceiling below the need', code: 'GAS_CEILING', exit: 3, args: execute('--gas-ceiling', '21000') },
  { name: 'a fee flag without its unit', code: 'AMOUNT_INVALID', exit: 2, args: execute('--max-fee', '30') },
  { name: 'a wait in words', code: 'USAGE', exit: 2, args: execute('--wait', 'long') },
  {
    name: 'a broadcast URL that is none',
    code: 'CHAIN_URL_INVALID',
    exit: 2,
    args: execute('--broadcast-rpc', 'relay.example'),
  },
])

badInputTable('a name that cannot be one', [
  {
    name: 'a key with a space',
    code: 'NAME_INVALID',
    exit: 2,
    args: ({ pin }) => ['key', 'generate', 'Bad Name', '--passphrase-file', pin],
  },
  {
    name: 'a key with a path',
    code: 'NAME_INVALID',
    exit: 2,
    args: ({ pin }) => ['key', 'generate', '../alice', '--passphrase-file', pin],
  },
  {
    name: 'a key that is there already',
    code: 'NAME_TAKEN',
    exit: 2,
    args: ({ pin }) => ['key', 'generate', 'alice', '--passphrase-file', pin],
  },
  {
    name: 'a key store that is none',
    code: 'KEY_STORE_UNKNOWN',
    exit: 2,
    args: ({ pin }) => ['key', 'generate', 'dave', '--store', 'cloud', '--passphrase-file', pin],
  },
  {
    name: 'a token that is there already',
    code: 'NAME_TAKEN',
    exit: 2,
    args: ({ pin }) => [
      'key',
      'generate',
      'dave',
      '--store',
      'pkcs11',
      '--module',
      MODULE,
      '--token',
      'prepared',
      '--new-token',
      '--passphrase-file',
      pin,
    ],
  },
  {
    name: 'a chain in capitals',
    code: 'NAME_INVALID',
    exit: 2,
    args: ({ prepared }) => ['chain', 'add', 'MAINNET', '--rpc', prepared.rpc.url],
  },
])
