import { defineConfig } from 'vitest/config'

// The sanitizers make everything a few times slower, and have nothing to say about types.
const sanitized = process.env['FAT_THREADS_NATIVE'] === 'sanitized'

export default defineConfig({
  test: {
    // A test may end its own process; a worker thread would take the others with it.
    pool: 'forks',
    // A fat thread keeps a second core awake while calls go on.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          // Another C library below the program: the sanitizers' runtime fits one.
          exclude: ['test/soak/**', ...(sanitized ? ['test/lifecycle/other-glibc.test.ts'] : [])],
          testTimeout: sanitized ? 60_000 : 20_000,
          hookTimeout: sanitized ? 60_000 : 20_000,
          typecheck: {
            enabled: !sanitized,
            include: ['test/**/*.test-d.ts'],
            tsconfig: 'tsconfig.json',
            // Errors elsewhere are for `npm run check`: one home for each check.
            ignoreSourceErrors: true,
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['test/**/*.property.test.ts'],
          testTimeout: 60_000 + 1000 * Number(process.env['FAT_THREADS_FUZZ_SECONDS'] ?? 0),
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/soak/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
    ],
  },
})
