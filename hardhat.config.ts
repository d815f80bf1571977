import { createRequire } from 'node:module'
import { defineConfig } from 'hardhat/config'

// The compiler is the npm package, pinned by its integrity hash in the lockfile; nothing is downloaded.
// The production profile does not inherit settings, so both profiles name the same object.
const compiler = {
  version: '0.8.37',
  path: createRequire(import.meta.url).resolve('solc/soljson.js'),
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { '*': { '*': ['storageLayout', 'metadata'], '': ['ast'] } },
  },
}

const fuzzRuns = Number(process.env.FUZZ_RUNS ?? '1000')
// Unset, every run explores the same inputs: a failure in CI is then found again on a desk.
const fuzzSeed = process.env.FUZZ_SEED

export default defineConfig({
  solidity: {
    profiles: {
      default: { compilers: [compiler] },
      production: { compilers: [compiler] },
    },
  },
  paths: {
    sources: './contracts',
    tests: { solidity: './test/contracts' },
  },
  test: {
    solidity: {
      fuzz: { runs: fuzzRuns, ...(fuzzSeed !== undefined && { seed: fuzzSeed }) },
      invariant: { runs: 64, depth: 64, failOnRevert: true },
    },
  },
})
