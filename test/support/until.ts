import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for what is there soon. */
export async function until(condition: () => boolean, what = 'it'): Promise<void> {
  const limit = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`${what} never came`)
    await sleep(5)
  }
}
