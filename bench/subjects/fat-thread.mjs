import { setTimeout as sleep } from 'node:timers/promises'
import { CrashError, FatThread, open } from 'fat-threads'
import { memoryOf, ownProcessorTime, processesOf, processorTimeOf } from '../harness/memory.mjs'
import { library } from '../harness/native.mjs'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'
import { delayOf } from './event-loop.mjs'
import { shuffled } from './shuffled.mjs'

const ABS = { abs: 'int abs(int x)' }
const COS = { cos: 'double cos(double x)' }
const ABORT = { ...ABS, abort: 'void abort(void)' }
const MIXED = 'typedef struct { int count; float ratio; double sum; short small; } mixed;'
const mixed = { count: 1, ratio: 0.5, sum: 2.25, small: -3 }
const CALLS_BACK = { callBack: 'int call_back(int value, int (*function)(int))' }
const QSORT = {
  qsort:
    'void qsort(void *base, size_t count, size_t size, int (*compare)(const double *, const double *))',
}
const SAME_TEXT = { sameText: 'const char *same_text(const char *text)' }
const WORK = { work: 'int work(int milliseconds)' }
const TOUCH = { touch: 'int touch_nothing(const uint8_t *memory)' }

/**
 * Milliseconds after which Node has tidied up what the start of a program, and of all fat threads, left behind: its
 * collector comes again and again for that, the last time about half a minute later.
 */
const SETTLES = 45_000

/** What a fat thread with these options does for each measure. */
export function workloadsWith(options) {
  async function openCos() {
    const libm = await open('libm.so.6', COS, options)
    await libm.symbols.cos(0)
    return libm
  }

  async function awaited() {
    const libc = await open('libc.so.6', ABS, options)
    const { abs } = libc.symbols
    return { run: () => abs(-1), close: () => libc.close() }
  }

  async function opening() {
    return {
      run: async () => {
        const libm = await openCos()
        return () => libm.close()
      },
    }
  }

  const lanes =
    (threads) =>
    async ({ symbol, argument }) => {
      const declarations = { call: `int ${symbol}(int amount)` }
      const fixture = await open(library('works'), declarations, { ...options, threads })
      return { run: () => fixture.symbols.call(argument), close: () => fixture.close() }
    }

  async function copying(bytesOf) {
    const fixture = await open(library('touch-nothing'), TOUCH, options)
    const bytes = bytesOf(fixture.thread)
    const touch = fixture.symbols.touch.sync
    return { run: () => touch(bytes), close: () => fixture.close() }
  }

  /** So many fat threads at once, each called; `use` is given them, and returns samples. */
  async function manyOf(count, use) {
    const begin = performance.now()
    const all = await Promise.all(Array.from({ length: count }, openCos))
    const samples = await use?.(all)
    await Promise.all(all.map((libm) => libm.close()))
    return samples ?? [(performance.now() - begin) * 1e6]
  }

  return {
    'sync-call': async () => {
      const libc = await open('libc.so.6', ABS, options)
      const abs = libc.symbols.abs.sync
      return { run: () => abs(-1), close: () => libc.close() }
    },
    'awaited-call': awaited,
    'calls-in-flight': awaited,
    open: opening,
    'first-open': opening,
    'open-warm': async () => {
      const spares = await FatThread.warm(options)
      return {
        run: async () => {
          const libm = await openCos()
          return async () => {
            await libm.close()
            while (spares.waiting === 0) await sleep(1)
          }
        },
        close: () => spares.close(),
      }
    },
    memory: async ({ key }) => ({
      report: async () => {
        const libm = await openCos()
        try {
          const pids = processesOf(libm.thread.pid)
          const each = await Promise.all(pids.map((pid) => memoryOf(pid, key)))
          return [each.reduce((sum, bytes) => sum + bytes, 0)]
        } finally {
          await libm.close()
        }
      },
    }),
    restart: async () => {
      const libc = await open('libc.so.6', ABORT, options)
      const { abort, abs } = libc.symbols
      return {
        run: async () => {
          await abort().catch((error) => {
            if (!(error instanceof CrashError)) throw error
          })
          await abs(-1)
          return async () => {
            while (libc.thread.stats().spares < (options.spares ?? 0)) await sleep(1)
          }
        },
        close: () => libc.close(),
      }
    },
    'struct-call': async ({ symbol, prototype }) => {
      const fixture = await open(library('takes-structures'), `${MIXED} ${prototype};`, options)
      const call = fixture.symbols[symbol].sync
      return { run: () => call(mixed), close: () => fixture.close() }
    },
    callback: async () => {
      const fixture = await open(library('calls-back'), CALLS_BACK, options)
      const callBack = fixture.symbols.callBack.sync
      const same = (value) => value
      return { run: () => callBack(-1, same), close: () => fixture.close() }
    },
    qsort: async ({ count }) => {
      const libc = await open('libc.so.6', QSORT, options)
      const memory = libc.thread.alloc(count * 8)
      const numbers = new Float64Array(memory.bytes.buffer, 0, count)
      const begin = memory.pointer.address
      const at = (pointer) => numbers[Number(pointer.address - begin) >> 3]
      const compare = (one, other) => Math.sign(at(one) - at(other))
      return {
        run: () => {
          numbers.set(shuffled(count))
          libc.symbols.qsort.sync(memory, count, 8, compare)
        },
        close: () => libc.close(),
      }
    },
    'text-call': async ({ characters }) => {
      const fixture = await open(library('echoes-text'), SAME_TEXT, options)
      const text = 'x'.repeat(characters)
      const sameText = fixture.symbols.sameText.sync
      return { run: () => sameText(text), close: () => fixture.close() }
    },
    alive: ({ count }) => ({ report: () => manyOf(count) }),
    'alive-memory': ({ count }) => ({
      report: () =>
        manyOf(count, async (all) => {
          const pids = all.flatMap(({ thread }) => processesOf(thread.pid))
          const each = await Promise.all(pids.map((pid) => memoryOf(pid, 'pss')))
          return [each.reduce((sum, bytes) => sum + bytes, 0)]
        }),
    }),
    idle: ({ count, milliseconds }) => ({
      report: () =>
        manyOf(count, async (all) => {
          const pids = all.flatMap(({ thread }) => processesOf(thread.pid))
          // Looking at hundreds of processes costs the program more than they do: that is left out, and what it leaves
          // behind is tidied up before the program is looked at. So theirs is of a longer time.
          const theirs = processorTimeOf(pids)
          await sleep(SETTLES)
          const own = ownProcessorTime()
          await sleep(milliseconds)
          const ownLater = ownProcessorTime()
          return [ownLater - own + processorTimeOf(pids) - theirs]
        }),
    }),
    'event-loop': async (series) => {
      const fixture = await open(library('works'), WORK, options)
      const { work } = fixture.symbols
      return {
        report: () => delayOf(() => work(series.work), series),
        close: () => fixture.close(),
      }
    },
    'lanes-1': lanes(1),
    'lanes-2': lanes(2),
    'lanes-4': lanes(4),
    thumbnails: thumbnails('fat-thread'),
    'corrupted-images': corruptedImages('fat-thread'),
    copy: ({ bytes }) => copying(() => Buffer.alloc(bytes, 1)),
    'empty-call': () => copying(() => null),
    'copy-shared': ({ bytes }) => copying((thread) => thread.alloc(bytes).bytes.fill(1)),
  }
}

export const workloads = workloadsWith({})
