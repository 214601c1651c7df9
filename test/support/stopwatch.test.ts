/** The stopwatch's controls: what the program does counts, and what the machine does to it does not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { stopwatch } from './stopwatch.ts'

test('the time in which a program is stopped does not count', async () => {
  const elapsed = stopwatch()
  const begun = performance.now()
  const stops = `kill -STOP ${process.pid}; sleep 2; kill -CONT ${process.pid}`
  await once(spawn('sh', ['-c', stops], { stdio: 'ignore' }), 'close')
  expect(performance.now() - begun).toBeGreaterThan(1900)
  expect(elapsed()).toBeLessThan(1500)
})

test('the time in which a program waits for something counts', () => {
  const elapsed = stopwatch()
  const never = new Int32Array(new SharedArrayBuffer(4))
  // Beside tasks of real-time priority, Linux 6.18 now and then counts a whole sleep as waiting for a processor.
  for (let wait = 0; wait < 50; wait++) Atomics.wait(never, 0, 0, 20)
  expect(elapsed()).toBeGreaterThan(900)
})

test('the time in which a program computes counts, and not that in which others do', async () => {
  const others = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  )
  await Promise.all(others.map((other) => once(other, 'spawn')))
  const elapsed = stopwatch()
  const [begun, used] = [performance.now(), process.cpuUsage()]
  // To ask how much it was takes the kernel's time.
  const computed = (): number => {
    const { user, system } = process.cpuUsage(used)
    return (user + system) / 1000
  }
  while (computed() < 500);
  const [taken, passed] = [elapsed(), performance.now() - begun]
  for (const other of others) other.kill('SIGKILL')
  expect(passed).toBeGreaterThan(700)
  expect(taken).toBeGreaterThan(400)
  // Of what others had, next to nothing.
  expect(taken).toBeLessThan(500 + 0.25 * (passed - 500))
})
