/** Notes of a test that it passed only when it was tried again, for the summary of `.ci/run`. */
import { afterEach } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    retried?: boolean
  }
}

afterEach(({ task }) => {
  if ((task.result?.retryCount ?? 0) > 0) task.meta.retried = true
})
