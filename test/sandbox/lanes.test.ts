/** Several lanes within the limits of a fat thread. */
import { expect, test } from 'vitest'
import { FatThread, StartError } from '../../src/index.ts'
import { failureOf } from '../support/ways.ts'

test('lanes whose stacks have no room: which option to change, and to what', async () => {
  const error = await failureOf(() =>
    FatThread.spawn({ threads: 64, limits: { memory: 64 * 2 ** 20 } }),
  )
  expect(error).toBeInstanceOf(StartError)
  expect(error.message).toBe(
    "the host failed at its start: lanes (EAGAIN); 64 lanes with 8 MiB of stack each don't fit into limits.memory, 64 MiB: raise that to 576 MiB or more, or lower `threads` or limits.stack",
  )
  // What it says helps.
  await using one = await FatThread.spawn({ threads: 64, limits: { memory: 576 * 2 ** 20 } })
  const stack = 256 * 1024
  await using other = await FatThread.spawn({
    threads: 64,
    limits: { memory: 80 * 2 ** 20, stack },
  })
  expect([one.state, other.state]).toEqual(['running', 'running'])
})

test('the reason is told on a busy machine too, where the program has heard of the host before', async () => {
  const begin = () => FatThread.spawn({ threads: 64, limits: { memory: 64 * 2 ** 20 } })
  const errors = await Promise.all(Array.from({ length: 24 }, () => failureOf(begin)))
  expect(new Set(errors.map(({ name }) => name))).toEqual(new Set(['StartError']))
})
