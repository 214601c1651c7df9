/** A test that fails is tried again, see `vitest.config.ts`: what its failed attempt leaves behind, and what is told. */
import { afterEach, beforeEach, type RunnerTestCase } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** It passed only when it was tried again, for the summary of `.ci/run`. */
    retried?: boolean
  }
}

let current: RunnerTestCase | undefined
const hasFailed = (): boolean => current?.result?.state === 'fail'

/**
 * Calls that a failed attempt did not come to await are rejected when its library is closed. That would fail the
 * whole run, though the test passes when it is tried again. Vitest leaves rejections to whoever else listens.
 */
process.on('unhandledRejection', (error) => {
  if (!hasFailed()) throw error
})

beforeEach(({ task }) => {
  current = task
})

// The first that is registered is the last that runs: after those that close.
afterEach(async ({ task }) => {
  if ((task.result?.retryCount ?? 0) > 0) task.meta.retried = true
  // Rejections are told at the end of a turn.
  if (hasFailed()) await new Promise((resolve) => setImmediate(resolve))
})
