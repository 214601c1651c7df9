/** Libraries that end their process: the call says how, and the next call works. */
import { describe, expect, test } from 'vitest'
import { CrashError, ExitError, FatThread, open, type Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needs } from '../support/needs.ts'
import { failureOf } from '../support/ways.ts'

const QUIET = { stderr: 'pipe', stdout: 'pipe' } as const

const LUA = {
  create: 'void *luaL_newstate(void)',
  openLibraries: 'void luaL_openlibs(void *state)',
  load: 'int luaL_loadstring(void *state, const char *text)',
  protected:
    'int lua_pcallk(void *state, int args, int results, int handler, intptr_t context, void *next)',
  unprotected: 'void lua_callk(void *state, int args, int results, intptr_t context, void *next)',
} as const

async function lua(script: string) {
  const library = await open('liblua5.4.so.0', LUA, QUIET)
  const state = await library.symbols.create()
  await library.symbols.openLibraries(state)
  expect(await library.symbols.load(state, script)).toBe(0)
  return { library, state }
}

describe('GMP', () => {
  test.skipIf(needs('libgmp10', 'libgmp.so.10'))('divides by zero: SIGFPE', async () => {
    await using gmp = await open('libgmp.so.10', {
      init: 'void __gmpz_init(void *number)',
      set: 'int __gmpz_set_str(void *number, const char *digits, int base)',
      divide: 'void __gmpz_tdiv_q(void *quotient, const void *dividend, const void *divisor)',
      compare: 'int __gmpz_cmp_ui(const void *number, unsigned long other)',
    })
    const { compare, divide, init, set } = gmp.symbols
    const number = async (digits: string): Promise<Buffer> => {
      const bytes = Buffer.alloc(16)
      await init(bytes)
      expect(await set(bytes, digits, 10)).toBe(0)
      return bytes
    }
    const dividend = await number('31415926535897932384626433')
    expect(
      await failureOf(async () => divide(await number('0'), dividend, await number('0'))),
    ).toMatchObject({
      code: 'ERR_FAT_THREAD_CRASHED',
      signal: 'SIGFPE',
      call: '__gmpz_tdiv_q',
    })
    const quotient = await number('0')
    await divide(quotient, await number('84'), await number('2'))
    expect(await compare(quotient, 42)).toBe(0)
  })
})

describe('libjpeg', () => {
  test.skipIf(needs('libjpeg62-turbo', 'libjpeg.so.62'))(
    'its error handler calls exit(1)',
    async () => {
      await using thread = await FatThread.spawn(QUIET)
      const complaints: Buffer[] = []
      thread.on('stderr', (bytes) => complaints.push(bytes))
      const { symbols } = await thread.load('libjpeg.so.62', {
        errors: 'void *jpeg_std_error(void *errors)',
        create: 'void jpeg_CreateDecompress(void *info, int version, size_t size)',
        source: 'void jpeg_mem_src(void *info, const void *bytes, unsigned long size)',
        header: 'int jpeg_read_header(void *info, int require_image)',
      })
      const VERSION = 62
      const SIZE = 632
      const info = thread.alloc(SIZE)
      const image = thread.alloc(64)
      image.bytes.set(Buffer.from('this is no picture at all'))
      const handlers = (await symbols.errors(thread.alloc(400))) as Pointer
      new DataView(info.bytes.buffer).setBigUint64(0, handlers.address, true)
      await symbols.create(info, VERSION, SIZE)
      await symbols.source(info, image, 25)
      const error = await failureOf(() => symbols.header(info, 1))
      expect(error).toBeInstanceOf(ExitError)
      expect(error).toMatchObject({ exitCode: 1, call: 'jpeg_read_header' })
      expect(Buffer.concat(complaints).toString()).toMatch(/Not a JPEG file/)
      expect(await symbols.errors(thread.alloc(400))).not.toBeNull()
    },
  )
})

describe('Lua', () => {
  const missing = needs('liblua5.4-0', 'liblua5.4.so.0')

  test.skipIf(missing)('os.exit(0) is no success', async () => {
    const { library, state } = await lua('os.exit(0)')
    await using _ = library
    const error = await failureOf(() => library.symbols.protected(state, 0, 0, 0, 0, null))
    expect(error).toBeInstanceOf(ExitError)
    expect(error).toMatchObject({ exitCode: 0, call: 'lua_pcallk' })
    expect(await library.symbols.create()).not.toBeNull()
  })

  test.skipIf(missing)('an unprotected error aborts, and its last words are known', async () => {
    const { library, state } = await lua('error("boom")')
    await using _ = library
    const error = await failureOf(() => library.symbols.unprotected(state, 0, 0, 0, null))
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ signal: 'SIGABRT', call: 'lua_callk' })
    expect((error as CrashError).lastWords).toMatch(/^PANIC: .*boom/)
    expect(await library.symbols.create()).not.toBeNull()
  })
})

