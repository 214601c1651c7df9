/** What can't be loaded: the message says which file, why, and what may have been meant. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FatThread, LoadError, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'
import { failureOf } from '../support/ways.ts'

let scratch: Scratch

beforeAll(() => {
  scratch = new Scratch()
})

afterAll(() => scratch[Symbol.dispose]())

const MIPS = 8
const MACHINE_AT = 18

interface Row {
  readonly what: string
  readonly library: () => string
  readonly says: RegExp
}

const ROWS: readonly Row[] = [
  {
    what: 'a name that nothing has',
    library: () => 'libno-such-thing.so.9',
    says: /no library of this name in /,
  },
  {
    what: 'a name with another version',
    library: () => 'libc.so.7',
    says: /did you mean .*libc\.so\.6/,
  },
  {
    what: 'a name with a typing error',
    library: () => 'libpthrad.so.0',
    says: /did you mean .*libpthread\.so\.0/,
  },
  {
    what: 'a name without its version',
    library: () => 'libgcc_s.so',
    says: /libgcc_s\.so\.1.*-dev/,
  },
  { what: 'a path that nothing has', library: () => scratch.path('absent.so'), says: /absent\.so/ },
  { what: 'a path through a file', library: () => `${fixture('answers')}/x.so`, says: /x\.so/ },
  {
    what: 'a file of 0 bytes',
    library: () => scratch.write('empty.so', ''),
    says: /empty\.so.*empty/,
  },
  {
    what: 'a text file',
    library: () => scratch.write('text.so', 'plain words '.repeat(100)),
    says: /text\.so: a text file, not a shared object/,
  },
  { what: 'a short text file', library: () => scratch.write('short.so', 'x'), says: /short\.so/ },
  {
    what: "a linker's script",
    library: () => scratch.write('script.so', '/* GNU ld script */\nGROUP ( /lib/libc.so.6 )\n'),
    says: /script\.so.*linker/i,
  },
  { what: 'a directory', library: () => scratch.folder, says: /directory/ },
  { what: 'a FIFO', library: () => fifo(), says: /fifo\.so.*(FIFO|pipe|regular file)/i },
  { what: 'a device', library: () => '/dev/zero', says: /\/dev\/zero/ },
  { what: 'a link to nothing', library: () => link('nowhere.so', '/absent'), says: /nowhere\.so/ },
  {
    what: 'a link to itself',
    library: () => link('circle.so', scratch.path('circle.so')),
    says: /circle\.so/,
  },
  {
    what: 'another processor',
    library: () => changed('mips.so', MACHINE_AT, MIPS),
    says: /mips\.so.*(processor|machine|MIPS)/i,
  },
  { what: '32 bits', library: () => changed('narrow.so', 4, 1), says: /narrow\.so.*32/ },
  {
    what: 'the wrong byte order',
    library: () => changed('order.so', 5, 2),
    says: /order\.so.*(byte order|endian)/i,
  },
  { what: 'a program', library: () => process.execPath, says: /node.*(program|executable)/i },
  { what: 'half a library', library: () => half(), says: /half\.so/ },
  {
    what: 'a missing dependency',
    library: () => needing('libmissing-from-here.so.3'),
    says: /needs 'libmissing-from-here\.so\.3', which is not in /,
  },
  { what: 'a missing symbol at load', library: () => undefinedSymbol(), says: /nobody_has_this/ },
]

function fifo(): string {
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', scratch.path('fifo.so')])
  return scratch.path('fifo.so')
}

function link(name: string, target: string): string {
  symlinkSync(target, scratch.path(name))
  return scratch.path(name)
}

function changed(name: string, at: number, byte: number): string {
  const bytes = readFileSync(fixture('answers'))
  bytes[at] = byte
  return scratch.write(name, bytes)
}

function half(): string {
  const bytes = readFileSync(fixture('answers'))
  return scratch.write('half.so', bytes.subarray(0, bytes.length / 2))
}

/** A library that needs another one, which is deleted afterwards. */
function needing(soname: string): string {
  const folder = scratch.path(`linked-${soname}`)
  mkdirSync(folder)
  const dependency = scratch.compile(
    `linked-${soname}/${soname}`,
    'int there(void) { return 1; }',
    [`-Wl,-soname,${soname}`],
  )
  const library = scratch.compile(
    'needing.so',
    'int there(void);\nint here(void) { return there(); }',
    [dependency],
  )
  rmSync(folder, { recursive: true })
  return library
}

