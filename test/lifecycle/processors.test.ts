/** Where a fat thread wakes up: beside the program, on another processor than the one that the program goes on on. And how soon. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { skipWithoutKernel } from '../support/needs.ts'

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

describe('how long a fat thread keeps its processor while others want it', () => {
  const SLICES = {
    deed: 'int deed(void)',
    slice: 'uint64_t slice(void)',
    slice_of_a_thread: 'uint64_t slice_of_a_thread(void)',
    compute: 'void compute(double milliseconds)',
  } as const
  /** Nanoseconds: the kernel takes no shorter one. */
  const SHORTEST = 100_000n
  /** Milliseconds, far more than a short call takes. */
  const LONG = 20
  const TRIES = 20

  /** What `look` gives once it is what is waited for; a neighbour may make any single call long. */
  async function settled(look: () => bigint, wanted: (slice: bigint) => boolean): Promise<bigint> {
    let found = look()
    for (let tries = 0; tries < TRIES && !wanted(found); tries++) {
      await sleep(ASLEEP)
      found = look()
    }
    return found
  }

  test('calls that are done at once get one sooner, long ones as anybody', async (context) => {
    await using library = await open(fixture('wants-a-processor'), SLICES)
    const { deed, slice, slice_of_a_thread, compute } = library.symbols
    skipWithoutKernel(context, deed.sync() === 1, 'slices that can be asked for')
    const look = (): bigint => BigInt(slice.sync())
    const usual = BigInt(slice_of_a_thread.sync())
    expect(usual).toBeGreaterThan(SHORTEST)
    expect(await settled(look, (found) => found === SHORTEST)).toBe(SHORTEST)
    expect(BigInt(slice_of_a_thread.sync())).toBe(usual)
    const after = (): bigint => {
      compute.sync(LONG)
      const end = performance.now() + ASLEEP
      while (performance.now() < end); // it falls asleep
      return look()
    }
    expect(await settled(after, (found) => found === usual)).toBe(usual)
    expect(await settled(look, (found) => found === SHORTEST)).toBe(SHORTEST)
  })

  test('so it is with each lane', async (context) => {
    await using library = await open(fixture('wants-a-processor'), SLICES, { threads: 2 })
    const { deed, slice, compute } = library.symbols
    skipWithoutKernel(context, deed.sync() === 1, 'slices that can be asked for')
    const computes = compute(LONG * TRIES * 2)
    const look = (): bigint => BigInt(slice.sync())
    expect(await settled(look, (found) => found === SHORTEST)).toBe(SHORTEST)
    await computes
  })
})