describe('libpng', () => {
  test.skipIf(needs('libpng16-16', 'libpng16.so.16'))(
    'an error without setjmp aborts',
    async () => {
      await using thread = await FatThread.spawn(QUIET)
      const libc = await thread.load('libc.so.6', {
        openMemory: 'void *fmemopen(void *bytes, size_t size, const char *mode)',
      })
      const { symbols } = await thread.load('libpng16.so.16', {
        version: 'const char *png_get_libpng_ver(const void *png)',
        create:
          'void *png_create_read_struct(const char *version, void *data, void *error, void *warning)',
        info: 'void *png_create_info_struct(void *png)',
        source: 'void png_init_io(void *png, void *file)',
        read: 'void png_read_info(void *png, void *info)',
      })
      // A signature and the beginning of a header: the file ends there.
      const truncated = thread.alloc(20)
      truncated.bytes.set([
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
      ])
      const png = await symbols.create(await symbols.version(null), null, null, null)
      await symbols.source(png, await libc.symbols.openMemory(truncated, 20, 'r'))
      const info = await symbols.info(png)
      const error = await failureOf(() => symbols.read(png, info))
      expect(error).toBeInstanceOf(CrashError)
      expect(error).toMatchObject({ signal: 'SIGABRT', call: 'png_read_info' })
      expect((error as CrashError).lastWords).toMatch(/^libpng error: /)
      expect(await symbols.version(null)).toMatch(/^1\.6\./)
    },
  )
})

describe('SQLite', () => {
  test.skipIf(needs('libsqlite3-0', 'libsqlite3.so.0'))(
    'used after close: every call ends in its own way',
    async () => {
      await using sqlite = await open(
        'libsqlite3.so.0',
        {
          open: 'int sqlite3_open(const char *path, void **database)',
          prepare:
            'int sqlite3_prepare_v2(void *database, const char *sql, int bytes, void **statement, void *tail)',
          step: 'int sqlite3_step(void *statement)',
          finalize: 'int sqlite3_finalize(void *statement)',
          close: 'int sqlite3_close_v2(void *database)',
          exec: 'int sqlite3_exec(void *database, const char *sql, void *callback, void *data, void *message)',
          version: 'const char *sqlite3_libversion(void)',
        },
        QUIET,
      )
      const { close, exec, finalize, open: openDatabase, prepare, step, version } = sqlite.symbols
      const ROW = 100
      const database: (Pointer | null)[] = [null]
      const statement: (Pointer | null)[] = [null]
      expect(await openDatabase(':memory:', database)).toBe(0)
      expect(await prepare(database[0] ?? null, 'select 1', -1, statement, null)).toBe(0)
      expect(await step(statement[0] ?? null)).toBe(ROW)
      await finalize(statement[0] ?? null)
      await close(database[0] ?? null)
      const calls = Array.from({ length: 500 }, (_, index) => [
        step(statement[0] ?? null),
        exec(database[0] ?? null, `create table t${index}(a)`, null, null, null),
        finalize(statement[0] ?? null),
      ]).flat()
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === 'fulfilled') expect(typeof result.value).toBe('number')
        else
          expect(result.reason).toMatchObject({
            code: expect.stringMatching(/^ERR_FAT_THREAD_(CRASHED|EXITED|CLOSED)$/),
          })
      }
      expect(await version()).toMatch(/^3\./)
    },
  )
})

describe.runIf(process.arch === 'x64')('hlt', () => {
  test('is a crash with its place', async () => {
    await using library = await open(fixture('executes-hlt'), {
      deed: 'int deed(void)',
      answer: 'int answer(void)',
    })
    const error = await failureOf(() => library.symbols.deed())
    expect(error).toMatchObject({
      code: 'ERR_FAT_THREAD_CRASHED',
      signal: 'SIGSEGV',
      symbol: 'deed',
    })
    expect(await library.symbols.answer()).toBe(42)
  })

  test("a handler of the program's own does not hear of it", async () => {
    let heard = 0
    const handler = (): void => {
      heard++
    }
    process.on('SIGSEGV', handler)
    try {
      await using library = await open(fixture('executes-hlt'), {
        deed: 'int deed(void)',
        answer: 'int answer(void)',
      })
      expect(await failureOf(() => library.symbols.deed())).toBeInstanceOf(CrashError)
      expect(() => library.symbols.deed.sync()).toThrow(CrashError)
      expect(await library.symbols.answer()).toBe(42)
      expect(heard).toBe(0)
    } finally {
      process.off('SIGSEGV', handler)
    }
  })
})