function undefinedSymbol(): string {
  return scratch.compile(
    'undefined.so',
    'int nobody_has_this(void);\nint (*kept)(void) = nobody_has_this;',
  )
}

describe.each(ROWS)('$what', ({ library, says }) => {
  test('is a LoadError that says so, soon; the fat thread goes on', {
    timeout: 10_000,
  }, async () => {
    const path = library()
    const error = await failureOf(() => open(path))
    expect(error).toBeInstanceOf(LoadError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_LOAD' })
    expect(error.message).toMatch(says)
    expect(error.message).not.toContain('/proc/self/fd')

    await using thread = await FatThread.spawn()
    expect((await failureOf(() => thread.load(path))).message).toBe(error.message)
    const good = await thread.load(fixture('answers'), { answer: 'int answer(void)' })
    expect(await good.symbols.answer()).toBe(42)
    expect(thread.stats().restarts).toBe(0)
  })
})

describe('symbols', () => {
  test('that are missing: open fails, names them and offers near ones', async () => {
    const error = await failureOf(() =>
      open(fixture('obeys'), { add: 'int add(int, int)', wrong: 'int cuont_calls(void)' }),
    )
    expect(error).toBeInstanceOf(LoadError)
    expect(error).toMatchObject({ call: 'cuont_calls', library: fixture('obeys') })
    expect(error.message).toBe(
      `${fixture('obeys')}: there is no symbol cuont_calls; did you mean count_calls?`,
    )
  })

  test('that resemble nothing: no offer', async () => {
    const error = await failureOf(() =>
      open(fixture('obeys'), { wrong: 'int qqqqqqqqqqqqqqqqqqqq(void)' }),
    )
    expect(error.message).toBe(`${fixture('obeys')}: there is no symbol qqqqqqqqqqqqqqqqqqqq`)
  })

  test('that are variables', async () => {
    const error = await failureOf(() => open(fixture('obeys'), { value: 'int value(void)' }))
    expect(error).toBeInstanceOf(LoadError)
    expect(error.message).toBe(`${fixture('obeys')}: value is a variable, not a function`)
  })

  test('that are hidden or static', async () => {
    const path = scratch.compile(
      'hidden.so',
      'static int inner(void) { return 1; }\n__attribute__((visibility("hidden"))) int hidden(void) { return inner(); }\nint shown(void) { return hidden(); }',
    )
    for (const name of ['inner', 'hidden'])
      expect(await failureOf(() => open(path, { it: `int ${name}(void)` }))).toBeInstanceOf(
        LoadError,
      )
    await using library = await open(path, { shown: 'int shown(void)' })
    expect(await library.symbols.shown()).toBe(1)
  })

  test('that a dependency exports are found', async () => {
    await using library = await open(fixture('obeys'), { abs: 'int abs(int n)' })
    expect(await library.symbols.abs(-5)).toBe(5)
  })
})

describe('dependencies', () => {
  const folder = (name: string): string => {
    mkdirSync(scratch.path(name), { recursive: true })
    return name
  }

  test('beside the library, without a SONAME, by RUNPATH $ORIGIN', async () => {
    const here = folder('nameless')
    scratch.compile(`${here}/libinner.so`, 'int inner(void) { return 41; }')
    const outer = scratch.compile(
      `${here}/libouter.so`,
      'int inner(void);\nint outer(void) { return inner() + 1; }',
      [`-L${scratch.path(here)}`, '-linner', '-Wl,-rpath,$ORIGIN'],
    )
    await using library = await open(outer, { outer: 'int outer(void)', inner: 'int inner(void)' })
    expect(await library.symbols.outer()).toBe(42)
    expect(await library.symbols.inner()).toBe(41)
  })

  test('beside the library, with a SONAME, below $ORIGIN', async () => {
    const here = folder('named')
    folder('named/deps')
    const inner = scratch.compile(`${here}/deps/libinner.so.1`, 'int inner(void) { return 41; }', [
      '-Wl,-soname,libinner.so.1',
    ])
    const outer = scratch.compile(
      `${here}/libouter.so`,
      'int inner(void);\nint outer(void) { return inner() + 1; }',
      [inner, '-Wl,-rpath,$ORIGIN/deps'],
    )
    await using library = await open(outer, { outer: 'int outer(void)' })
    expect(await library.symbols.outer()).toBe(42)
  })

  test('that need each other', async () => {
    const here = folder('circle')
    const flags = [`-L${scratch.path(here)}`, '-Wl,-rpath,$ORIGIN']
    const tick = 'int tock(int n);\nint tick(int n) { return n == 0 ? 0 : tock(n - 1) + 1; }'
    const tock = 'int tick(int n);\nint tock(int n) { return n == 0 ? 0 : tick(n - 1) + 1; }'
    scratch.compile(`${here}/libtick.so`, tick, ['-Wl,-soname,libtick.so'])
    scratch.compile(`${here}/libtock.so`, tock, ['-Wl,-soname,libtock.so', ...flags, '-ltick'])
    const path = scratch.compile(`${here}/libtick.so`, tick, [
      '-Wl,-soname,libtick.so',
      ...flags,
      '-ltock',
    ])
    await using library = await open(path, { tick: 'int tick(int n)' })
    expect(await library.symbols.tick(10)).toBe(10)
  })

  test('one that needs itself', async () => {
    const here = folder('self')
    const source = 'int one(void) { return 1; }'
    const name = ['-Wl,-soname,libself.so']
    scratch.compile(`${here}/libself.so`, source, name)
    const path = scratch.compile(`${here}/libself.so`, source, [
      ...name,
      '-Wl,--no-as-needed',
      `-L${scratch.path(here)}`,
      '-lself',
      '-Wl,-rpath,$ORIGIN',
    ])
    await using library = await open(path, { one: 'int one(void)' })
    expect(await library.symbols.one()).toBe(1)
  })

  // Most of it is the compiler, a hundred times.
  test('a chain of a hundred', { timeout: 240_000 }, async () => {
    const here = folder('chain')
    const flags = [`-L${scratch.path(here)}`, '-Wl,-rpath,$ORIGIN']
    scratch.compile(`${here}/lib0.so`, 'int f0(void) { return 0; }', ['-Wl,-soname,lib0.so'])
    let path = ''
    for (let index = 1; index < 100; index++) {
      const source = `int f${index - 1}(void);\nint f${index}(void) { return f${index - 1}() + 1; }`
      path = scratch.compile(`${here}/lib${index}.so`, source, [
        `-Wl,-soname,lib${index}.so`,
        ...flags,
        `-l:lib${index - 1}.so`,
      ])
    }
    await using library = await open(path, { last: 'int f99(void)' })
    expect(await library.symbols.last()).toBe(99)
  })

  test('of one name in two places: each library has its own', async () => {
    for (const [name, number] of [
      ['left', 1],
      ['right', 2],
    ] as const) {
      folder(name)
      scratch.compile(`${name}/libcommon.so`, `int number(void) { return ${number}; }`, [
        '-Wl,-soname,libcommon.so',
      ])
      scratch.compile(
        `${name}/libtop.so`,
        'int number(void);\nint top(void) { return number(); }',
        [`-L${scratch.path(name)}`, '-lcommon', '-Wl,-rpath,$ORIGIN'],
      )
    }
    await using left = await open(scratch.path('left/libtop.so'), { top: 'int top(void)' })
    await using right = await open(scratch.path('right/libtop.so'), { top: 'int top(void)' })
    expect([await left.symbols.top(), await right.symbols.top()]).toEqual([1, 2])
  })
})

test('what a constructor does to its process is told as what it is', async () => {
  const path = scratch.compile(
    'dies.so',
    'void abort(void);\n__attribute__((constructor)) static void die(void) { abort(); }',
  )
  expect(await failureOf(() => open(path))).toMatchObject({
    code: 'ERR_FAT_THREAD_CRASHED',
    signal: 'SIGABRT',
    library: path,
  })
})

test.each(['byPath', 'global', 'lazy', 'deep'])('%s is true or false', async (name) => {
  await expect(open('libc.so.6', {}, { [name]: 1 })).rejects.toThrow(
    `${name} must be true or false, not a number`,
  )
})
