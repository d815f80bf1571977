import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url).pathname

let folder: string | undefined
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  folder = undefined
})

/** What a source tree of these files breaks, each as `rule: importer`. */
async function broken(files: Readonly<Record<string, string>>): Promise<string[]> {
  folder = await mkdtemp(join(tmpdir(), 'coffer-layers-'))
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    await cp(join(root, file), join(folder, file))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const script = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [script, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src']
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }, (_error, stdout) => {
      resolve(stdout)
    })
  })
  const { summary } = JSON.parse(output) as { summary: { violations: { from: string; rule: { name: string } }[] } }
  return [...new Set(summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`))].sort()
}

const THING = 'export const thing = 1\nexport type Thing = typeof thing\n'
const value = (from: string): string => `import { thing } from '${from}'\nexport const own = thing\n`
const type = (from: string): string => `import type { Thing } from '${from}'\nexport type Own = Thing\n`

const REFUSED: readonly (readonly [
  situation: string,
  rule: string,
  importer: string,
  imported: string,
  text: (from: string) => string,
])[] = [
  ['a stage that imports a later one', 'policy-imports-earlier-stages-only', 'src/policy/a.ts', 'src/sign/b.ts', type],
  [
    'a stage that calls an earlier one',
    'stages-know-earlier-stages-as-types-only',
    'src/sign/a.ts',
    'src/build/b.ts',
    value,
  ],
  [
    'a stage that makes its own chain',
    'stages-know-the-chain-as-types-only',
    'src/build/a.ts',
    'src/chain/chain.ts',
    value,
  ],
  ['a stage that imports the store', 'quorum-imports-earlier-stages-only', 'src/quorum/a.ts', 'src/store/b.ts', type],
  ['a primitive that knows the domain', 'primitives-stand-on-errors', 'src/primitives/a.ts', 'src/safe/b.ts', type],
  ['the log when it knows a stage', 'audit-stands-alone', 'src/audit/a.ts', 'src/request/b.ts', type],
  ['the store when it judges', 'store-knows-stages-as-types-only', 'src/store/a.ts', 'src/policy/b.ts', value],
  [
    'the pipeline when it names an HSM',
    'adapters-are-named-in-compose-only',
    'src/pipeline/a.ts',
    'src/sign/pkcs11/b.ts',
    value,
  ],
  [
    'a key store that reaches the network',
    'adapters-know-each-other-not',
    'src/sign/keystore/a.ts',
    'src/chain/local/b.ts',
    value,
  ],
  ['a door that calls a stage', 'doors-hold-no-rules', 'src/cli/a.ts', 'src/sign/b.ts', value],
  ['the inside when it knows a door', 'nothing-imports-the-doors', 'src/pipeline/c.ts', 'src/cli/b.ts', value],
]

describe('the import directions', () => {
  let found: string[] = []
  beforeAll(async () => {
    const tree: Record<string, string> = {
      'src/safe/a.ts': value('./c.ts'),
      'src/safe/c.ts': `import { own } from './a.ts'\nexport const thing = own\n`,
      'src/safe/d.ts': "import fc from 'fast-check'\nexport const own = fc\n",
    }
    for (const [, , importer, imported, text] of REFUSED) {
      const up = '../'.repeat(importer.split('/').length - 2)
      tree[imported] = THING
      tree[importer] = text(`${up}${imported.slice('src/'.length)}`)
    }
    found = await broken(tree)
  })

  it.each(REFUSED)('refuse %s (%s)', (_situation, rule, importer) => {
    expect(found).toContain(`${rule}: ${importer}`)
  })

  it('refuse two modules that need each other', () => {
    expect(found).toContain('no-cycles: src/safe/a.ts')
  })

  it('refuse a development dependency in the package', () => {
    expect(found).toContain('no-unlisted-packages: src/safe/d.ts')
  })

  it('accept the way of one transaction as it is meant', async () => {
    expect(
      await broken({
        'src/errors.ts': THING,
        'src/primitives/a.ts': value('../errors.ts'),
        'src/safe/a.ts': value('../errors.ts'),
        'src/request/request.ts': THING,
        'src/chain/chain.ts': THING,
        'src/build/plan.ts': `${type('../request/request.ts')}import type { Thing as Chain } from '../chain/chain.ts'\nexport type Of = Chain\n`,
        'src/sign/signer.ts': type('../build/plan.ts'),
        'src/sign/pkcs11/signer.ts': "import { thing } from '../../errors.ts'\nexport const signer = thing\n",
        'src/audit/log.ts': value('../errors.ts'),
        'src/compose.ts': "import { signer } from './sign/pkcs11/signer.ts'\nexport const composed = signer\n",
        'src/cli/a.ts': type('../request/request.ts'),
      }),
    ).toEqual([])
  })
})
