/** `Pointer` and shared memory: whose they are, and how long. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ClosedError,
  CrashError,
  FatThread,
  type Library,
  Pointer,
  SharedMemory,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS, type Way } from '../support/ways.ts'

const DECLARATIONS = {
  make: 'void *make(size_t count, int value)',
  byteAt: 'int byte_at(const void *pointer, size_t index)',
  fill: 'void fill(void *bytes, int value, size_t count)',
  sum: 'uint64_t sum_bytes(const uint8_t *bytes, size_t count)',
  addOne: 'void add_one_to_bytes(uint8_t *bytes, size_t count)',
  sumDoubles: 'double sum_doubles(const double *values, size_t count)',
  fillPointers: 'void fill_pointers(void **pointers, size_t count, void *value)',
} as const

const CRASH = { crash: 'int crash(void)' } as const

let thread: FatThread
let library: Library<typeof DECLARATIONS>

beforeEach(async () => {
  thread = await FatThread.spawn()
  library = await thread.load(fixture('handles-bytes'), DECLARATIONS)
})

afterEach(() => thread.close())

/** The fat thread as its next incarnation. */
async function restart(): Promise<void> {
  const { symbols } = await thread.load(fixture('obeys'), CRASH)
  expect(await failureOf(() => symbols.crash())).toBeInstanceOf(CrashError)
  expect(await library.symbols.sum([1], 1)).toBe(1n)
}

async function refusesPointer(pointer: unknown, into: Library<typeof DECLARATIONS>): Promise<void> {
  for (const way of WAYS) {
    const error = await failureOf(() => call(into.symbols.byteAt, way, [pointer, 0]))
    expect(error).toBeInstanceOf(ClosedError)
    expect(error.message).toMatch(/belongs to another fat thread, or to one before its restart/)
  }
}

describe('Pointer', () => {
  test.each(WAYS)('comes from a call and goes into the next (%s)', async (way) => {
    const made = (await call(library.symbols.make, way, [10, 7])) as Pointer
    expect(made).toBeInstanceOf(Pointer)
    expect(made.address).toBeGreaterThan(0n)
    expect(String(made)).toBe(`0x${made.address.toString(16)}`)
    expect(await call(library.symbols.byteAt, way, [made, 9])).toBe(7)
    await call(library.symbols.fill, way, [made, 8, 10])
    expect(await call(library.symbols.byteAt, way, [made, 9])).toBe(8)
  })

  test('of another fat thread is a ClosedError', async () => {
    await using other = await FatThread.spawn()
    const there = await other.load(fixture('handles-bytes'), DECLARATIONS)
    await refusesPointer(await library.symbols.make(10, 7), there)
    expect(await there.symbols.sum([1], 1)).toBe(1n)
  })

  test('of another library in the same fat thread is good', async () => {
    const made = await library.symbols.make(10, 7)
    const again = await thread.load(fixture('handles-bytes'), DECLARATIONS)
    expect(await again.symbols.byteAt(made, 3)).toBe(7)
  })

  test('from before a restart is a ClosedError', async () => {
    const made = await library.symbols.make(10, 7)
    await restart()
    await refusesPointer(made, library)
  })

  test('from before a reload is a ClosedError', async () => {
    const made = await library.symbols.make(10, 7)
    await library.reload()
    await refusesPointer(made, library)
  })

  test('in an array is checked too', async () => {
    const made = await library.symbols.make(10, 7)
    await restart()
    for (const way of WAYS)
      expect(
        await failureOf(() => call(library.symbols.fillPointers, way, [[made], 1, null])),
      ).toBeInstanceOf(ClosedError)
  })

  test('that was queued and then lost its process is a ClosedError, never another address', async () => {
    const { symbols } = await thread.load(fixture('obeys'), {
      crashAfter: 'int crash_after(int milliseconds)',
    })
    const made = await library.symbols.make(10, 7)
    const crash = symbols.crashAfter(50)
    const queued = Array.from({ length: 200 }, () => library.symbols.byteAt(made, 0))
    expect(await failureOf(() => crash)).toBeInstanceOf(CrashError)
    for (const result of await Promise.allSettled(queued)) {
      expect(result.status).toBe('rejected')
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(ClosedError)
    }
  })
})

