/** What ended processes leave behind is cleared away: soon, and never much of it later. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { clearAwayLater } from '../../src/host/clear-away.ts'
import { open } from '../../src/index.ts'
import { until } from '../support/until.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('not at once, and soon', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const works = [vi.fn(), vi.fn()]
  for (const work of works) clearAwayLater(work)
  for (const work of works) expect(work).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(10)
  for (const work of works) expect(work).toHaveBeenCalledTimes(1)
})

test('where there are no later turns, no more than two wait', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const done: number[] = []
  for (let index = 0; index < 5; index++) clearAwayLater(() => done.push(index))
  expect(done).toEqual([0, 1, 2])
  await vi.advanceTimersByTimeAsync(10)
  expect(done).toEqual([0, 1, 2, 3, 4])
})

const descriptors = (): number => readdirSync('/proc/self/fd').length

test('a program that crashes its library again and again keeps no descriptors', async () => {
  await using libc = await open('libc.so.6', { abort: 'void abort(void)' })
  const goesOn = () => until(() => libc.thread.state === 'running', 'the next process')
  const crash = async (): Promise<void> => {
    await expect(libc.symbols.abort()).rejects.toThrow('SIGABRT')
    await goesOn()
  }
  await crash()
  await sleep(50)
  const before = descriptors()
  for (let round = 0; round < 5; round++) await crash()
  for (let round = 0; round < 5; round++) {
    expect(() => libc.symbols.abort.sync()).toThrow('SIGABRT')
    await goesOn()
  }
  // On a busy machine the last one takes longer to be cleared away.
  await until(() => descriptors() <= before, 'what was opened to be closed')
})
