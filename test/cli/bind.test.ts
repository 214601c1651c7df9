import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Bound } from '../../src/cli/bind/command.ts'
import { installed, typeErrors } from '../real/bound.ts'
import { Scratch } from '../support/scratch.ts'
import { run, runJson, runNode } from './run.ts'

// Each starts Node, and most of them a compiler twice.
vi.setConfig({ testTimeout: 60_000 })

const scratch = new Scratch()
installed(scratch)
afterAll(() => scratch[Symbol.dispose]())

const HEADER = `
#ifndef SHAPES_H
#define SHAPES_H
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include "shapes_more.h"
#include <elsewhere.h>
#ifdef __cplusplus
extern "C" {
#endif

#define SHAPES_API extern __attribute__((visibility("default")))
#define SHAPES_VERSION "1." "2" /* of the "interface" */
#define SHAPES_MOST (1u << 31)
#define SHAPES_ALL (~(size_t)0)
#define SHAPES_NONE ((unsigned char) -1)
#define SHAPES_HALF 0.5f
#define SHAPES_LETTER 'A'
#define SHAPES_SIZE (sizeof(shapes_point) * SHAPES_COLOURS)
#define SHAPES_MAX(a, b) ((a) > (b) ? (a) : (b))
#define SHAPES_SEVEN SHAPES_MAX(3, 7)
#define SHAPES_OTHER_NAME shapes_area
#define SHAPES_CODE return 0

/* Colours, as *painters* have them. */
typedef enum {
  SHAPES_RED,      /**< like a rose */
  SHAPES_BLUE = 7, // like the sky
  SHAPES_COLOURS
} shapes_colour;
enum { SHAPES_ODD = 3, SHAPES_EVEN = SHAPES_ODD + 1 };
typedef enum {
  SHAPES_OLD __attribute__((deprecated("since (7, \\"early\\"); use " "SHAPES_NEW"))),
  SHAPES_NEW __attribute__((unused)) __attribute__((deprecated)) = 9
} shapes_age;
typedef int (__attribute__((unused)) *shapes_measure)(shapes_age age);

/** A point. */
typedef struct shapes_point_s {
  double x; /* to the right */
  /* upwards */
  double y;
} shapes_point;

typedef union { int number; float real; } shapes_word;

struct shapes_all {
  shapes_point points[2];
  char name[8];
  const char *text;
  unsigned long long big;
  unsigned flag : 1, : 3, rest : 4;
  struct { int inner; };
  shapes_word word;
  int (*compare)(const void *, const void *);
  shapes_colour colour;
  elsewhere_number number;
};

typedef struct shapes_hidden shapes_hidden;

/**
 * The area between two points.
 * @return never less than 0; not 0 for *points* apart
 */
SHAPES_API double shapes_area(shapes_point from, const shapes_point *to) __attribute__((deprecated));
SHAPES_API shapes_colour (shapes_paint)(struct shapes_all *all, shapes_colour in, elsewhere *out);
SHAPES_API shapes_hidden *shapes_hide(void);
SHAPES_API int shapes_print(const char *format, ...);
SHAPES_API time_t shapes_when(struct tm *when, FILE_LIKE *file);

SHAPES_API int shapes_vprint(const char *format, va_list list);
SHAPES_API long double shapes_exact(long double x);
SHAPES_API int shapes_gone(void);
/** How many there are. */
SHAPES_API int shapes_count;
SHAPES_API const shapes_point shapes_origin, shapes_ends[2];
SHAPES_API struct shapes_secret shapes_inside;
SHAPES_API int shapes_lost;
struct shapes_tight { char a; int b; } __attribute__((packed));
SHAPES_API int shapes_squeeze(struct shapes_tight by_value);
SHAPES_API int shapes_aged(shapes_measure measure);
SHAPES_API int shapes_print(const char *, ...);
SHAPES_API int shapes_count;
static inline int shapes_twice(int x) { return 2 * x; }
static const int shapes_table[2] = { 1, 2 };
#ifdef __cplusplus
}
#endif
#endif
`

const SOURCE = `
#include <stdio.h>
#define FILE_LIKE FILE
#include "shapes.h"
double shapes_area(shapes_point from, const shapes_point *to) { return (to->x - from.x) * (to->y - from.y); }
shapes_colour shapes_paint(struct shapes_all *all, shapes_colour in, elsewhere *out) { all->colour = in; return in; }
shapes_hidden *shapes_hide(void) { return 0; }
int shapes_aged(shapes_measure measure) { return measure(SHAPES_NEW); }
int shapes_print(const char *format, ...) { return 0; }
time_t shapes_when(struct tm *when, FILE *file) { return 0; }
int shapes_vprint(const char *format, va_list list) { return 0; }
long double shapes_exact(long double x) { return x; }
int shapes_more(void) { return 7; }
int elsewhere_function(void) { return 8; }
int shapes_squeeze(struct shapes_tight by_value) { return 0; }
int shapes_count = 3;
const shapes_point shapes_origin = { 1, 2 }, shapes_ends[2] = { { 3, 4 }, { 5, 6 } };
struct shapes_secret { int one; } shapes_inside;
`

