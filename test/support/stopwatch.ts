/**
 * Measures how long the program takes, for bounds. What the machine takes does not count: time in which it ran nothing
 * of the program (it was stopped, or the whole machine stood still), and time in which the program's first thread
 * could run and had no processor. To compute and to wait for something counts.
 */
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

/** Milliseconds from one look of the other thread to its next, and by which none is late while the machine runs. */
const LOOK = 20
const LATE = 200
/** Milliseconds in which it looks again after that. */
const PATIENCE = 1000
/** Looks at a time that is told in parts. */
const LOOKS_MOST = 100

/** Milliseconds of the system's clock, which all threads have in common. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Milliseconds in which the other thread could have run and did not, and when it looked last. */
const seen = new Float64Array(new SharedArrayBuffer(16))
/** How often it has looked. */
const looks = new Int32Array(new SharedArrayBuffer(4))
const worker = new Worker(
  `const { openSync, readSync } = require('node:fs')
  const { parentPort, workerData: { seen, looks } } = require('node:worker_threads')
  const never = new Int32Array(new SharedArrayBuffer(4))
  const now = () => Number(process.hrtime.bigint()) / 1e6
  const text = Buffer.alloc(100)
  // Open throughout: a test that counts descriptors may look at any moment.
  let counts
  try {
    counts = openSync('/proc/thread-self/schedstat')
  } catch {}
  function waited() {
    if (counts === undefined) return 0
    const length = readSync(counts, text, 0, text.length, 0)
    return Number(text.latin1Slice(0, length).split(' ')[1]) / 1e6
  }
  seen[1] = now()
  let before = waited()
  parentPort.postMessage('looks')
  for (;;) {
    Atomics.wait(never, 0, 0, ${LOOK})
    const [time, delay] = [now(), waited()]
    // That others had the processor is told of the first thread by itself.
    const late = time - seen[1] - ${LOOK} - (delay - before)
    if (late > ${LATE}) seen[0] += late
    seen[1] = time
    before = delay
    Atomics.add(looks, 0, 1)
    Atomics.notify(looks, 0)
  }`,
  { eval: true, workerData: { seen, looks } },
)
// Its descriptors are there before any test counts.
await new Promise((resolve) => worker.once('message', resolve))
worker.unref()

/** Milliseconds so far in which nothing of the program ran. */
function stoodStill(): number {
  const [, last = 0] = seen
  // Both threads may have just been woken.
  if (now() - last > LOOK + LATE) Atomics.wait(looks, 0, Atomics.load(looks, 0), PATIENCE)
  return seen[0] as number
}

/**
 * Milliseconds so far for which a process's first thread waited for a processor; 0 where the kernel does not count
 * them, or it has ended.
 */
export function waited(pid: number = process.pid): number {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1')
    return Number(text.split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** Starts one; it tells the milliseconds since then. */
export function stopwatch(): () => number {
  const time = (): number => {
    for (let look = 1; ; look++) {
      const before = waited()
      const time = now() - stoodStill() - before
      // Whoever waited for a processor in between has read what does not fit together.
      if (waited() === before || look === LOOKS_MOST) return time
    }
  }
  const begun = time()
  return () => time() - begun
}
