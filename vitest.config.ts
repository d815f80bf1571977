import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.fuzz.ts', 'test/**/*.e2e.ts'],
    setupFiles: ['test/support/matchers.ts'],
    // Real nodes, tokens and key derivations run here; time never decides a result.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    // A focused test would leave all the others out and still be green.
    allowOnly: false,
  },
})
