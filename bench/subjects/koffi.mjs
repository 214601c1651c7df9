import koffi from 'koffi'
import { library } from '../harness/native.mjs'
import { shuffled } from './shuffled.mjs'

/** By default it refuses more than 256 asynchronous calls at once. */
koffi.config({ max_async_calls: 4096 })

koffi.struct('mixed', { count: 'int', ratio: 'float', sum: 'double', small: 'short' })

const abs = koffi.load('libc.so.6').func('int abs(int x)')

const awaited = async () => ({
  run: () =>
    new Promise((resolve, reject) =>
      abs.async(-1, (error, result) => (error ? reject(error) : resolve(result))),
    ),
})

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
  copy: async ({ bytes }) => {
    const touch = koffi.load(library('touch-nothing')).func('int touch_nothing(const void *memory)')
    const memory = Buffer.alloc(bytes, 1)
    return { run: () => touch(memory) }
  },
}