describe('alloc', () => {
  test('is zeroed, of the wanted length, and seen by both sides', async () => {
    const memory = thread.alloc(10_000)
    expect(memory).toBeInstanceOf(SharedMemory)
    expect(memory.bytes).toBeInstanceOf(Uint8Array)
    expect(memory.bytes.length).toBe(10_000)
    expect(memory.bytes.every((byte) => byte === 0)).toBe(true)
    memory.bytes.fill(1)
    expect(await library.symbols.sum(memory, 10_000)).toBe(10_000n)
    await library.symbols.fill(memory, 3, 10_000)
    expect(memory.bytes.every((byte) => byte === 3)).toBe(true)
  })

  const FORMS: Record<string, (memory: SharedMemory) => unknown> = {
    memory: (memory) => memory,
    bytes: (memory) => memory.bytes,
    subarray: (memory) => memory.bytes.subarray(0, 8),
    DataView: (memory) => new DataView(memory.bytes.buffer, 0, 8),
    pointer: (memory) => memory.pointer,
  }

  test.each(Object.entries(FORMS))('goes in as its %s without a copy', async (_name, form) => {
    for (const way of WAYS) {
      const memory = thread.alloc(16)
      // Behind a pointer to const nothing is copied back: a change proves that C has this very memory.
      const scribble = library.func('void scribble_on_const(const uint8_t *bytes, size_t count)')
      await call(scribble, way, [form(memory), 8])
      expect([...memory.bytes]).toEqual([...new Array(8).fill(255), ...new Array(8).fill(0)])
    }
  })

  test('a part of it is the part', async () => {
    const memory = thread.alloc(16)
    await library.symbols.addOne(memory.bytes.subarray(4, 6), 2)
    expect([...memory.bytes.subarray(0, 8)]).toEqual([0, 0, 0, 0, 1, 1, 0, 0])
    const doubles = new Float64Array(memory.bytes.buffer, 8, 1)
    doubles[0] = 1.5
    expect(await library.symbols.sumDoubles(doubles, 1)).toBe(1.5)
  })

  test('one memory does not overlap another', async () => {
    const memories = Array.from({ length: 100 }, (_, index) => thread.alloc(1 + index * 50))
    for (const [index, memory] of memories.entries())
      await library.symbols.fill(memory, index, memory.bytes.length)
    for (const [index, memory] of memories.entries())
      expect(memory.bytes.every((byte) => byte === index)).toBe(true)
  })

  test('used again after dispose it is zeroed', async () => {
    for (let round = 0; round < 50; round++) {
      using memory = thread.alloc(100_000)
      expect(memory.bytes.every((byte) => byte === 0)).toBe(true)
      memory.bytes.fill(255)
    }
  })

  test('of 1000 times 16 MB does not run out when it is disposed', () => {
    for (let round = 0; round < 1000; round++) thread.alloc(2 ** 24)[Symbol.dispose]()
  })

  test('more than there is is a RangeError, and leaves the rest usable', async () => {
    expect(await failureOf(() => thread.alloc(2 ** 50))).toBeInstanceOf(RangeError)
    expect(thread.alloc(8).bytes.length).toBe(8)
  })

  test.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 53])(
    'of %d bytes is a RangeError',
    async (bytes) => {
      expect(await failureOf(() => thread.alloc(bytes))).toBeInstanceOf(RangeError)
    },
  )

  test.each(['8', 8n, null, undefined])('of %o is a TypeError', async (bytes) => {
    expect(await failureOf(() => thread.alloc(bytes as unknown as number))).toBeInstanceOf(
      TypeError,
    )
  })

  const refuses = async (
    memory: SharedMemory,
    way: Way,
    forms = Object.keys(FORMS),
  ): Promise<void> => {
    for (const name of forms) {
      const given = FORMS[name]?.(memory)
      const error = await failureOf(() => call(library.symbols.addOne, way, [given, 8]))
      expect(error, name).toBeInstanceOf(ClosedError)
    }
  }

  test.each(WAYS)('after dispose, every form of it is a ClosedError (%s)', async (way) => {
    const memory = thread.alloc(16)
    memory[Symbol.dispose]()
    memory[Symbol.dispose]()
    await refuses(memory, way, ['memory', 'bytes', 'subarray', 'DataView'])
    expect(await library.symbols.sum([1], 1)).toBe(1n)
  })

  test.each(WAYS)('after dispose, its pointer is a ClosedError too (%s)', async (way) => {
    const memory = thread.alloc(16)
    memory[Symbol.dispose]()
    await refuses(memory, way, ['pointer'])
  })

  test.each(WAYS)('after a restart, every form of it is a ClosedError (%s)', async (way) => {
    const memory = thread.alloc(16)
    await restart()
    await refuses(memory, way)
    memory[Symbol.dispose]()
    expect(await library.symbols.sum(thread.alloc(4), 4)).toBe(0n)
  })

  test('after a restart its bytes can be touched, and lead nowhere', async () => {
    const memory = thread.alloc(16)
    memory.bytes.fill(5)
    await restart()
    memory.bytes.fill(6)
    expect(thread.alloc(16).bytes.every((byte) => byte === 0)).toBe(true)
  })

  test('of another fat thread is a ClosedError', async () => {
    await using other = await FatThread.spawn()
    await refuses(other.alloc(16), 'awaited')
  })

  test('after close, alloc is a ClosedError and the bytes can be touched', async () => {
    const memory = thread.alloc(16)
    await thread.close()
    expect(await failureOf(() => thread.alloc(16))).toBeInstanceOf(ClosedError)
    memory.bytes.fill(7)
    memory[Symbol.dispose]()
  })

  test('disposed while a call uses it: the call ends', async () => {
    const memory = thread.alloc(2 ** 20)
    const calls = Array.from({ length: 20 }, () => library.symbols.addOne(memory, 2 ** 20))
    memory[Symbol.dispose]()
    await Promise.allSettled(calls)
    expect(await library.symbols.sum([1], 1)).toBe(1n)
  })
})
