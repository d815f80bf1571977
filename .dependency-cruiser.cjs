/**
 * The import directions of src/, which are the trust boundaries of the design:
 *
 *   primitives, errors <- safe <- request <- build <- review <- policy <- quorum <- sign <- broadcast
 *   audit stands on primitives and errors only; store knows the types of the stages; pipeline calls all
 *   stages; compose alone names adapters; the doors (service, console, cli) hold no rules.
 */

/** The stages in their order. Each may import the ones before it, never one behind it. */
const STAGES = ['request', 'build', 'review', 'policy', 'quorum', 'sign', 'broadcast']

/** What every stage may stand on besides earlier stages. */
const GROUND = ['^src/errors\\.ts$', '^src/primitives/', '^src/safe/']

/** The parts that reach a disk, a network or a token. Only compose names them. */
const ADAPTERS = ['^src/sign/(keystore|pkcs11)/', '^src/chain/(rpc|local)/', '^src/store/sqlite/']

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
})

const stageRules = STAGES.map((stage, index) =>
  only(
    `${stage}-imports-earlier-stages-only`,
    `^src/${stage}/`,
    [...GROUND, '^src/chain/chain\\.ts$', ...STAGES.slice(0, index).map((earlier) => `^src/${earlier}/`)],
    `${stage} may import primitives, errors, safe, the port of the chain, and the stages before it.`,
  ),
)

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unlisted-packages',
      comment: 'src/ runs from the packed package, which brings its dependencies and nothing else.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'], couldNotResolve: false },
    },
    {
      name: 'no-unresolved',
      comment: 'Every import is found.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    only('errors-stand-alone', '^src/errors\\.ts$', [], 'The catalogue imports nothing.'),
    only('primitives-stand-on-errors', '^src/primitives/', ['^src/errors\\.ts$'], 'Primitives know no domain.'),
    only(
      'safe-stands-on-primitives',
      '^src/safe/',
      ['^src/errors\\.ts$', '^src/primitives/'],
      'Hashing and packing of Safe data know no stage.',
    ),
    only(
      'audit-stands-alone',
      '^src/audit/',
      ['^src/errors\\.ts$', '^src/primitives/'],
      'The log can be verified without any of the rest.',
    ),
    ...stageRules,
    {
      name: 'stages-know-earlier-stages-as-types-only',
      comment: 'What a stage needs is handed to it; only the pipeline calls stages.',
      severity: 'error',
      // A statement is signed by its fields, never by a digest handed in, so this file derives the digests itself.
      from: { path: `^src/(${STAGES.join('|')})/`, pathNot: '^src/sign/statement\\.ts$' },
      to: { path: `^src/(${STAGES.join('|')})/`, pathNot: '^src/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'stages-know-the-chain-as-types-only',
      comment: 'A stage is handed its chain; it never makes one.',
      severity: 'error',
      from: { path: `^src/(${STAGES.join('|')})/` },
      to: { path: '^src/chain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'store-knows-stages-as-types-only',
      comment: 'The store keeps what stages made and judges nothing.',
      severity: 'error',
      from: { path: '^src/store/' },
      to: { path: `^src/(${STAGES.join('|')})/`, dependencyTypesNot: ['type-only'] },
    },
    only(
      'chain-stands-on-ground',
      '^src/chain/',
      GROUND,
      'An adapter of the chain answers questions; it knows no stage.',
    ),
    {
      name: 'adapters-are-named-in-compose-only',
      comment: 'Which HSM, database or node is used is decided in one file.',
      severity: 'error',
      // Within its own folder an adapter is free; keys/ makes keys in the stores, so it is their other half.
      from: { path: '^src/', pathNot: [...ADAPTERS, '^src/compose\\.ts$', '^src/(keys|demo)/'] },
      to: { path: ADAPTERS },
    },
    {
      name: 'demo-names-the-local-chain-only',
      comment: 'The demo starts a chain of its own; keys, store and RPC it reaches as everybody does.',
      severity: 'error',
      from: { path: '^src/demo/' },
      to: { path: ADAPTERS, pathNot: '^src/chain/local/' },
    },
    {
      name: 'adapters-know-each-other-not',
      comment: 'A keystore, a token, a node and a database share nothing but ports; a local chain is one more node.',
      severity: 'error',
      from: { path: '^src/(sign/keystore|sign/pkcs11|chain/rpc|chain/local|store/sqlite)/' },
      to: { path: ADAPTERS, pathNot: ['^src/$1/', '^src/chain/rpc/'] },
    },
    {
      name: 'rpc-is-reached-by-chain-adapters-only',
      comment: 'A key store has no business on the network.',
      severity: 'error',
      from: { path: '^src/(sign|store|chain/rpc)/' },
      to: { path: '^src/chain/(rpc|local)/', pathNot: '^src/$1/' },
    },
    {
      name: 'doors-hold-no-rules',
      comment: 'A door parses, calls and renders; of the stages it sees types alone.',
      severity: 'error',
      from: { path: '^src/(service|cli|console)/' },
      // How a review reads is rendering, though it lives beside the review.
      to: {
        path: `^src/(${STAGES.join('|')})/`,
        pathNot: '^src/review/render\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-imports-the-doors',
      comment: 'What is inside does not know who calls.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(service|cli|console|demo)/', '^src/(main|compose|index)\\.ts$'] },
      to: { path: '^src/(service|cli|console)/' },
    },
    {
      name: 'nothing-imports-the-pipeline-but-what-starts-it',
      comment: 'The pipeline is the only caller of all stages, so it is never below one.',
      severity: 'error',
      from: { path: `^src/(${[...STAGES, 'primitives', 'safe', 'audit', 'chain', 'keys'].join('|')})/` },
      to: { path: '^src/pipeline(/|\\.ts)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    builtInModules: { add: ['node:sqlite'] },
  },
}
