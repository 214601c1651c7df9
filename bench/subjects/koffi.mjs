import koffi from 'koffi'
import { library } from '../harness/native.mjs'
import { sideBySide } from '../job/side-by-side.mjs'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'
import { delayOf } from './event-loop.mjs'
import { shuffled } from './shuffled.mjs'

/** It refuses more asynchronous calls at once than that, and 256 are the default. */
const MOST = 4096
koffi.config({ max_async_calls: MOST })

koffi.struct('mixed', { count: 'int', ratio: 'float', sum: 'double', small: 'short' })

const abs = koffi.load('libc.so.6').func('int abs(int x)')

const promised = (call, value) =>
  new Promise((resolve, reject) =>
    call.async(value, (error, result) => (error ? reject(error) : resolve(result))),
  )

const afterTurn = (call, value) =>
  new Promise((resolve) => setImmediate(() => resolve(call(value))))

/** Calls beyond the most wait here, as they would have to in any program. */
async function awaited() {
  const waiting = []
  let running = 0
  const run = async () => {
    if (running === MOST) await new Promise((resolve) => waiting.push(resolve))
    else running++
    try {
      return await promised(abs, -1)
    } finally {
      if (waiting.length > 0) waiting.shift()()
      else running--
    }
  }
  return { run }
}

async function calling(symbol, argument) {
  const call = koffi.load(library('works')).func(`int ${symbol}(int amount)`)
  return { run: () => promised(call, argument) }
}

async function working(series, call) {
  const work = koffi.load(library('works')).func('int work(int milliseconds)')
  return { report: () => delayOf(() => call(work), series) }
}

export const workloads = {
  'sync-call': async () => ({ run: () => abs(-1) }),
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  'struct-call': async ({ prototype }) => {
    const call = koffi.load(library('takes-structures')).func(prototype)
    const mixed = { count: 1, ratio: 0.5, sum: 2.25, small: -3 }
    return { run: () => call(mixed) }
  },
  callback: async () => {
    const type = koffi.pointer(koffi.proto('int function(int)'))
    const callBack = koffi.load(library('calls-back')).func('call_back', 'int', ['int', type])
    const same = (value) => value
    return { run: () => callBack(-1, same) }
  },
  qsort: async ({ count }) => {
    const type = koffi.pointer(koffi.proto('int compare(const void *, const void *)'))
    const qsort = koffi
      .load('libc.so.6')
      .func('qsort', 'void', ['void *', 'size_t', 'size_t', type])
    const at = (pointer) => koffi.decode(pointer, 'double')
    const compare = (one, other) => Math.sign(at(one) - at(other))
    return { run: () => qsort(shuffled(count), count, 8, compare) }
  },
  'text-call': async ({ characters }) => {
    const sameText = koffi
      .load(library('echoes-text'))
      .func('const char *same_text(const char *text)')
    const text = 'x'.repeat(characters)
    return { run: () => sameText(text) }
  },
  thumbnails: thumbnails('koffi'),
  'thumbnails-deep': thumbnails('koffi-deep'),
  'thumbnails-async': thumbnails('koffi-async'),
  'thumbnails-side-by-side': sideBySide(2),
  'corrupted-images': corruptedImages('koffi'),
  'corrupted-images-async': corruptedImages('koffi-async'),
  pool: ({ rounds }) => calling('compute', rounds),
  lanes: ({ symbol, argument }) => calling(symbol, argument),
  'event-loop': (series) => working(series, (work) => promised(work, series.work)),
  'event-loop-blocking': (series) => working(series, (work) => afterTurn(work, series.work)),
  copy: async ({ bytes }) => {
    const touch = koffi.load(library('touch-nothing')).func('int touch_nothing(const void *memory)')
    const memory = Buffer.alloc(bytes, 1)
    return { run: () => touch(memory) }
  },
}
