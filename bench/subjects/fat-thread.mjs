import { CrashError, open } from 'fat-threads'
import { memoryOf } from '../harness/memory.mjs'
import { library } from '../harness/native.mjs'

const ABS = { abs: 'int abs(int x)' }
const COS = { cos: 'double cos(double x)' }
const ABORT = { ...ABS, abort: 'void abort(void)' }
const TOUCH = { touch: 'int touch_nothing(const uint8_t *memory)' }

async function openCos() {
  const libm = await open('libm.so.6', COS)
  await libm.symbols.cos(0)
  return libm
}

async function awaited() {
  const libc = await open('libc.so.6', ABS)
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

async function copying(bytesOf) {
  const fixture = await open(library('touch-nothing'), TOUCH)
  const bytes = bytesOf(fixture.thread)
  const touch = fixture.symbols.touch.sync
  return { run: () => touch(bytes), close: () => fixture.close() }
}

export const workloads = {
  'sync-call': async () => {
    const libc = await open('libc.so.6', ABS)
    const abs = libc.symbols.abs.sync
    return { run: () => abs(-1), close: () => libc.close() }
  },
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  open: opening,
  'first-open': opening,
  memory: async ({ key }) => ({
    report: async () => {
      const libm = await openCos()
      try {
        return [await memoryOf(libm.thread.pid, key)]
      } finally {
        await libm.close()
      }
    },
  }),
  restart: async () => {
    const libc = await open('libc.so.6', ABORT)
    const { abort, abs } = libc.symbols
    return {
      run: async () => {
        await abort().catch((error) => {
          if (!(error instanceof CrashError)) throw error
        })
        await abs(-1)
      },
      close: () => libc.close(),
    }
  },
  copy: ({ bytes }) => copying(() => Buffer.alloc(bytes, 1)),
  'copy-shared': ({ bytes }) => copying((thread) => thread.alloc(bytes).bytes.fill(1)),
}
