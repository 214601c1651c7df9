/** How many of the program's descriptors a fat thread takes: a thousand of them must fit into a usual limit. */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FatThread, type FatThreadOptions } from '../../src/index.ts'

const count = (): number => readdirSync('/proc/self/fd').length

test.each<[string, FatThreadOptions, number]>([
  // Its process, socket, end, listener and two streams.
  ['as usual', {}, 6],
  ['without streams', { stdout: 'ignore', stderr: 'ignore' }, 4],
])('%s', async (_, options, most) => {
  await using first = await FatThread.spawn(options)
  const before = count()
  await using second = await FatThread.spawn(options)
  expect(count() - before).toBeLessThanOrEqual(most)
  const memory = second.alloc(4096)
  expect(memory.bytes.length).toBe(4096)
  expect(first.pid).not.toBe(second.pid)
})
