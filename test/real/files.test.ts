/** Real libraries with files: what they may read works, and without the permission they say so. */
import { existsSync, realpathSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { open, type Permissions, type Pointer } from '../../src/index.ts'
import { needs } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const openSqlite = (permissions: Permissions) =>
  open(
    'libsqlite3.so.0',
    {
      open: 'int sqlite3_open(const char *path, void **database)',
      execute:
        'int sqlite3_exec(void *database, const char *sql, void *callback, void *context, void *error)',
      message: 'const char *sqlite3_errmsg(void *database)',
      close: 'int sqlite3_close(void *database)',
    },
    { permissions },
  )

describe('sqlite3 on a file', () => {
  const skipped = needs('libsqlite3-0', 'libsqlite3.so.0')
  const path = scratch.path('data.db')

  test.skipIf(skipped)('writes, and reads in another fat thread', async () => {
    const both = { read: [scratch.folder], write: [scratch.folder] }
    for (const sql of ['create table t (n)', 'insert into t values (42)', 'select n from t']) {
      await using library = await openSqlite(both)
      const { symbols, thread } = library
      const database: (Pointer | null)[] = [null]
      expect(await symbols.open(path, database)).toBe(0)
      expect(await symbols.execute(database[0] ?? null, sql, null, null, null)).toBe(0)
      expect(await symbols.close(database[0] ?? null)).toBe(0)
      expect(thread.denials).toEqual([])
    }
    expect(existsSync(path)).toBe(true)
  })

  test.skipIf(skipped)('without the permission it says that it can not open the file', async () => {
    await using library = await openSqlite({})
    const { symbols, thread } = library
    const database: (Pointer | null)[] = [null]
    const SQLITE_CANTOPEN = 14
    expect(await symbols.open(path, database)).toBe(SQLITE_CANTOPEN)
    expect(await symbols.message(database[0] ?? null)).toMatch(/unable to open database file/)
    expect(thread.denials).toEqual(
      expect.arrayContaining([expect.objectContaining({ syscall: 'openat', path })]),
    )
  })
})

describe('libmagic', () => {
  const skipped = needs('libmagic1', 'libmagic.so.1')

  const openMagic = (permissions: Permissions) =>
    open(
      'libmagic.so.1',
      {
        create: 'void *magic_open(int flags)',
        load: 'int magic_load(void *cookie, const char *database)',
        buffer: 'const char *magic_buffer(void *cookie, const void *bytes, size_t length)',
        error: 'const char *magic_error(void *cookie)',
      },
      { permissions },
    )
  const DATABASE = '/usr/share/misc/magic.mgc'
  const PNG = Buffer.from(
    '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x02\x08\x02\0\0\0',
    'latin1',
  )

  test.skipIf(skipped)('with its database, by the name that it knows', async () => {
    await using library = await openMagic({ read: [DATABASE] })
    const { symbols, thread } = library
    const cookie = await symbols.create(0)
    expect(await symbols.load(cookie, null)).toBe(0)
    expect(await symbols.buffer(cookie, PNG, PNG.length)).toMatch(/^PNG image data, 4 x 2/)
    expect(thread.denials.filter(({ path }) => path?.startsWith(DATABASE))).toEqual([])
    expect(realpathSync(DATABASE)).not.toBe('') // behind links on Debian
  })

  test.skipIf(skipped)('without: an error of its own', async () => {
    await using library = await openMagic({})
    const { symbols, thread } = library
    const cookie = await symbols.create(0)
    expect(await symbols.load(cookie, null)).toBe(-1)
    expect(await symbols.error(cookie)).toMatch(/could not find any valid magic files/)
    expect(thread.denials.map(({ path }) => path)).toContain(DATABASE)
  })
})

describe('freetype', () => {
  const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'
  const skipped = needs('libfreetype6', 'libfreetype.so.6')

  test.skipIf(skipped)('reads one font file', async () => {
    const found = existsSync(FONT)
    expect(found, 'apt-get install fonts-dejavu-core').toBe(true)
    await using library = await open(
      'libfreetype.so.6',
      {
        init: 'int FT_Init_FreeType(void **library)',
        face: 'int FT_New_Face(void *library, const char *path, long index, void **face)',
        name: 'const char *FT_Get_Postscript_Name(void *face)',
      },
      { permissions: { read: [FONT] } },
    )
    const { symbols, thread } = library
    const freetype: (Pointer | null)[] = [null]
    const face: (Pointer | null)[] = [null]
    expect(await symbols.init(freetype)).toBe(0)
    expect(await symbols.face(freetype[0] ?? null, FONT, 0, face)).toBe(0)
    expect(await symbols.name(face[0] ?? null)).toBe('DejaVuSans')
    expect(thread.denials).toEqual([])
    expect(await symbols.face(freetype[0] ?? null, '/etc/passwd', 0, face)).not.toBe(0)
    expect(thread.denials).toMatchObject([{ path: '/etc/passwd' }])
  })
})
