/** Bindings of real headers: what is in them, what is not and why, that they type-check, and that they work. */
import { createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { decode as decodeJpeg, encode as encodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Bound } from '../../src/cli/bind/command.ts'
import { readElfFile } from '../../src/loader/elf-file.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { Scratch } from '../support/scratch.ts'
import { bind, declaredIn, HEADERS, installed, isMissing, textOf, typeErrors } from './bound.ts'

vi.setConfig({ testTimeout: 60_000 })

const scratch = new Scratch()
installed(scratch)
afterAll(() => scratch[Symbol.dispose]())

const done = new Map<string, Bound>()

/** Written once for all tests. */
function bound(name: keyof typeof HEADERS, ending: 'ts' | 'mjs' = 'ts'): Bound {
  const file = `${name}.${ending}`
  const found = done.get(file) ?? bind(scratch, HEADERS[name], file)
  done.set(file, found)
  return found
}

/** Of Debian 12: what is bound, and what is left out for another reason than that it is a macro. */
const GOLDEN = {
  zlib: {
    counts: { functions: 80, variables: 0, structures: 3, enumerations: 0, constants: 39 },
    left: ['gzvprintf'],
  },
  sqlite3: {
    counts: { functions: 271, variables: 3, structures: 22, enumerations: 0, constants: 459 },
    left: [
      ...['sqlite3_win32_set_directory', 'sqlite3_win32_set_directory8'],
      ...['sqlite3_win32_set_directory16', 'sqlite3_mutex_held', 'sqlite3_mutex_notheld'],
      ...['sqlite3_stmt_scanstatus', 'sqlite3_stmt_scanstatus_reset', 'sqlite3_snapshot_get'],
      ...['sqlite3_snapshot_open', 'sqlite3_snapshot_free', 'sqlite3_snapshot_cmp'],
      ...['sqlite3_snapshot_recover', 'sqlite3_vmprintf', 'sqlite3_vsnprintf'],
      'sqlite3_str_vappendf',
    ],
  },
  spng: {
    counts: { functions: 64, variables: 0, structures: 21, enumerations: 13, constants: 3 },
    left: [],
  },
  png: {
    counts: { functions: 246, variables: 0, structures: 12, enumerations: 0, constants: 252 },
    left: [],
  },
  zstd: {
    counts: { functions: 66, variables: 0, structures: 3, enumerations: 5, constants: 15 },
    left: [],
  },
  turbojpeg: {
    counts: { functions: 39, variables: 0, structures: 3, enumerations: 5, constants: 39 },
    left: [
      ...['tjMCUWidth', 'tjMCUHeight', 'tjRedOffset', 'tjGreenOffset', 'tjBlueOffset'],
      ...['tjAlphaOffset', 'tjPixelSize'],
    ],
  },
  sodium: {
    counts: { functions: 604, variables: 2, structures: 10, enumerations: 0, constants: 299 },
    left: [...[], ...['_sodium_runtime_get_cpu_features', '_sodium_alloc_init']],
  },
} as const

const headers = Object.keys(HEADERS) as (keyof typeof HEADERS)[]
const present = headers.filter((name) => !isMissing(HEADERS[name]))

describe.each(headers)('%s', (name) => {
  const skipped = !present.includes(name)

  test.skipIf(skipped)('is bound, and what is left out is said', () => {
    const { counts, leftOut, compiled } = bound(name)
    const left = leftOut.filter(({ kind }) => kind !== 'macro').map((each) => each.name)
    expect({ counts, left, compiled }).toEqual({ ...GOLDEN[name], compiled: true })
  })

  test.skipIf(skipped)('has every function that the library exports and the header names', () => {
    const { header, library } = HEADERS[name]
    const { leftOut } = bound(name)
    const text = textOf(scratch, `${name}.ts`)
    const left = new Set(leftOut.map((each) => each.name))
    const exported = readElfFile(resolveLibrary(library)).exports
    const functions = exported.filter(({ kind }) => kind === 'function' || kind === 'ifunc')
    const declared = declaredIn(header)
    const expected = functions.map((each) => each.name).filter((each) => declared.has(each))
    expect(expected.length).toBeGreaterThan(30)
    const missing = expected.filter(
      (each) => !text.includes(`  readonly ${each}: CFunction<`) && !left.has(each),
    )
    expect(missing).toEqual([])
  })

  test.skipIf(skipped)('has no path of this machine', () => {
    bound(name)
    const text = textOf(scratch, `${name}.ts`)
    expect(text).not.toContain('/usr/include')
    expect(text).not.toContain(scratch.folder)
  })
})

test.skipIf(!present.includes('zlib'))('what is written again is the same', () => {
  bound('zlib')
  const text = textOf(scratch, 'zlib.ts')
  bind(scratch, HEADERS.zlib, 'zlib.ts')
  expect(textOf(scratch, 'zlib.ts')).toBe(text)
})

const everything = present.length === headers.length

describe('the types', () => {
  test.skipIf(!everything)('of all of them check, as types to erase', { timeout: 120_000 }, () => {
    for (const name of headers) bound(name)
    scratch.write('use.ts', USE)
    expect(typeErrors(scratch, [...headers.map((name) => `${name}.ts`), 'use.ts'])).toEqual([])
  })

  test.skipIf(!everything)('of the JavaScript do too', { timeout: 120_000 }, () => {
    for (const name of headers) bound(name, 'mjs')
    scratch.write('use.mts', USE.replace(/\.ts'/g, ".mjs'"))
    expect(typeErrors(scratch, ['use.mts'])).toEqual([])
  })
})

/** What the types of the bindings must take, and refuse. */
const USE = `
import { openSodium, crypto_generichash_BYTES } from './sodium.ts'
import { openSpng, spng_format, type spng_ihdr } from './spng.ts'
import { openSqlite3, SQLITE_ROW } from './sqlite3.ts'
import { openTurbojpeg, TJPF } from './turbojpeg.ts'
import { openZlib, Z_OK, type z_stream_in, ZLIB_VERSION, declarations } from './zlib.ts'
import { openZstd, ZSTD_CONTENTSIZE_ERROR, ZSTD_strategy } from './zstd.ts'
import { open, type Pointer } from 'fat-threads'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(yes: Same<A, B>): void => void yes

const zlib = await openZlib({ timeout: 1000, library: './libz.so.1' })
const { symbols } = zlib
same<Awaited<ReturnType<typeof symbols.zlibVersion>>, string | null>(true)
same<ReturnType<typeof symbols.crc32.sync>, bigint>(true)
const { result, errno } = await symbols.crc32.with({ errno: true })(0n, new Uint8Array(1), 1)
same<[typeof result, typeof errno], [bigint, number]>(true)
// @ts-expect-error a string is no length
await symbols.crc32(0, new Uint8Array(1), '1')
// @ts-expect-error an argument is missing
await symbols.crc32(0, null)
// @ts-expect-error there is no such function
symbols.crc33
await symbols.compress(new Uint8Array(9), [9n], new Uint8Array(9), 9)
// @ts-expect-error what is written back are bigints
await symbols.compress(new Uint8Array(9), [9], new Uint8Array(9), 9)
const stream = {} as z_stream_in
await symbols.deflate(stream, Z_OK)
same<typeof ZLIB_VERSION, '1.2.13'>(true)
const again = await open('libz.so.1', declarations)
same<typeof again.symbols, typeof symbols>(true)
// @ts-expect-error nothing of the untyped functions is left
symbols['anything']?.()

const { symbols: sqlite } = await openSqlite3()
const database: (Pointer | null)[] = [null]
if ((await sqlite.sqlite3_open(':memory:', database)) === SQLITE_ROW) throw new Error()
await sqlite.sqlite3_mprintf('%d', ['int', 1])
await sqlite.sqlite3_exec(null, '', async (_data, columns) => columns - 1, null, null)
// @ts-expect-error the callback gives a number
await sqlite.sqlite3_exec(null, '', () => 'no number', null, null)
same<Awaited<ReturnType<typeof sqlite.sqlite3_column_int64>>, bigint>(true)

const { symbols: spng } = await openSpng()
const header: spng_ihdr = { width: 1, height: 1, bit_depth: 8, color_type: 2, compression_method: 0, filter_method: 0, interlace_method: 0 }
await spng.spng_get_ihdr(null, header)
await spng.spng_decoded_image_size(null, spng_format.SPNG_FMT_RGBA8, new BigUint64Array(1))
// @ts-expect-error a member is missing
await spng.spng_get_ihdr(null, { width: 1 })

const { symbols: jpeg } = await openTurbojpeg()
await jpeg.tjDecompress2(null, null, 0, new Uint8Array(3), 1, 0, 1, TJPF.TJPF_RGB, 0)

const { symbols: zstd } = await openZstd()
same<typeof ZSTD_CONTENTSIZE_ERROR, 18446744073709551614n>(true)
const strategy: ZSTD_strategy = ZSTD_strategy.ZSTD_btultra2
// @ts-expect-error there is no such strategy
const none: ZSTD_strategy = 77
void none
await zstd.ZSTD_getErrorName(await zstd.ZSTD_compress(null, 0, null, 0, strategy))

const { symbols: sodium } = await openSodium()
await sodium.crypto_generichash(new Uint8Array(crypto_generichash_BYTES), crypto_generichash_BYTES, null, 0, null, 0)
`

/** The bindings as a module. Its types are checked above. */
// biome-ignore lint/suspicious/noExplicitAny: what is written at run time has no types here
const load = async (name: keyof typeof HEADERS): Promise<any> => {
  bound(name, 'mjs')
  return await import(scratch.path(`${name}.mjs`))
}

/** Bytes that compress, different ones each time. */
const compressible = (length: number): Uint8Array => {
  const words = randomBytes(4096)
  return Uint8Array.from({ length }, (_, at) => (words[(at >> 3) & 4095] ?? 0) & 0x5f)
}

/** A picture with colours and edges, four bytes a pixel. */
const picture = (width: number, height: number): Uint8Array =>
  Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    const x = (at >> 2) % width
    const y = Math.floor((at >> 2) / width)
    return [x * 3, y * 5, (x + y) * 2, 255][at & 3] ?? 0
  })

describe.skipIf(!present.includes('zlib'))('zlib', () => {
  test('what it deflates, Node inflates, and the other way round', async () => {
    const { openZlib, Z_OK, ZLIB_VERSION } = await load('zlib')
    await using library = await openZlib()
    const { symbols } = library
    expect(await symbols.zlibVersion()).toBe(ZLIB_VERSION)
    const bytes = compressible(100_000)
    const output = new Uint8Array(Number(await symbols.compressBound(bytes.length)))
    const length = [BigInt(output.length)]
    expect(await symbols.compress2(output, length, bytes, bytes.length, 9)).toBe(Z_OK)
    const deflated = output.subarray(0, Number(length[0]))
    expect(Buffer.from(bytes).equals(inflateSync(deflated))).toBe(true)
    const back = new Uint8Array(bytes.length)
    const room = [BigInt(back.length)]
    const other = deflateSync(bytes)
    expect(await symbols.uncompress(back, room, other, other.length)).toBe(Z_OK)
    expect(Buffer.from(back).equals(bytes)).toBe(true)
    expect(symbols.crc32.sync(0, Buffer.from('123456789'), 9)).toBe(0xcbf43926n)
  })
})

describe.skipIf(!present.includes('zlib'))('z_stream', () => {
  test('is a structure that the library keeps: what it deflates and inflates piece by piece', async () => {
    const { openZlib, ZLIB_VERSION, Z_OK, Z_FINISH, Z_NO_FLUSH, Z_STREAM_END } = await load('zlib')
    await using library = await openZlib()
    const { symbols, thread } = library
    const type = library.type('z_stream')
    // The stream stays where it is: zlib keeps a pointer to it.
    const stream = thread.alloc(type.size)
    const [input, output] = [thread.alloc(4096), thread.alloc(1000)]
    const empty = {
      ...{ next_in: null, avail_in: 0, total_in: 0, next_out: null, avail_out: 0, total_out: 0 },
      ...{ msg: null, state: null, zalloc: null, zfree: null, opaque: null },
      ...{ data_type: 0, adler: 0, reserved: 0 },
    }
    /** All that comes out, while the bytes go in piece by piece. */
    const through = async (bytes: Uint8Array, step: 'deflate' | 'inflate'): Promise<Buffer> => {
      const out: Uint8Array[] = []
      for (let at = 0, code = Z_OK; code !== Z_STREAM_END; ) {
        let now = await thread.read(stream.pointer, type)
        if (now.avail_in === 0 && at < bytes.length) {
          const piece = bytes.subarray(at, at + input.bytes.length)
          input.bytes.set(piece)
          at += piece.length
          now = { ...now, next_in: input.pointer, avail_in: piece.length }
        }
        now = { ...now, next_out: output.pointer, avail_out: output.bytes.length }
        await thread.write(stream.pointer, type, now)
        code = await symbols[step](stream, at < bytes.length ? Z_NO_FLUSH : Z_FINISH)
        expect([Z_OK, Z_STREAM_END, -5]).toContain(code)
        now = await thread.read(stream.pointer, type)
        out.push(output.bytes.slice(0, output.bytes.length - now.avail_out))
      }
      return Buffer.concat(out)
    }
    const bytes = compressible(50_000)
    await thread.write(stream.pointer, type, empty)
    expect(await symbols.deflateInit_(stream, 9, ZLIB_VERSION, type.size)).toBe(Z_OK)
    const deflated = await through(bytes, 'deflate')
    expect(await symbols.deflateEnd(stream)).toBe(Z_OK)
    expect(inflateSync(deflated).equals(bytes)).toBe(true)
    await thread.write(stream.pointer, type, empty)
    expect(await symbols.inflateInit_(stream, ZLIB_VERSION, type.size)).toBe(Z_OK)
    expect((await through(deflated, 'inflate')).equals(bytes)).toBe(true)
    expect(await thread.read(stream.pointer, type)).toMatchObject({
      total_in: BigInt(deflated.length),
      total_out: BigInt(bytes.length),
    })
    expect(await symbols.inflateEnd(stream)).toBe(Z_OK)
  })
})

describe.skipIf(!present.includes('sqlite3'))('sqlite3', () => {
  test('prepares, steps and reads columns, in memory', async () => {
    const { openSqlite3, SQLITE_OK, SQLITE_ROW } = await load('sqlite3')
    await using library = await openSqlite3()
    const { symbols } = library
    const database = [null]
    expect(await symbols.sqlite3_open(':memory:', database)).toBe(SQLITE_OK)
    const db = database[0]
    const sql = 'create table t (n integer, s text); insert into t values (1, ?1), (2, ?1)'
    expect(await symbols.sqlite3_exec(db, sql.replaceAll('?1', "'ä'"), null, null, [null])).toBe(
      SQLITE_OK,
    )
    const statement = [null]
    const query = 'select n * 1000000000000, s, n / 4.0 from t where n > ? order by n'
    expect(await symbols.sqlite3_prepare_v2(db, query, -1, statement, [null])).toBe(SQLITE_OK)
    const [it] = statement
    expect(await symbols.sqlite3_bind_int(it, 1, 0)).toBe(SQLITE_OK)
    const rows = []
    while ((await symbols.sqlite3_step(it)) === SQLITE_ROW)
      rows.push([
        await symbols.sqlite3_column_int64(it, 0),
        await library.thread.read(await symbols.sqlite3_column_text(it, 1), 'char[]'),
        await symbols.sqlite3_column_double(it, 2),
      ])
    expect(rows).toEqual([
      [1_000_000_000_000n, 'ä', 0.25],
      [2_000_000_000_000n, 'ä', 0.5],
    ])
    expect(await symbols.sqlite3_finalize(it)).toBe(SQLITE_OK)
    const columns: number[] = []
    const each = (_data: unknown, count: number): number => {
      columns.push(count)
      return 0
    }
    expect(await symbols.sqlite3_exec(db, 'select n, s from t', each, null, null)).toBe(SQLITE_OK)
    expect(columns).toEqual([2, 2])
    expect(await symbols.sqlite3_exec(db, 'select missing from t', null, null, [null])).not.toBe(
      SQLITE_OK,
    )
    expect(await symbols.sqlite3_errmsg(db)).toBe('no such column: missing')
    expect(await symbols.sqlite3_close(db)).toBe(SQLITE_OK)
  })
})

const [WIDTH, HEIGHT] = [75, 40]

/** A PNG of another encoder. */
const encodePng = (pixels: Uint8Array): Buffer => {
  const png = new PNG({ width: WIDTH, height: HEIGHT })
  png.data.set(pixels)
  return PNG.sync.write(png)
}

describe.skipIf(!present.includes('spng'))('spng', () => {
  test('decodes a PNG as another decoder does', async () => {
    const { openSpng, spng_format } = await load('spng')
    await using library = await openSpng()
    const { symbols, thread } = library
    const file = encodePng(picture(WIDTH, HEIGHT))
    // The decoder keeps the pointer to the file.
    const input = thread.alloc(file.length)
    input.bytes.set(file)
    const context = await symbols.spng_ctx_new(0)
    expect(await symbols.spng_set_png_buffer(context, input, file.length)).toBe(0)
    const header = {
      ...{ width: 0, height: 0, bit_depth: 0, color_type: 0 },
      ...{ compression_method: 0, filter_method: 0, interlace_method: 0 },
    }
    expect(await symbols.spng_get_ihdr(context, header)).toBe(0)
    expect(header).toMatchObject({ width: WIDTH, height: HEIGHT, bit_depth: 8 })
    const size = [0n]
    const format = spng_format.SPNG_FMT_RGBA8
    expect(await symbols.spng_decoded_image_size(context, format, size)).toBe(0)
    expect(size).toEqual([BigInt(WIDTH * HEIGHT * 4)])
    const pixels = new Uint8Array(Number(size[0]))
    expect(await symbols.spng_decode_image(context, pixels, pixels.length, format, 0)).toBe(0)
    expect(PNG.sync.read(file).data.equals(pixels)).toBe(true)
    expect(await symbols.spng_strerror(1)).toBe('invalid argument')
    await symbols.spng_ctx_free(context)
  })
})

describe.skipIf(!present.includes('png'))('libpng', () => {
  test('reads a PNG through a structure as another decoder does', async () => {
    const { openPng, PNG_IMAGE_VERSION, PNG_FORMAT_RGBA } = await load('png')
    await using library = await openPng()
    const { symbols, thread } = library
    const file = encodePng(picture(WIDTH, HEIGHT))
    const input = thread.alloc(file.length)
    input.bytes.set(file)
    const image = {
      ...{ opaque: null, version: PNG_IMAGE_VERSION, width: 0, height: 0, format: 0, flags: 0 },
      ...{ colormap_entries: 0, warning_or_error: 0, message: '' },
    }
    expect(await symbols.png_image_begin_read_from_memory(image, input, file.length)).toBe(1)
    expect(image).toMatchObject({ width: WIDTH, height: HEIGHT, warning_or_error: 0, message: '' })
    image.format = PNG_FORMAT_RGBA
    const pixels = new Uint8Array(WIDTH * HEIGHT * 4)
    expect(await symbols.png_image_finish_read(image, null, pixels, 0, null)).toBe(1)
    expect(PNG.sync.read(file).data.equals(pixels)).toBe(true)
  })
})

describe.skipIf(!present.includes('turbojpeg'))('turbojpeg', () => {
  test('decodes a JPEG as another decoder does', async () => {
    const { openTurbojpeg, TJPF, TJSAMP, TJFLAG_ACCURATEDCT } = await load('turbojpeg')
    await using library = await openTurbojpeg()
    const { symbols } = library
    const data = Buffer.from(picture(WIDTH, HEIGHT))
    const file = encodeJpeg({ data, width: WIDTH, height: HEIGHT }, 90).data
    const handle = await symbols.tjInitDecompress()
    const [width, height, sampling, space] = [[0], [0], [0], [0]]
    const sizes = [width, height, sampling, space]
    expect(await symbols.tjDecompressHeader3(handle, file, file.length, ...sizes)).toBe(0)
    expect({ width, height, sampling }).toEqual({
      width: [WIDTH],
      height: [HEIGHT],
      sampling: [TJSAMP.TJSAMP_444],
    })
    const pixels = new Uint8Array(WIDTH * HEIGHT * 4)
    const format = [pixels, WIDTH, 0, HEIGHT, TJPF.TJPF_RGBA, TJFLAG_ACCURATEDCT]
    expect(await symbols.tjDecompress2(handle, file, file.length, ...format)).toBe(0)
    const expected = decodeJpeg(file).data
    const differences = pixels.map((value, at) => Math.abs(value - (expected[at] ?? 0)))
    // Decoders round differently.
    expect(Math.max(...differences)).toBeLessThanOrEqual(6)
    expect(differences.reduce((sum, each) => sum + each, 0) / pixels.length).toBeLessThan(0.5)
    expect(await symbols.tjDecompress2(handle, data, 64, ...format)).toBe(-1)
    const message = await symbols.tjGetErrorStr2(handle)
    expect(await library.thread.read(message, 'char[]')).toMatch(/Not a JPEG file/)
    expect(await symbols.tjDestroy(handle)).toBe(0)
  })
})

describe.skipIf(!present.includes('zstd'))('zstd', () => {
  test('64 MiB there and back, through shared memory', { timeout: 60_000 }, async () => {
    const { openZstd, ZSTD_VERSION_NUMBER } = await load('zstd')
    await using library = await openZstd({ limits: { memory: 2 ** 32 } })
    const { symbols, thread } = library
    expect(await symbols.ZSTD_versionNumber()).toBe(ZSTD_VERSION_NUMBER)
    const size = 64 * 2 ** 20
    const bound = Number(await symbols.ZSTD_compressBound(size))
    const [input, packed, output] = [size, bound, size].map((bytes) => thread.alloc(bytes))
    const pattern = compressible(2 ** 20)
    for (let at = 0; at < size; at += pattern.length) {
      pattern[at % 4096] = at & 0xff
      input.bytes.set(pattern, at)
    }
    const length = await symbols.ZSTD_compress(packed, bound, input, size, 1)
    expect(await symbols.ZSTD_isError(length)).toBe(0)
    expect(length).toBeLessThan(size / 2)
    expect(await symbols.ZSTD_decompress(output, size, packed, length)).toBe(BigInt(size))
    expect(Buffer.from(output.bytes).equals(input.bytes)).toBe(true)
    const failed = await symbols.ZSTD_decompress(output, 5, packed, length)
    expect(await symbols.ZSTD_getErrorName(failed)).toMatch(/too small/)
  })
})

describe.skipIf(!present.includes('sodium'))('libsodium', () => {
  test('BLAKE2b is that of Node', async () => {
    const { openSodium, crypto_generichash_BYTES_MAX, SODIUM_VERSION_STRING } = await load('sodium')
    await using library = await openSodium()
    const { symbols } = library
    expect(await symbols.sodium_init()).toBe(0)
    expect(await symbols.sodium_version_string()).toBe(SODIUM_VERSION_STRING)
    const message = randomBytes(1000)
    const hash = new Uint8Array(crypto_generichash_BYTES_MAX)
    const size = hash.length
    expect(await symbols.crypto_generichash(hash, size, message, message.length, null, 0)).toBe(0)
    expect(Buffer.from(hash).equals(createHash('blake2b512').update(message).digest())).toBe(true)
  })

  test('what it encrypts, Node decrypts; a secret box opens, and not when it was touched', async () => {
    const names = await load('sodium')
    await using library = await names.openSodium()
    const { symbols } = library
    const message = Buffer.from('a message of some length')
    const key = randomBytes(names.crypto_aead_chacha20poly1305_ietf_KEYBYTES)
    const nonce = randomBytes(names.crypto_aead_chacha20poly1305_ietf_NPUBBYTES)
    const sealed = new Uint8Array(message.length + names.crypto_aead_chacha20poly1305_ietf_ABYTES)
    await symbols.crypto_aead_chacha20poly1305_ietf_encrypt(
      ...[sealed, [0n], message, message.length, null, 0, null, nonce, key],
    )
    const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
    decipher.setAuthTag(sealed.subarray(message.length))
    expect(`${decipher.update(sealed.subarray(0, message.length))}`).toBe(`${message}`)
    decipher.final()

    const secret = randomBytes(names.crypto_secretbox_KEYBYTES)
    const once = randomBytes(names.crypto_secretbox_NONCEBYTES)
    const box = new Uint8Array(message.length + names.crypto_secretbox_MACBYTES)
    expect(await symbols.crypto_secretbox_easy(box, message, message.length, once, secret)).toBe(0)
    const opened = new Uint8Array(message.length)
    const open = (): Promise<number> =>
      symbols.crypto_secretbox_open_easy(opened, box, box.length, once, secret)
    expect(await open()).toBe(0)
    expect(`${Buffer.from(opened)}`).toBe(`${message}`)
    box[3] = (box[3] ?? 0) ^ 1
    expect(await open()).toBe(-1)
  })
})
