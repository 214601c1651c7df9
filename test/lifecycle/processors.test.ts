/** Where a fat thread wakes up: beside the program, on another processor than the one that the program goes on on. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'

const DECLARATIONS = { sched_getcpu: 'int sched_getcpu(void)' } as const
const CALLS = 5
const LIBRARIES = 6
/** Milliseconds after which a fat thread that nobody calls sleeps. */
const ASLEEP = 20

/** The processor that the program runs on. */
function ownProcessor(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[36])
}

function mayRunOn(pid: number | undefined): string | undefined {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
}

test.skipIf(availableParallelism() < 2)('the first calls run beside the program', async () => {
  const beside: boolean[] = []
  for (let index = 0; index < LIBRARIES; index++) {
    await using libc = await open('libc.so.6', DECLARATIONS)
    for (let call = 0; call < CALLS; call++) {
      await sleep(ASLEEP)
      const before = ownProcessor()
      const there = libc.symbols.sched_getcpu.sync()
      if (ownProcessor() === before) beside.push(there !== before)
    }
    expect(mayRunOn(libc.thread.pid)).toBe(mayRunOn(process.pid))
  }
  expect(beside.length).toBeGreaterThan(0)
  const share = beside.filter(Boolean).length / beside.length
  expect(share).toBeGreaterThan(0.7)
})
