/** Real libraries that call back: rows of SQLite, comparisons of qsort. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { open, type Pointer } from '../../src/index.ts'
import { needs } from '../support/needs.ts'

const ROWS = 100_000
const SQL = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${ROWS})
  select n, 'row ' || n as name from numbers`

const noSqlite = needs('libsqlite3-0', 'libsqlite3.so.0')
const sqlite = () =>
  open('libsqlite3.so.0', {
    open: 'int sqlite3_open(const char *filename, _Out_ void **db)',
    exec: `int sqlite3_exec(void *db, const char *sql,
      int (*row)(void *data, int columns, char **values, char **names), void *data, char **message)`,
    close: 'int sqlite3_close(void *db)',
  })

const example = (name: string): string =>
  execFileSync(
    process.execPath,
    [fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))],
    {
      encoding: 'utf8',
    },
  )

describe.skipIf(noSqlite)('sqlite3_exec', () => {
  test.each(['blocking', 'awaited'])(
    'gives 100,000 rows, %s',
    { timeout: 120_000 },
    async (way) => {
      await using library = await sqlite()
      const { symbols, thread } = library
      const { db } = await symbols.open(':memory:')
      let rows = 0
      const seen: unknown[] = []
      const row = (_data: unknown, columns: number, values: Pointer | null): number => {
        rows++
        if (rows % 10_000 === 0)
          seen.push(thread.readSync(values as Pointer, `const char *[${columns}]`))
        return 0
      }
      const result =
        way === 'blocking'
          ? symbols.exec.sync(db, SQL, row, null, null)
          : await symbols.exec(db, SQL, row, null, null)
      expect(result).toBe(0)
      expect(rows).toBe(ROWS)
      expect(seen).toHaveLength(10)
      expect(seen[9]).toEqual(['100000', 'row 100000'])
      expect(thread.denials).toEqual([])
      expect(await symbols.close(db)).toBe(0)
    },
  )

  test('stops where the callback throws, with its error', async () => {
    await using library = await sqlite()
    const { symbols } = library
    const { db } = await symbols.open(':memory:')
    const error = new Error('enough')
    let rows = 0
    const row = async (): Promise<number> => {
      if (++rows === 10) throw error
      return 0
    }
    await expect(symbols.exec(db, SQL, row, null, null)).rejects.toBe(error)
    expect(rows).toBe(10)
    expect(await symbols.close(db)).toBe(0)
  })

  test('the example', () => {
    expect(example('sqlite.mjs')).toContain("{ name: 'Jupiter', moons: '95' }")
  })
})

describe('qsort', () => {
  test('sorts with a comparator of the program', async () => {
    await using library = await open('libc.so.6', {
      qsort:
        'void qsort(void *base, size_t count, size_t size, int (*compare)(const double *, const double *))',
    })
    const { symbols, thread } = library
    const numbers = Float64Array.from({ length: 500 }, () => Math.random())
    const sorted = numbers.slice().sort()
    symbols.qsort.sync(numbers, numbers.length, 8, (one, other) =>
      Math.sign(
        thread.readSync(one as Pointer, 'double') - thread.readSync(other as Pointer, 'double'),
      ),
    )
    expect(numbers).toEqual(sorted)
  })

  test('the example', () => {
    expect(example('qsort.mjs')).toMatch(/^1 1 2.6 3 4 5 9 /)
  })
})
