import { describe, expectTypeOf, it } from 'vitest'
import {
  type CrashError,
  type ExitError,
  type FatThread,
  type Library,
  Pool,
  type PoolHistogram,
  struct,
} from '../../src/index.ts'

const declarations = {
  crc32: 'unsigned long crc32(unsigned long crc, const uint8_t *buf, unsigned int len)',
  version: 'const char *zlibVersion(void)',
} as const

describe('Pool.open', () => {
  it('infers what open infers, of prototypes', async () => {
    const pool = await Pool.open('libz.so.1', declarations)
    expectTypeOf(pool).toEqualTypeOf<Pool<typeof declarations>>()
    expectTypeOf(pool.symbols).toEqualTypeOf<Library<typeof declarations>['symbols']>()
    expectTypeOf(pool.symbols.version).returns.resolves.toEqualTypeOf<string | null>()
    expectTypeOf(pool.symbols.crc32).returns.resolves.toEqualTypeOf<bigint>()
    expectTypeOf(pool.symbols.crc32.sync).returns.toEqualTypeOf<bigint>()
    expectTypeOf(pool.symbols.version.with({ errno: true })).returns.resolves.toEqualTypeOf<{
      result: string | null
      errno: number
    }>()
    // @ts-expect-error: too few
    void pool.symbols.crc32(0)
    // @ts-expect-error: no such function
    void pool.symbols.adler32
  })

  it('of a text', async () => {
    const pool = await Pool.open(
      'libplane.so',
      'typedef struct { double x, y; } point; point middle(point a, point b);',
    )
    expectTypeOf(pool.symbols.middle).returns.resolves.toEqualTypeOf<{ x: number; y: number }>()
  })

  it('of types beside prototypes', async () => {
    const point = struct({ x: 'double', y: 'double' })
    const pool = await Pool.open('libplane.so', { point, middle: 'point middle(point a, point b)' })
    expectTypeOf(pool.symbols.middle).returns.resolves.toEqualTypeOf<{ x: number; y: number }>()
  })

  it('refuses what does not parse, and options of the wrong kind', () => {
    // @ts-expect-error: no prototype
    void Pool.open('libz.so.1', { version: 'const char *zlibVersion(' })
    // @ts-expect-error: a number
    void Pool.open('libz.so.1', declarations, { minThreads: '2' })
    // @ts-expect-error: 'auto'
    void Pool.open('libz.so.1', declarations, { maxQueue: 'much' })
    void Pool.open('libz.so.1', declarations, {
      minThreads: 1,
      maxThreads: 2,
      idleTimeout: Infinity,
      maxQueue: 'auto',
      recycle: { maxCalls: 1000, maxMemory: 2 ** 28 },
      permissions: { read: ['/srv'] },
      timeout: 50,
    })
  })
})

describe('a pool', () => {
  it('gives a sequence its library, and what the sequence gives', async () => {
    const pool = await Pool.open('libz.so.1', declarations)
    const version = pool.run(async (library) => {
      expectTypeOf(library).toEqualTypeOf<Library<typeof declarations>>()
      return await library.symbols.version()
    })
    expectTypeOf(version).resolves.toEqualTypeOf<string | null>()
    expectTypeOf(pool.run(() => 1, { timeout: 5 })).resolves.toEqualTypeOf<number>()
  })

  it('has typed members and events', async () => {
    const pool = await Pool.open('libz.so.1')
    expectTypeOf(pool.size).toEqualTypeOf<number>()
    expectTypeOf(pool.threads).toEqualTypeOf<readonly FatThread[]>()
    expectTypeOf(pool.histogram).toEqualTypeOf<PoolHistogram>()
    pool.on('crash', (error, thread) => {
      expectTypeOf(error).toEqualTypeOf<CrashError | ExitError>()
      expectTypeOf(thread).toEqualTypeOf<FatThread>()
    })
    pool.on('drain', () => {})
    pool.on('restart', (thread) => expectTypeOf(thread).toEqualTypeOf<FatThread>())
    // @ts-expect-error: constructed by open only
    new Pool()
  })
})
