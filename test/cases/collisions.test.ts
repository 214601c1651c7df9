/**
 * Libraries that meet Node's own copies of themselves when they are loaded in-process: they crash, or run
 * on Node's versions, or answer with garbage. In a fat thread each finds what Debian built it with.
 */
import { brotliCompressSync, brotliDecompressSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { FatThread, open } from '../../src/index.ts'
import { needs } from '../support/needs.ts'

const TEXT = Buffer.from('the quick brown fox '.repeat(2500))
const ROOM = 100_000

describe('brotli', () => {
  test.skipIf(needs('libbrotli1', 'libbrotlienc.so.1'))('compresses', async () => {
    await using encoder = await open('libbrotlienc.so.1', {
      compress:
        'int BrotliEncoderCompress(int quality, int window, int mode, size_t size, const uint8_t *input, size_t *encoded_size, uint8_t *encoded)',
    })
    const output = Buffer.alloc(ROOM)
    const size = new BigUint64Array([BigInt(ROOM)])
    expect(await encoder.symbols.compress(5, 22, 0, TEXT.length, TEXT, size, output)).toBe(1)
    expect(brotliDecompressSync(output.subarray(0, Number(size[0]))).equals(TEXT)).toBe(true)
  })

  test.skipIf(needs('libbrotli1', 'libbrotlienc.so.1'))('compresses as a stream', async () => {
    await using thread = await FatThread.spawn()
    const { symbols } = await thread.load('libbrotlienc.so.1', {
      create: 'void *BrotliEncoderCreateInstance(void *alloc, void *free, void *opaque)',
      set: 'int BrotliEncoderSetParameter(void *state, int parameter, uint32_t value)',
      compress:
        'int BrotliEncoderCompressStream(void *state, int op, size_t *available_in, void **next_in, size_t *available_out, void **next_out, size_t *total_out)',
      destroy: 'void BrotliEncoderDestroyInstance(void *state)',
    })
    const state = await symbols.create(null, null, null)
    expect(await symbols.set(state, 1, 9)).toBe(1)
    using input = thread.alloc(TEXT.length)
    using output = thread.alloc(ROOM)
    input.bytes.set(TEXT)
    const total = new BigUint64Array(1)
    const FINISH = 2
    const done = await symbols.compress(
      state,
      FINISH,
      [BigInt(TEXT.length)],
      [input.pointer],
      [BigInt(ROOM)],
      [output.pointer],
      total,
    )
    expect(done).toBe(1)
    expect(
      brotliDecompressSync(Buffer.from(output.bytes.slice(0, Number(total[0])))).equals(TEXT),
    ).toBe(true)
    await symbols.destroy(state)
  })

  test.skipIf(needs('libbrotli1', 'libbrotlidec.so.1'))('decompresses', async () => {
    await using decoder = await open('libbrotlidec.so.1', {
      decompress:
        'int BrotliDecoderDecompress(size_t encoded_size, const uint8_t *encoded, size_t *decoded_size, uint8_t *decoded)',
    })
    const encoded = brotliCompressSync(TEXT)
    const output = Buffer.alloc(ROOM)
    const size = [BigInt(ROOM)]
    expect(await decoder.symbols.decompress(encoded.length, encoded, size, output)).toBe(1)
    expect(size).toEqual([BigInt(TEXT.length)])
    expect(output.subarray(0, TEXT.length).equals(TEXT)).toBe(true)
  })
})

describe('zlib', () => {
  /** Offsets in `z_stream`, from zlib's manual, for 64-bit processors. */
  const STREAM = {
    bytes: 112,
    nextIn: 0,
    availableIn: 8,
    nextOut: 24,
    availableOut: 32,
    totalOut: 40,
  } as const
  const FINISH = 4
  const STREAM_END = 1

  test.skipIf(needs('zlib1g', 'libz.so.1'))('deflates as its manual says', async () => {
    await using thread = await FatThread.spawn()
    const { symbols } = await thread.load('libz.so.1', {
      init: 'int deflateInit_(void *stream, int level, const char *version, int size)',
      deflate: 'int deflate(void *stream, int flush)',
      end: 'int deflateEnd(void *stream)',
      version: 'const char *zlibVersion(void)',
    })
    using input = thread.alloc(TEXT.length)
    using output = thread.alloc(ROOM)
    using stream = thread.alloc(STREAM.bytes)
    input.bytes.set(TEXT)
    const fields = new DataView(stream.bytes.buffer)
    expect(await symbols.init(stream, 6, await symbols.version(), STREAM.bytes)).toBe(0)
    fields.setBigUint64(STREAM.nextIn, input.pointer.address, true)
    fields.setUint32(STREAM.availableIn, TEXT.length, true)
    fields.setBigUint64(STREAM.nextOut, output.pointer.address, true)
    fields.setUint32(STREAM.availableOut, ROOM, true)
    expect(await symbols.deflate(stream, FINISH)).toBe(STREAM_END)
    const size = Number(fields.getBigUint64(STREAM.totalOut, true))
    expect(await symbols.end(stream)).toBe(0)
    expect(size).toBeGreaterThan(20)
    expect(size).toBeLessThan(1000)
    expect(inflateSync(output.bytes.slice(0, size)).equals(TEXT)).toBe(true)
  })
})

describe('libcurl', () => {
  const lacking =
    needs('libcurl4', 'libcurl.so.4') ||
    needs('libssl3', 'libcrypto.so.3') ||
    needs('zlib1g', 'libz.so.1') ||
    needs('libbrotli1', 'libbrotlidec.so.1')

  test.skipIf(lacking)("runs on the system's libraries, not on Node's", async () => {
    await using curl = await open('libcurl.so.4', { version: 'const char *curl_version(void)' })
    await using crypto = await open('libcrypto.so.3', {
      version: 'const char *OpenSSL_version(int type)',
    })
    await using zlib = await open('libz.so.1', { version: 'const char *zlibVersion(void)' })
    await using brotli = await open('libbrotlidec.so.1', {
      version: 'uint32_t BrotliDecoderVersion(void)',
    })
    const said = (await curl.symbols.version()) ?? ''
    const openssl = /^OpenSSL (\S+)/.exec((await crypto.symbols.version(0)) ?? '')?.[1]
    const number = await brotli.symbols.version()
    expect(said).toContain(`OpenSSL/${openssl}`)
    expect(said).toContain(`zlib/${await zlib.symbols.version()}`)
    expect(said).toContain(`brotli/${number >> 24}.${(number >> 12) & 0xfff}.${number & 0xfff}`)
  })
})

describe('floating point', () => {
  const DOWNWARD: Record<string, number> = { x64: 0x400, arm64: 0x800000 }

  function arithmetic(): string {
    let sum = 0
    for (let index = 0; index < 1000; index++) sum += 0.1
    return [sum, 0.1 + 0.2, 1e15 / 3, JSON.parse('0.3'), 1.005 * 1000, 1.1 ** 10].join(' ')
  }

  test.skipIf(needs('libc6', 'libm.so.6'))("the library's rounding is its own", async () => {
    const before = arithmetic()
    await using maths = await open('libm.so.6', {
      set: 'int fesetround(int mode)',
      get: 'int fegetround(void)',
      rint: 'double rint(double value)',
    })
    const mode = DOWNWARD[process.arch] ?? 0
    expect(await maths.symbols.rint(1.7)).toBe(2)
    expect(maths.symbols.set.sync(mode)).toBe(0)
    expect(maths.symbols.get.sync(), 'it stays set there').toBe(mode)
    expect(await maths.symbols.rint(1.7)).toBe(1)
    expect(arithmetic()).toBe(before)
  })
})

describe('one state, many calls', () => {
  test.skipIf(needs('liblua5.4-0', 'liblua5.4.so.0'))(
    '200 interleaved calls run one after the other',
    async () => {
      await using lua = await open('liblua5.4.so.0', {
        create: 'void *luaL_newstate(void)',
        openLibraries: 'void luaL_openlibs(void *state)',
        load: 'int luaL_loadstring(void *state, const char *text)',
        call: 'int lua_pcallk(void *state, int args, int results, int handler, intptr_t context, void *next)',
        getGlobal: 'int lua_getglobal(void *state, const char *name)',
        room: 'int lua_checkstack(void *state, int values)',
        top: 'int lua_gettop(void *state)',
        integer: 'int64_t lua_tointegerx(void *state, int index, int *is_number)',
      })
      const { call, create, getGlobal, integer, load, openLibraries, room, top } = lua.symbols
      const state = await create()
      await openLibraries(state)
      const script = `total = 0
      function work()
        local words = {}
        for n = 1, 1000 do words[#words + 1] = n .. "th" end
        total = total + #words
      end`
      expect(await load(state, script)).toBe(0)
      expect(await call(state, 0, 0, 0, 0, null)).toBe(0)
      expect(await room(state, 400)).toBe(1)
      const FUNCTION = 6
      const work = async (): Promise<number> => {
        expect(await getGlobal(state, 'work')).toBe(FUNCTION)
        return await call(state, 0, 0, 0, 0, null)
      }
      expect(new Set(await Promise.all(Array.from({ length: 200 }, work)))).toEqual(new Set([0]))
      expect(await top(state)).toBe(0)
      await getGlobal(state, 'total')
      expect(await integer(state, -1, null)).toBe(200_000n)
    },
  )
})
