/** Libraries: several in one fat thread, functions one at a time, hot reload, integrity, names. */

import { createHash } from 'node:crypto'
import { readFileSync, renameSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ClosedError,
  DeclarationError,
  FatThread,
  IntegrityError,
  LoadError,
  open,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { failureOf } from '../support/ways.ts'

let scratch: Scratch

beforeAll(() => {
  scratch = new Scratch()
})

afterAll(() => scratch[Symbol.dispose]())

/** Puts a library in place as an installer does: complete, in one step. */
function replace(name: string, source: string): string {
  const made = scratch.compile(`new-${name}`, source)
  renameSync(made, scratch.path(name))
  return scratch.path(name)
}

const version = (number: number, more = ''): string =>
  `int version(void) { return ${number}; }\n${more}`

describe('one fat thread', () => {
  test('holds several libraries, each with its own functions', async () => {
    await using thread = await FatThread.spawn()
    const one = await thread.load(scratch.compile('one.so', version(1)), {
      version: 'int version(void)',
    })
    const two = await thread.load(scratch.compile('two.so', version(2)), {
      version: 'int version(void)',
    })
    expect(await Promise.all([one.symbols.version(), two.symbols.version()])).toEqual([1, 2])
    expect(one.thread).toBe(thread)
    expect(two.symbols.version.sync()).toBe(2)
  })

  test('goes on when a library can’t be loaded', async () => {
    await using thread = await FatThread.spawn()
    const obeys = await thread.load(fixture('obeys'), { count: 'int count_calls(void)' })
    expect(await obeys.symbols.count()).toBe(1)
    const { pid } = thread
    expect(await failureOf(() => thread.load(scratch.write('no-library', 'x')))).toBeInstanceOf(
      LoadError,
    )
    expect(await obeys.symbols.count(), 'in the same process').toBe(2)
    expect(thread.pid).toBe(pid)
  })

  test('loads many libraries', async () => {
    await using thread = await FatThread.spawn()
    const path = fixture('obeys')
    const libraries = await Promise.all(
      Array.from({ length: 100 }, () => thread.load(path, { add: 'int add(int a, int b)' })),
    )
    const sums = await Promise.all(libraries.map(({ symbols }, index) => symbols.add(index, 1)))
    expect(sums).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  test('binds a thousand functions', async () => {
    await using library = await open(fixture('obeys'))
    const functions = Array.from({ length: 1000 }, () => library.func('int add(int a, int b)'))
    const sums = await Promise.all(functions.map((add, index) => add(index, 1)))
    expect(sums).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  })
})

describe('declarations', () => {
  test('the key is the name in JavaScript, the prototype has the symbol', async () => {
    await using library = await open(fixture('obeys'), { plus: 'int add(int a, int b)' })
    expect(Object.keys(library.symbols)).toEqual(['plus'])
    expect(library.symbols.plus.name).toBe('add')
    expect(await library.symbols.plus(1, 2)).toBe(3)
  })

  test('a key of any name', async () => {
    const names = ['__proto__', 'constructor', 'then', 'toString', '']
    const declarations = Object.fromEntries(names.map((name) => [name, 'int add(int a, int b)']))
    Object.defineProperty(declarations, '__proto__', {
      value: 'int add(int a, int b)',
      enumerable: true,
    })
    await using library = await open(fixture('obeys'), declarations)
    for (const name of names) expect(await library.symbols[name]?.(1, 2), name).toBe(3)
  })

  test('of the same function twice, with different types', async () => {
    await using library = await open(fixture('echoes'), {
      signed: 'int8_t echo_int8(int8_t value)',
      unsigned: 'uint8_t echo_int8(uint8_t value)',
    })
    expect(await library.symbols.signed(-1)).toBe(-1)
    expect(await library.symbols.unsigned(255)).toBe(255)
  })

  test('a text that doesn’t parse is a DeclarationError with its place', async () => {
    const error = await failureOf(() =>
      open(fixture('obeys'), { add: 'int add(int a,, int b)' as string }),
    )
    expect(error).toBeInstanceOf(DeclarationError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_DECLARATION', line: 1, column: 15 })
    expect(error.message).toContain('^')
    await using library = await open(fixture('obeys'))
    expect(await failureOf(() => library.func('int add(' as string))).toBeInstanceOf(
      DeclarationError,
    )
  })

  test.each([5, { add: 5 }, { add: undefined }, { add: null }])(
    'are no %o',
    async (declarations) => {
      const error = await failureOf(() =>
        open(fixture('obeys'), declarations as unknown as Record<string, string>),
      )
      expect(error).toBeInstanceOf(TypeError)
    },
  )

  test('func throws for a symbol that is not there', async () => {
    await using library = await open(fixture('obeys'))
    const error = await failureOf(() => library.func('int ad(int a, int b)'))
    expect(error).toBeInstanceOf(LoadError)
    expect(error.message).toBe(`${fixture('obeys')}: there is no symbol ad; did you mean add?`)
  })
})

describe('names and paths', () => {
  const add = { add: 'int add(int a, int b)' } as const
  const FORMS: Record<string, () => string | URL> = {
    'an absolute path': () => fixture('obeys'),
    'a relative path': () => `./${relative(process.cwd(), fixture('obeys'))}`,
    'a file: URL': () => pathToFileURL(fixture('obeys')),
  }

  test.each(Object.entries(FORMS))('%s', async (_name, form) => {
    await using library = await open(form(), add)
    expect(await library.symbols.add(1, 2)).toBe(3)
    expect(library.path).toBe(fixture('obeys'))
  })

  test('a name in searchPaths', async () => {
    await using library = await open('obeys.so', add, { searchPaths: [dirname(fixture('obeys'))] })
    expect(library.path).toBe(fixture('obeys'))
    expect(await library.symbols.add(1, 2)).toBe(3)
  })

  test('the C library itself', async () => {
    await using library = await open('libc.so.6', {
      abs: 'int abs(int n)',
      strlen: 'size_t strlen(const char *s)',
    })
    expect(await library.symbols.abs(-7)).toBe(7)
    expect(await library.symbols.strlen('seven')).toBe(5n)
  })

  test('a path with spaces, umlauts and a percent sign', async () => {
    const path = scratch.compile('größe 100% .so', version(3))
    await using library = await open(path, { version: 'int version(void)' })
    expect(await library.symbols.version()).toBe(3)
  })

  test.each(['', 'a\0b'])('%o is a TypeError', async (name) => {
    expect(await failureOf(() => open(name))).toBeInstanceOf(TypeError)
  })

  test.each([undefined, null, 5, {}])('%o is a TypeError', async (name) => {
    expect(await failureOf(() => open(name as unknown as string))).toBeInstanceOf(TypeError)
  })
})

describe('reload', () => {
  const declarations = { version: 'int version(void)' } as const

  test('picks up the changed file, and the functions stay usable', async () => {
    await using library = await open(replace('hot.so', version(1)), declarations)
    const { version: call } = library.symbols
    const late = library.func('int version(void)')
    const { pid } = library.thread
    expect(await call()).toBe(1)
    replace('hot.so', version(2))
    expect(await call(), 'until then the old one runs').toBe(1)
    await library.reload()
    expect(await call()).toBe(2)
    expect(call.sync()).toBe(2)
    expect(await late()).toBe(2)
    expect(library.thread.pid).not.toBe(pid)
  })

  test('starts with fresh memory', async () => {
    await using library = await open(fixture('obeys'), { count: 'int count_calls(void)' })
    await library.symbols.count()
    expect(await library.symbols.count()).toBe(2)
    await library.reload()
    expect(await library.symbols.count()).toBe(1)
  })

  test('rejects the running call; those that wait go on', async () => {
    await using library = await open(fixture('obeys'), {
      sleep: 'int sleep_seen(uint8_t *begun, int milliseconds)',
      add: 'int add(int a, int b)',
    })
    using begun = library.thread.alloc(1)
    const running = failureOf(() => library.symbols.sleep(begun, 60_000))
    await until(() => begun.bytes[0] === 1, 'the call')
    const waiting = library.symbols.add(1, 2)
    await library.reload()
    expect(await running).toBeInstanceOf(ClosedError)
    expect(await waiting).toBe(3)
  })

  test.each([
    ['lacks a symbol', 'int other(void) { return 3; }'],
    ['is no library', undefined],
  ])('to a file that %s fails, and the old one goes on', async (_what, source) => {
    const path = replace('bad.so', version(1))
    await using library = await open(path, declarations)
    if (source === undefined) renameSync(scratch.write('junk', 'junk'), path)
    else replace('bad.so', source)
    expect(await failureOf(() => library.reload())).toBeInstanceOf(LoadError)
    expect(await library.symbols.version()).toBe(1)
    replace('bad.so', version(4))
    await library.reload()
    expect(await library.symbols.version()).toBe(4)
  })

  test('many times', { timeout: 60_000 }, async () => {
    await using library = await open(fixture('obeys'), { add: 'int add(int a, int b)' })
    for (let round = 0; round < 50; round++) {
      await library.reload()
      expect(await library.symbols.add(round, 1)).toBe(round + 1)
    }
  })

  test('twice at the same time', async () => {
    await using library = await open(replace('twice.so', version(1)), declarations)
    replace('twice.so', version(2))
    await Promise.all([library.reload(), library.reload()])
    expect(await library.symbols.version()).toBe(2)
  })

  test('and close at the same time', async () => {
    const library = await open(fixture('obeys'), { add: 'int add(int a, int b)' })
    const reloaded = library.reload().catch((error: unknown) => error)
    await library.close()
    const outcome = await reloaded
    if (outcome !== undefined) expect(outcome).toBeInstanceOf(ClosedError)
  })

  test('takes the other libraries of the fat thread along', async () => {
    await using thread = await FatThread.spawn()
    const library = await thread.load(replace('both.so', version(1)), declarations)
    const other = await thread.load(fixture('obeys'), { add: 'int add(int a, int b)' })
    replace('both.so', version(2))
    await library.reload()
    expect(await other.symbols.add(1, 2)).toBe(3)
    expect(await library.symbols.version()).toBe(2)
  })
})

describe('a crash after the file has changed', () => {
  test('starts again what was opened, not what lies there now', async () => {
    const source = version(1, 'int crash(void) { return *(volatile int *)0; }')
    await using library = await open(replace('crashing.so', source), {
      version: 'int version(void)',
      crash: 'int crash(void)',
    })
    replace('crashing.so', version(2, 'int crash(void) { return 0; }'))
    await failureOf(() => library.symbols.crash())
    expect(await library.symbols.version()).toBe(1)
  })
})

describe('integrity', () => {
  const add = { add: 'int add(int a, int b)' } as const
  const hash = (form: 'base64' | 'hex' | 'base64url'): string =>
    createHash('sha256')
      .update(readFileSync(fixture('obeys')))
      .digest(form)
  const RIGHT: Record<string, () => string> = {
    base64: () => `sha256-${hash('base64')}`,
    'base64 without padding': () => `sha256-${hash('base64').replace(/=+$/, '')}`,
    hexadecimal: () => `sha256-${hash('hex')}`,
    'upper case hexadecimal': () => `sha256-${hash('hex').toUpperCase()}`,
  }

  test.each(Object.entries(RIGHT))('right, in %s', async (_form, integrity) => {
    await using library = await open(fixture('obeys'), add, { integrity: integrity() })
    expect(await library.symbols.add(1, 2)).toBe(3)
  })

  const WRONG: Record<string, () => string> = {
    'another hash': () => `sha256-${createHash('sha256').update('x').digest('base64')}`,
    'another hash in hexadecimal': () => `sha256-${createHash('sha256').update('x').digest('hex')}`,
    'another algorithm': () => `sha512-${hash('base64')}`,
    'no algorithm': () => hash('base64'),
    'half of the hash': () => `sha256-${hash('base64').slice(0, 20)}`,
    nothing: () => '',
    'the algorithm alone': () => 'sha256-',
  }

  test.each(Object.entries(WRONG))('%s is refused, and nothing runs', async (_what, integrity) => {
    const error = await failureOf(() => open(fixture('obeys'), add, { integrity: integrity() }))
    expect(error).toBeInstanceOf(IntegrityError)
    expect(error).toMatchObject({
      code: 'ERR_FAT_THREAD_INTEGRITY',
      expected: integrity(),
      actual: `sha256-${hash('base64')}`,
      library: fixture('obeys'),
    })
  })

  test('is checked again at reload', async () => {
    const path = replace('sealed.so', version(1))
    const integrity = `sha256-${createHash('sha256').update(readFileSync(path)).digest('base64')}`
    await using library = await open(path, { version: 'int version(void)' }, { integrity })
    replace('sealed.so', version(2))
    expect(await failureOf(() => library.reload())).toBeInstanceOf(IntegrityError)
    expect(await library.symbols.version()).toBe(1)
  })
})

test('the C library, which is there already, can be loaded again and again', async () => {
  await using thread = await FatThread.spawn()
  for (let round = 0; round < 3; round++) {
    const { symbols } = await thread.load('libc.so.6', { abs: 'int abs(int)' })
    expect(await symbols.abs(-round)).toBe(round)
  }
})

test('what a constructor writes over the library’s own constants stays', async () => {
  const path = fixture('changes-its-constants-in-constructor')
  await using library = await open(path, { deed: 'int deed(void)' })
  expect(await library.symbols.deed()).toBe(42)
  // Idle, the host may tidy up.
  await sleep(300)
  expect(await library.symbols.deed()).toBe(42)
})

test('threads of a library end, are ended, and know their callers', async () => {
  await using library = await open(fixture('ends-its-own-threads'), {
    exits: 'int exits(void)',
    cancels: 'int cancels(void)',
    frames: 'int frames(void)',
  })
  expect(await library.symbols.exits()).toBe(1)
  expect(await library.symbols.cancels()).toBe(1)
  expect(await library.symbols.frames()).toBeGreaterThan(0)
  expect(library.thread.denials).toEqual([])
})
