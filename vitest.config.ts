import { defineConfig } from 'vitest/config'

// The sanitizers make everything a few times slower, and have nothing to say about types.
const sanitized = process.env['FAT_THREADS_NATIVE'] === 'sanitized'

/** What would test the sanitizers' runtime: */
const UNFIT = [
  // Another C library below the program: the runtime fits one.
  'test/lifecycle/other-glibc.test.ts',
  // Memory of the C library's own `strdup` given to the runtime's `free`.
  'test/api/disposable.test.ts',
  // A write to constants ends in a jump out of the signal handler, for which the runtime reads /proc/self/maps.
  'test/api/variables.test.ts',
  // What is freed is kept back, so memory grows.
  'test/api/bad-input.test.ts',
  // The laboratory is built without sanitizers.
  'test/strategies/strategies.test.ts',
]

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
          exclude: ['test/soak/**', ...(sanitized ? UNFIT : [])],
          testTimeout: sanitized ? 60_000 : 30_000,
          hookTimeout: sanitized ? 60_000 : 30_000,
          // Two files and their processes share two cores: a bound of time is asked twice before it is missed, the
          // second time when what held the machine up may be over.
          retry: { count: 1, delay: 5_000 },
          setupFiles: ['test/support/attempts.ts'],
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
          testTimeout: 500_000,
        },
      },
    ],
  },
})
