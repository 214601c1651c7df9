// In fat threads: one that does one image after the other, or a pool of two.
import { FatThread, Pool } from 'fat-threads'
import { functionsFor, thumbnailOf } from '../thumbnail.mjs'
import { Workshop } from '../workshop.mjs'

/** What the codecs print about bad files is not part of the job. */
const QUIET = { stdout: 'ignore', stderr: 'ignore' }

export async function one(codecs) {
  const thread = await FatThread.spawn(QUIET)
  const places = new Places(codecs)
  let last = Promise.resolve()
  return {
    make: (path) => {
      const made = last.then(async () => thumbnailOf(codecs, await places.workshopOn(thread), path))
      last = made.catch(() => {})
      return made
    },
    close: () => thread.close(),
  }
}

export async function pool(codecs) {
  const [{ path, prototypes }] = codecs.libraries()
  const options = { ...QUIET, minThreads: 2, maxThreads: 2 }
  const members = await Pool.open(path, prototypes, options)
  const places = new Places(codecs)
  return {
    make: (image) =>
      members.run(async (library) =>
        thumbnailOf(codecs, await places.workshopOn(library.thread, library), image),
      ),
    close: () => members.close(),
  }
}

/** What each fat thread holds beyond the library that it was opened with. */
class Places {
  #codecs
  #functions = new WeakMap()
  #workshops = new WeakMap()

  constructor(codecs) {
    this.#codecs = codecs
  }

  async workshopOn(thread, opened) {
    let functions = this.#functions.get(thread)
    if (functions === undefined) {
      functions = await functionsFor(this.#codecs, async (path, prototypes) =>
        path === opened?.path ? opened.symbols : (await thread.load(path, prototypes)).symbols,
      )
      this.#functions.set(thread, functions)
    }
    let there = this.#workshops.get(thread)
    // Memory goes with the process that it was shared with.
    if (there === undefined || !thread.owns(there.pointer)) {
      there = workshopIn(thread, functions)
      this.#workshops.set(thread, there)
    }
    return there.workshop
  }
}

function workshopIn(thread, functions) {
  const all = new Map()
  const workshop = new Workshop(functions, {
    allocate: (bytes) => {
      const memory = thread.alloc(bytes)
      all.set(memory.bytes, memory)
      return memory.bytes
    },
    free: (bytes) => {
      all.get(bytes)[Symbol.dispose]()
      all.delete(bytes)
    },
    addressOf: (bytes) => all.get(bytes).pointer.address,
    inOrder: async (steps) => {
      const series = thread.series()
      const recorders = recordersOf(functions, series)
      const made = []
      for (const step of steps) made.push(step(recorders, ...made))
      await series.run()
      return made.map(({ value }) => value)
    },
  })
  return { workshop, pointer: thread.alloc(1).pointer }
}

/** The same functions, whose calls become steps of a series. */
function recordersOf(functions, series) {
  const record =
    (_, name) =>
    (...values) =>
      series.call(functions[name], ...values)
  return new Proxy(functions, { get: record })
}
