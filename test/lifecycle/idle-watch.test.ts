/** Who works while nobody calls: also where processors are scarce, and no more than that. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { waitedTime } from '../../src/host/waited-time.ts'
import { IdleWatch } from '../../src/idle-watch.ts'

let watch: IdleWatch | undefined
afterEach(() => watch?.end())

/** What is said of a process that uses and waits for such a share of a processor, within some seconds. */
async function judged(used: number, waited: number, seconds = 6): Promise<string | undefined> {
  const begin = performance.now()
  const elapsed = (): number => (performance.now() - begin) / 1000
  let said: string | undefined
  watch = new IdleWatch(
    () => ({
      process: undefined,
      pid: process.pid,
      used: used * elapsed(),
      waited: () => waited * elapsed(),
      completed: 1,
      inFlight: 0,
    }),
    (what) => {
      said ??= what
    },
  )
  while (said === undefined && elapsed() < seconds) await sleep(50)
  return said
}

describe.concurrent('the watch', () => {
  test.each([
    ['a whole processor', 1, 0],
    ['a third of one, and waits for more', 0.3, 0.7],
    ['a fifth of one, and waits for more', 0.2, 0.8],
  ])('ends what uses %s', async (_, used, waited) => {
    expect(await judged(used, waited)).toMatch(/^used the processor for [0-9.]+ s$/)
  })

  test.each([
    ['a third of one', 0.3, 0],
    ['a twentieth of one where there are few', 0.05, 0.3],
    ['next to nothing, and waits for it', 0.02, 0.9],
  ])('lets be what uses %s', async (_, used, waited) => {
    expect(await judged(used, waited)).toBeUndefined()
  })
})

test('what threads waited for is told by the kernel', () => {
  expect(waitedTime(process.pid)).toBeGreaterThanOrEqual(0)
  expect(waitedTime(2 ** 30)).toBe(0)
})
