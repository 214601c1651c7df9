import { setTimeout as sleep } from 'node:timers/promises'
import { stopwatch } from './stopwatch.ts'

/** Waits for what is there soon. */
export async function until(condition: () => boolean, what = 'it'): Promise<void> {
  const elapsed = stopwatch()
  while (!condition()) {
    if (elapsed() > 5000) throw new Error(`${what} never came`)
    await sleep(5)
  }
}
