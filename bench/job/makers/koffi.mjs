// In this process, with koffi: calls block, or run on a thread of libuv's.

import { setImmediate } from 'node:timers/promises'
import koffi from 'koffi'
import { functionsFor, thumbnailOf } from '../thumbnail.mjs'
import { oneByOne, Workshop } from '../workshop.mjs'

/** As many as there are members in the pools. */
const AT_ONCE = 2

const workshopWith = (functions) =>
  new Workshop(functions, {
    allocate: (bytes) => Buffer.allocUnsafeSlow(bytes),
    free: () => {},
    addressOf: (memory) => BigInt(koffi.address(memory)),
    inOrder: oneByOne(functions),
  })

/** One image after the other. `options` are those of `koffi.load`. */
export async function blocking(codecs, options = {}) {
  const functions = await functionsFor(codecs, (path, prototypes) =>
    bound(path, prototypes, options),
  )
  const workshop = workshopWith(functions)
  let last = Promise.resolve()
  return {
    make: (path) => {
      const made = last.then(async () => {
        // Whatever else the program does has its turn between two images.
        await setImmediate()
        return await thumbnailOf(codecs, workshop, path)
      })
      last = made.catch(() => {})
      return made
    },
    close: () => {},
  }
}

/** Two images at once, each step of each on one of libuv's threads. */
export async function asynchronous(codecs) {
  const functions = await functionsFor(codecs, (path, prototypes) =>
    Object.fromEntries(
      Object.entries(bound(path, prototypes, {})).map(([name, call]) => [name, promised(call)]),
    ),
  )
  const free = Array.from({ length: AT_ONCE }, () => workshopWith(functions))
  const waiting = []
  return {
    make: async (path) => {
      const workshop = free.pop() ?? (await new Promise((resolve) => waiting.push(resolve)))
      try {
        return await thumbnailOf(codecs, workshop, path)
      } finally {
        if (waiting.length > 0) waiting.shift()(workshop)
        else free.push(workshop)
      }
    },
    close: () => {},
  }
}

function bound(path, prototypes, options) {
  const library = koffi.load(path, options)
  return Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]),
  )
}

const promised =
  (call) =>
  (...values) =>
    new Promise((resolve, reject) =>
      call.async(...values, (error, result) => (error ? reject(error) : resolve(result))),
    )