const header = scratch.write('shapes.h', HEADER)
scratch.write('shapes_more.h', 'int shapes_more(void);\n#define SHAPES_MORE 1\n')
mkdirSync(scratch.path('include'))
scratch.write(
  'include/elsewhere.h',
  'typedef short elsewhere_number; typedef struct { int e; } elsewhere; int elsewhere_function(void);\n#define ELSEWHERE 2\n',
)
const flags = `-DFILE_LIKE=void -I${scratch.path('include')}`
const library = scratch.compile('libshapes.so', SOURCE, [
  `-I${scratch.path('include')}`,
  `-I${scratch.folder}`,
])

const words = ['bind', header, '--library', library, `--cflags=${flags}`]

describe('a header', () => {
  const bound = runJson(...words)
  const {
    text = '',
    counts,
    leftOut,
    compiled,
    header: name,
    library: soname,
  } = bound.json as Bound

  test('is said to be bound', () => {
    expect(bound.status).toBe(0)
    expect({ name, soname, compiled }).toEqual({
      name: 'shapes.h',
      soname: 'libshapes.so',
      compiled: true,
    })
    expect(counts).toEqual({
      ...{ functions: 7, variables: 3, structures: 5, enumerations: 2, constants: 11 },
    })
    expect(text).not.toContain(scratch.folder)
  })

  test('constants have the values that C has', () => {
    for (const constant of [
      `SHAPES_VERSION = '1.2'`,
      'SHAPES_MOST = 2147483648',
      'SHAPES_ALL = 18446744073709551615n',
      'SHAPES_NONE = 255',
      'SHAPES_HALF = 0.5',
      'SHAPES_LETTER = 65',
      'SHAPES_SIZE = 128',
      'SHAPES_SEVEN = 7',
      'SHAPES_ODD = 3',
      'SHAPES_EVEN = 4',
      'SHAPES_MORE = 1',
    ])
      expect(text).toContain(`\nexport const ${constant}\n`)
    expect(text).toContain(`/** of the "interface" */\nexport const SHAPES_VERSION`)
    expect(text).not.toContain('ELSEWHERE')
  })

  test('enumerations and structures keep their comments', () => {
    expect(text).toContain(
      [
        'export const shapes_colour = {',
        '  /** like a rose */',
        '  SHAPES_RED: 0,',
        '  /** like the sky */',
        '  SHAPES_BLUE: 7,',
        '  SHAPES_COLOURS: 8,',
        '} as const',
        'export type shapes_colour = (typeof shapes_colour)[keyof typeof shapes_colour]',
      ].join('\n'),
    )
    expect(text).toContain(
      '/** A point. */\nexport interface shapes_point {\n  /** to the right */\n  x: number\n  /** upwards */\n  y: number\n}\n',
    )
    expect(text).toContain('  points: shapes_point[]\n  name: string\n  text: string | null\n')
    expect(text).toContain('  big: bigint\n  flag: number\n  rest: number\n  inner: number\n')
    expect(text).toContain('  word: shapes_word\n')
    expect(text).toContain(
      'export type shapes_word_in =\n  | { number: number }\n  | { real: number }',
    )
  })

  test('functions are typed and described', () => {
    expect(text).toContain(
      [
        '  /**',
        '   * The area between two points.',
        '   * @return never less than 0; not 0 for *points* apart',
        '   *',
        '   * @deprecated',
        '   */',
        '  readonly shapes_area: CFunction<',
      ].join('\n'),
    )
    expect(text).toContain(
      '    [\n      from: shapes_point,\n      to: Memory<ArrayBufferView> | shapes_point | readonly shapes_point[],\n    ],\n    number\n',
    )
    expect(text).toContain('  readonly shapes_hide: CFunction<[], Pointer | null>')
    expect(text).toContain('      ...values: VariadicArgument[],\n    ],\n    number\n  >')
    expect(text, 'of the same package').toContain('readonly shapes_more: CFunction<[], number>')
    expect(text, 'of another one').not.toContain('elsewhere_function')
  })

  test('variables are typed and described', () => {
    expect(text).toContain(
      [
        '/** The variables of shapes.h. */',
        'export interface Variables {',
        '  /** How many there are. */',
        '  readonly shapes_count: Variable<number>',
        '  readonly shapes_origin: Variable<shapes_point, never>',
        '  readonly shapes_ends: Variable<shapes_point[], never>',
        '}',
      ].join('\n'),
    )
  })

  test('types come from elsewhere where they are needed, and no others', () => {
    expect(text).toContain('typedef short elsewhere_number;')
    expect(text).toContain('export interface elsewhere {')
    expect(text, 'behind a pointer a tag is enough').not.toContain('tm_sec')
    expect(text, 'built in').not.toMatch(/typedef [^;]*\b(size_t|time_t);/)
    expect(text, 'packed changes the layout').toContain('} __attribute__((packed));')
    expect(text).not.toMatch(/__attribute__\(\((?!packed)|__extension__|\bextern\b/)
  })

  test('attributes stand where C allows them', () => {
    expect(text).toContain('typedef enum { SHAPES_OLD, SHAPES_NEW = 9 } shapes_age;')
    expect(text).toContain('typedef int (*shapes_measure)(shapes_age age);')
    expect(text).toContain('readonly shapes_aged: CFunction<')
  })

  test('what is left out is listed with its reason', () => {
    expect(Object.fromEntries(leftOut.map((each) => [each.name, each.reason]))).toEqual({
      shapes_vprint: 'a va_list holds for its own process only',
      shapes_exact:
        "'long double' is not supported: a pointer to it is 'void *', and by value it can't be passed",
      shapes_gone: 'the library has no such symbol',
      shapes_inside: 'the header does not say what is in it: library.symbol() gives its address',
      shapes_lost: 'the library has no such symbol',
      shapes_squeeze:
        'struct shapes_tight is packed and small: C compilers disagree on how it travels by value; pass a pointer to it',
      shapes_twice: 'it is in the header itself, not in the library',
      shapes_table: 'it is in the header itself, not in the library',
      SHAPES_API: 'it stands for words of C, not for a value',
      SHAPES_MAX: 'it is a macro with arguments: only a C compiler knows it',
      SHAPES_OTHER_NAME: 'it stands for words of C, not for a value',
      SHAPES_CODE: 'it is no constant expression',
    })
    expect(bound.stderr).toMatch(
      /^bound 7 functions, 3 variables, 5 structures, 2 enumerations, 11 constants\n/,
    )
    expect(bound.stderr).toContain(
      'left out: shapes_twice, shapes_table: it is in the header itself, not in the library\n',
    )
  })

  test('can be used', async () => {
    expect(run(...words, '-o', scratch.path('shapes.mjs'))).toMatchObject({ status: 0, stdout: '' })
    const { openShapes, shapes_colour } = await import(scratch.path('shapes.mjs'))
    await using opened = await openShapes({ library })
    const { symbols } = opened
    expect(await symbols.shapes_area({ x: 1, y: 1 }, { x: 3, y: 4 })).toBe(6)
    const all = {
      points: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      ...{ name: 'n', text: null, big: 1, flag: 1, rest: 2, inner: 5, word: { number: 1 } },
      ...{ compare: null, colour: 0, number: 3 },
    }
    expect(await symbols.shapes_paint(all, shapes_colour.SHAPES_BLUE, null)).toBe(7)
    expect(all).toMatchObject({ colour: 7, inner: 5, rest: 2 })
    const { shapes_count, shapes_origin, shapes_ends } = opened.variables
    await shapes_count.set((await shapes_count.get()) + 1)
    expect(shapes_count.get.sync()).toBe(4)
    expect(await shapes_origin.get()).toEqual({ x: 1, y: 2 })
    expect(shapes_ends.get.sync()).toHaveLength(2)
    expect(typeErrors(scratch, ['shapes.d.mts'])).toEqual([])
  }, 60_000)
})

test('--include binds another package too', () => {
  const { text = '' } = runJson(...words, '--include', 'include/else').json as Bound
  expect(text).toContain('readonly elsewhere_function: CFunction<[], number>')
  expect(text).toContain('export const ELSEWHERE = 2\n')
})

test('a header whose functions stand in others says which', () => {
  const outer = scratch.write('outer.h', '#include <elsewhere.h>\n')
  const bound = run('bind', outer, '--library', library, `--cflags=${flags}`)
  expect(bound.stderr).toContain(
    'what the header includes has functions of the library: --include include/elsewhere.h\n',
  )
})

test('a structure may lead to itself through a function of its members', () => {
  const name = scratch.write(
    'image.h',
    'struct image { struct { struct image *(*part)(struct image *whole, int at); } f; };\nstruct image *more(int n);\n',
  )
  const own = scratch.compile('libimage.so', 'void *more(int n) { return 0; }', [])
  const { text = '' } = runJson('bind', name, '--library', own).json as Bound
  expect(text).toContain('export interface image {')
  expect(text).toContain('export interface image_in {')
})

test('comments may stand below what they describe', () => {
  const below = scratch.write(
    'below.h',
    'int shapes_more(void);\n/*\n     More of it.\n\n     And more.\n*/\n\nint elsewhere_function(\n  void);\n// Another\n// one.\n',
  )
  const { text = '' } = runJson('bind', below, '--library', library).json as Bound
  expect(text).toContain('   * More of it.\n   *\n   * And more.\n   */\n  readonly shapes_more')
  expect(text).toContain('   * Another\n   * one.\n   */\n  readonly elsewhere_function')
})

describe('-o', () => {
  const small = scratch.write('small.h', 'int shapes_more(void);\n')
  const bind = (...more: readonly string[]) => run('bind', small, '--library', library, ...more)

  test('writes the file, and again', () => {
    const path = scratch.path('small.ts')
    const first = bind('-o', path)
    expect(first).toMatchObject({ status: 0, stdout: '' })
    expect(first.stderr).toBe('bound 1 function, 0 structures, 0 enumerations, 0 constants\n')
    const text = readFileSync(path, 'utf8')
    expect(bind('-o', path).status).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(bind().stdout).toBe(text)
  })

  test('leaves files of others alone', () => {
    const path = scratch.write('mine.ts', '// mine\n')
    const { status, stderr } = bind('-o', path)
    expect(status).toBe(1)
    expect(stderr).toMatch(/mine\.ts is not of `fat-threads bind`: --force overwrites it\n$/)
    expect(readFileSync(path, 'utf8')).toBe('// mine\n')
    scratch.write('other.d.ts', '// mine\n')
    expect(bind('-o', scratch.path('other.js')).status, 'the types beside it').toBe(1)
    expect(existsSync(scratch.path('other.js'))).toBe(false)
    expect(bind('-o', path, '--force').status).toBe(0)
    expect(readFileSync(path, 'utf8')).toContain('shapes_more')
  })
})

test('without a compiler the raw header is tried, and what is lost is said', () => {
  const plain = scratch.write(
    'plain.h',
    `#ifndef PLAIN_H /* once */
#define PLAIN_H
#define API __attribute__((visibility("default")))
#define PLAIN_TWO (1 + \\
  1)
#define PLAIN_NO 1 /* a
#define PLAIN_COMMENT 5 */
#if defined(WINDOWS) || PLAIN_TWO < 1
API int shapes_windows(void);
#elif !defined PLAIN_OTHER && PLAIN_NO == 1
API int shapes_more(void); // PLAIN_TWO
#else
API int shapes_else(void);
#endif
#ifdef __cplusplus
extern "C" {
#endif
#if (PLAIN_NO > 1)
#define PLAIN_THREE 3
#endif
API unknown_type elsewhere_function(void);
#endif
`,
  )
  const words = ['bind', plain, '--library', library, '--json']
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname
  const environment = { ...process.env, CC: '/nonexistent/cc' }
  const { status, stdout, stderr } = runNode([main, ...words], { env: environment })
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const { text = '', compiled, leftOut } = JSON.parse(stdout) as Bound
  expect(compiled).toBe(false)
  expect(stderr).toMatch(/^without a C compiler .*: what the header includes is unknown/)
  expect(text).toContain('readonly shapes_more: CFunction<[], number>')
  expect(text).toContain('export const PLAIN_TWO = 2\n')
  expect(text).not.toMatch(/const (PLAIN_THREE|PLAIN_COMMENT)/)
  const reasons = leftOut.map(({ name, reason }) => `${name}: ${reason}`)
  expect(reasons).toEqual([
    "elsewhere_function: unknown type 'unknown_type'",
    'API: it stands for words of C, not for a value',
  ])
  const byName = runNode([main, 'bind', 'zlib.h', '--library', library], { env: environment })
  expect(byName.status).toBe(1)
  expect(byName.stderr).toMatch(/there is no C compiler .* to find zlib\.h: give the header's path/)
})

test('a header or a library that is not there ends with status 1', () => {
  const noHeader = runJson('bind', 'no-such-header.h', '--library', library)
  expect(noHeader.status).toBe(1)
  expect(noHeader.json).toMatchObject({ error: { code: 'ERR_FAT_THREAD_HEADER' } })
  expect(noHeader.stderr).toMatch(/can't preprocess no-such-header\.h:\n.*No such file/s)
  const noLibrary = runJson('bind', header, '--library', 'libnone.so.1')
  expect(noLibrary.status).toBe(1)
  expect(noLibrary.json).toMatchObject({ error: { code: 'ERR_FAT_THREAD_LOAD' } })
})

test('wrong usage ends with status 2', () => {
  for (const words of [
    [],
    [header],
    ['', '--library', library],
    [header, '--library', library, '--library', library],
    [header, '--library'],
    [header, '--library', library, '-o'],
    [header, 'another.h', '--library', library],
  ]) {
    const { status, stderr } = run('bind', ...words)
    expect({ words, status }).toEqual({ words, status: 2 })
    expect(stderr).toMatch(/\nTry: fat-threads bind --help\n$/)
  }
})
