/** The thread that watches all processes: it works when something happened, and only then. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'

const ROUNDS = 9
/** A process that has used so much ends slowly. */
const BYTES = 16 * 2 ** 20
/** Milliseconds: for a listener that hung up it took more than that to look at it 500 times. */
const MOST = 0.4

const DECLARATIONS = {
  malloc: 'void *malloc(size_t size)',
  memset: 'void *memset(void *memory, int byte, size_t size)',
  abort: 'void abort(void)',
} as const

/** Milliseconds of processor time that the watching thread has used so far. */
function watchTime(): number {
  const task = '/proc/self/task'
  const text = (thread: string, file: string): string =>
    readFileSync(`${task}/${thread}/${file}`, 'latin1').trim()
  const watching = readdirSync(task).filter((thread) => text(thread, 'comm') === 'fat-watch')
  return watching.reduce((sum, one) => sum + Number(text(one, 'schedstat').split(' ')[0]) / 1e6, 0)
}

/** What a crash takes the watching thread at least: what else the machine does at that time makes it more. */
async function crashing(sandbox: 'best-effort' | 'off'): Promise<number> {
  await using libc = await open('libc.so.6', DECLARATIONS, { sandbox })
  const each: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const memory = await libc.symbols.malloc(BYTES)
    await libc.symbols.memset(memory, 1, BYTES)
    const before = watchTime()
    await expect(libc.symbols.abort()).rejects.toThrow('SIGABRT')
    // Before the next process begins, whose questions the thread answers.
    each.push(watchTime() - before)
    await libc.thread.life.settled()
  }
  return Math.min(...each)
}

test('a listener whose process ends is left alone', async () => {
  const [listening, deaf] = [await crashing('best-effort'), await crashing('off')]
  expect(deaf).toBeGreaterThan(0)
  expect(listening - deaf).toBeLessThan(MOST)
})
