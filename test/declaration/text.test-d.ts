import { describe, expectTypeOf, it } from 'vitest'
import type { DeclaredText, NamesOf, Symbols } from '../../src/callable.ts'
import type { CheckedText } from '../../src/declaration/infer.ts'
import {
  type Callback,
  type Library,
  open,
  type Pointer,
  struct,
  type UntypedFunction,
} from '../../src/index.ts'
import type { SharedMemory } from '../../src/memory/shared-memory.ts'
import type { Variable, Variables } from '../../src/variable.ts'
import type { text } from '../fixtures/declarations/has-structures.ts'

type Functions = Symbols<typeof text>
type Function = keyof Functions

/** What a function of the text takes and gives. */
type Takes<Name extends Function> = Parameters<Functions[Name]['sync']>
type Gives<Name extends Function> = ReturnType<Functions[Name]['sync']>

interface Point {
  x: number
  y: number
}

describe('a declared text', () => {
  it('has its functions, and nothing else', () => {
    expectTypeOf<Function>().toEqualTypeOf<
      | ('add_points' | 'scale' | 'length_squared' | 'centre' | 'shift' | 'turn' | 'threes')
      | ('swapped' | 'filled' | 'total' | 'oldest' | 'rename_person' | 'person_of' | 'negated')
      | (
          | 'first_or'
          | 'value_of'
          | 'value_from'
          | 'both_of'
          | 'real_of'
          | 'flipped'
          | 'repacked'
          | 'next_colour'
          | 'trace'
          | 'transposed'
        )
    >()
  })

  it('passes structures by value', () => {
    expectTypeOf<Takes<'add_points'>>().toEqualTypeOf<[Readonly<Point>, Readonly<Point>]>()
    expectTypeOf<Gives<'add_points'>>().toEqualTypeOf<Point>()
    expectTypeOf<Gives<'turn'>>().toEqualTypeOf<{
      tag: number
      ratio: number
      numbers: Int16Array
      yes: boolean
    }>()
    expectTypeOf<Gives<'swapped'>>().toEqualTypeOf<{ number: bigint; real: number }>()
    expectTypeOf<{ number: 1; real: 2 }>().toExtend<Takes<'swapped'>[0]>()
    expectTypeOf<{ number: 1n; real: 2 }>().toExtend<Takes<'swapped'>[0]>()
    expectTypeOf<{ number: 1n }>().not.toExtend<Takes<'swapped'>[0]>()
    expectTypeOf<{ bytes: Uint8Array }>().toExtend<Takes<'total'>[0]>()
    expectTypeOf<{ bytes: string }>().not.toExtend<Takes<'total'>[0]>()
  })

  it('passes structures by pointer, one or many', () => {
    expectTypeOf<Point>().toExtend<Takes<'length_squared'>[0]>()
    expectTypeOf<readonly Point[]>().toExtend<Takes<'centre'>[0]>()
    expectTypeOf<Point[]>().toExtend<Takes<'shift'>[0]>()
    expectTypeOf<readonly Point[]>().not.toExtend<Takes<'shift'>[0]>()
    expectTypeOf<Pointer | SharedMemory | Uint8Array | null>().toExtend<Takes<'scale'>[0]>()
    expectTypeOf<{ x: number }>().not.toExtend<Takes<'scale'>[0]>()
    expectTypeOf<string>().not.toExtend<Takes<'scale'>[0]>()
  })

  it('knows strings, characters, nested structures and pointers in structures', () => {
    interface Person {
      name: string | null
      code: string
      born: { year: number; month: number }
      next: Pointer | null
    }
    expectTypeOf<Gives<'oldest'>>().toEqualTypeOf<Person>()
    expectTypeOf<Gives<'person_of'>>().toEqualTypeOf<{ result: number; p: Person }>()
    expectTypeOf<Takes<'person_of'>>().toEqualTypeOf<[number]>()
    expectTypeOf<Person>().toExtend<Takes<'oldest'>[0]>()
    expectTypeOf<{ name: 1; code: ''; born: Person['born']; next: null }>().not.toExtend<
      Takes<'oldest'>[0]
    >()
  })

  it('takes one member of a union and gives all', () => {
    expectTypeOf<Gives<'negated'>>().toEqualTypeOf<{
      number: number
      real: number
      bytes: Uint8Array
    }>()
    expectTypeOf<{ number: number }>().toExtend<Takes<'negated'>[0]>()
    expectTypeOf<{ bytes: number[] }>().toExtend<Takes<'negated'>[0]>()
    expectTypeOf<{ number: number; real: number }>().not.toExtend<Takes<'negated'>[0]>()
    expectTypeOf<Record<never, never>>().not.toExtend<Takes<'negated'>[0]>()
  })

  it('knows the members of nameless structures and unions', () => {
    expectTypeOf<Gives<'value_from'>>().toEqualTypeOf<{
      kind: number
      number: number
      real: number
    }>()
    expectTypeOf<{ kind: number; real: number }>().toExtend<Takes<'value_of'>[0]>()
    expectTypeOf<Gives<'value_from'>>().toExtend<Takes<'value_of'>[0]>()
    expectTypeOf<{ real: number }>().not.toExtend<Takes<'value_of'>[0]>()
    expectTypeOf<{ x: number; y: number }>().toExtend<Takes<'both_of'>[0]>()
    expectTypeOf<{ both: bigint }>().toExtend<Takes<'both_of'>[0]>()
    expectTypeOf<{ x: number }>().not.toExtend<Takes<'both_of'>[0]>()
    expectTypeOf<{ x: number; y: number; both: bigint }>().not.toExtend<Takes<'both_of'>[0]>()
  })

  it('knows bit-fields, enumerations and arrays of arrays', () => {
    expectTypeOf<Gives<'flipped'>>().toEqualTypeOf<{
      low: number
      middle: number
      high: number
      wide: bigint
      on: boolean
    }>()
    expectTypeOf<Takes<'next_colour'>>().toEqualTypeOf<[number]>()
    expectTypeOf<Gives<'next_colour'>>().toEqualTypeOf<number>()
    expectTypeOf<Gives<'transposed'>['cells']>().toEqualTypeOf<Float64Array[]>()
    expectTypeOf<readonly number[][]>().toExtend<Takes<'trace'>[0]['cells']>()
  })

  it('lends its names to more prototypes', () => {
    const library = {} as Library<typeof text>
    const squared = library.func('double length_squared(const point *p)')
    expectTypeOf(squared.sync).returns.toEqualTypeOf<number>()
    expectTypeOf(squared.sync).toBeCallableWith({ x: 1, y: 2 })
    // @ts-expect-error unknown type 'pint'
    library.func('double length_squared(const pint *p)')
  })

  it('knows callbacks by the names that it has', () => {
    type Text = `
      typedef struct { double x, y; } point; typedef int (*compare)(const point *a, point b);
      typedef void visit(point at); int each(compare order, visit then, point *p);
    `
    type Given = Parameters<Symbols<Text>['each']['sync']>
    expectTypeOf<(a: Pointer | null, b: Point) => number>().toExtend<Given[0]>()
    expectTypeOf<(at: Point) => Promise<void>>().toExtend<Given[1]>()
    expectTypeOf<Callback | Pointer | null>().toExtend<Given[0]>()
    expectTypeOf<(a: string) => number>().not.toExtend<Given[0]>()
    expectTypeOf<() => string>().not.toExtend<Given[0]>()
    const library = {} as Library<Text>
    library.callback('compare', (a, b) => {
      expectTypeOf(a).toEqualTypeOf<Pointer | null>()
      expectTypeOf(b).toEqualTypeOf<Point>()
      return 1
    })
    library.callback('double f(point p)', (p) => p.x * p.y)
    // @ts-expect-error the prototype says double
    library.callback('double f(point p)', (p) => `${p.x}`)
    ;(({}) as Library<string>).callback('point f(point p)', (p, anything) => [p, anything])
  })

  it('knows what its functions take back', () => {
    type Text = `
      typedef struct { double x, y; } point; struct opaque;
      _Free_(give) point *made(void); _Free_(give) char *text(void), *other(_Out_ _Free_(give) point **p);
      void give(void *p);
    `
    type Names = Symbols<Text>
    expectTypeOf<ReturnType<Names['made']['sync']>>().toEqualTypeOf<Point | null>()
    expectTypeOf<ReturnType<Names['text']['sync']>>().toEqualTypeOf<string | null>()
    expectTypeOf<ReturnType<Names['other']['sync']>>().toEqualTypeOf<{
      result: string | null
      p: Point | null
    }>()
    expectTypeOf<
      CheckedText<'_Free_(give) struct opaque *f(void);'>
    >().toEqualTypeOf<"'_Free_' belongs to a pointer to a value that can be copied\n  _Free_(give) struct opaque *f(void);\n  ^">()
    expectTypeOf<
      CheckedText<'typedef _Free_(give) char *text;'>
    >().toEqualTypeOf<"'_Free_' belongs in front of a result, or behind '_Out_'\n  typedef _Free_(give) char *text;\n          ^">()
  })

  it('is an object of prototypes beside types too', () => {
    const declarations = {
      point: struct({ x: 'double', y: 'double' }),
      add: 'point add(point a, const point *b, _Out_ point *c)',
    } as const
    const library = {} as Library<typeof declarations>
    expectTypeOf(library.symbols.add.sync).parameters.toEqualTypeOf<
      [Readonly<Point>, Exclude<Takes<'centre'>[0], undefined>]
    >()
    expectTypeOf(library.symbols.add.sync).returns.toEqualTypeOf<{ result: Point; c: Point }>()
    expectTypeOf(library.func('double f(point p)').sync).parameters.toEqualTypeOf<
      [Readonly<Point>]
    >()
    open('libc.so.6', declarations)
    // @ts-expect-error unknown type 'pint'
    open('libc.so.6', { ...declarations, bad: 'int bad(pint p)' })
  })

  it('may point to itself, and to what comes later', () => {
    type Text = `
      typedef struct node node;
      typedef int (*visit)(node *at, void *context);
      struct node { struct node *next; node *children[2]; visit each; struct value *held; };
      struct value { long v; };
      node first(const struct value *v);
      int walk(node *from, visit each);
    `
    type Names = Symbols<Text>
    type Node = ReturnType<Names['first']['sync']>
    expectTypeOf<Omit<Node, 'each'>>().toEqualTypeOf<{
      next: Pointer | null
      children: (Pointer | null)[]
      held: Pointer | null
    }>()
    expectTypeOf<NonNullable<Node['each']>['sync']>().returns.toBeNumber()
    expectTypeOf<{ v: bigint }>().toExtend<Parameters<Names['first']['sync']>[0]>()
    expectTypeOf<{
      next: null
      children: [null, Pointer]
      each: null
      held: Uint8Array
    }>().toExtend<Parameters<Names['walk']['sync']>[0]>()
  })

  it('reads what headers have', () => {
    type Text = `
      /* said again */ typedef unsigned char uint8_t; typedef int wchar_t;
      typedef unsigned long size_t, count_t;
      enum { WIDTH = 1 << 4, HEIGHT = WIDTH * 2 + (0x10 | 1), LAST = sizeof(int) } __attribute__((packed));
      __attribute__((visibility(hidden))) extern const wchar_t *label(void) __attribute__((nonnull(1)));
      struct image { unsigned width : 4, : 0, height : 12; uint8_t rows[HEIGHT][WIDTH * 2]; char text[]; };
      void (*handler(int number, void (*then)(int)))(int);
      int (plain)(count_t n), also(void);
      extern int counter, table[4];
      int vary(const char *form, ...);
    `
    type Names = Symbols<Text>
    expectTypeOf<keyof Names>().toEqualTypeOf<'label' | 'handler' | 'plain' | 'also' | 'vary'>()
    expectTypeOf<ReturnType<Names['label']['sync']>>().toEqualTypeOf<string | null>()
    type Handler = NonNullable<ReturnType<Names['handler']['sync']>>
    expectTypeOf<Parameters<Handler['sync']>>().toEqualTypeOf<[number]>()
    expectTypeOf<Parameters<Names['plain']['sync']>>().toEqualTypeOf<[number | bigint]>()
    expectTypeOf<keyof Variables<Text>>().toEqualTypeOf<'counter' | 'table'>()
  })

  it('has the variables', () => {
    type Text = `
      typedef struct { double x, y; } point;
      extern int counter; extern const point origin; point corners[4]; const char *const names[];
      int (*compare)(const void *one, const void *other);
    `
    type Found = Variables<Text>
    type Given<Name extends keyof Found> = Parameters<Found[Name]['set']>[0]
    type Point = { x: number; y: number }
    expectTypeOf<Found['counter']>().toEqualTypeOf<Variable<number, number>>()
    expectTypeOf<Awaited<ReturnType<Found['origin']['get']>>>().toEqualTypeOf<Point>()
    expectTypeOf<Given<'origin'>>().toBeNever()
    expectTypeOf<ReturnType<Found['corners']['get']['sync']>>().toEqualTypeOf<Point[]>()
    expectTypeOf<readonly Point[]>().toExtend<Given<'corners'>>()
    expectTypeOf<ReturnType<Found['names']['get']['sync']>>().toEqualTypeOf<(string | null)[]>()
    expectTypeOf<NonNullable<ReturnType<Found['compare']['get']['sync']>>>().toHaveProperty('sync')
  })

  it('has untyped functions where it is more than the compiler is given', () => {
    type Untyped = Readonly<Record<string, UntypedFunction>>
    type Times<
      Text extends string,
      Count extends number,
      Done extends string = '',
      At extends 1[] = [],
    > = At['length'] extends Count ? Done : Times<Text, Count, `${Done}${Text}`, [...At, 1]>
    expectTypeOf<Symbols<`${Times<'int a;', 760>} int f(int);`>>().not.toEqualTypeOf<Untyped>()
    expectTypeOf<Symbols<`${Times<'int a;', 768>} int f(int);`>>().toEqualTypeOf<Untyped>()
    expectTypeOf<CheckedText<`${Times<'int a;', 768>} itn f(int);`>>().toBeString()
    expectTypeOf<Symbols<`enum { ${Times<'A, ', 767>} B }; int f(int);`>>().toEqualTypeOf<Untyped>()
    expectTypeOf<
      Symbols<`int f(int); // ${Times<'0123456789abcdef', 900>}`>
    >().not.toEqualTypeOf<Untyped>()
    expectTypeOf<
      Symbols<`int f(int); //${Times<'0123456789abcdef', 999>}${Times<'0123456789abcdef', 25>}`>
    >().toEqualTypeOf<Untyped>()
    expectTypeOf<Symbols<"enum { A = 'a' }; int f(void);">>().toEqualTypeOf<Untyped>()
  })

  it('has the functions that bind has written, whatever the text', () => {
    type Bound = DeclaredText<{ f: () => 1 }, { v: Variable<1> }>
    expectTypeOf<Variables<Bound>>().toEqualTypeOf<{ v: Variable<1> }>()
    expectTypeOf<Variables<DeclaredText<{ f: () => 1 }>>>().toEqualTypeOf<Record<never, never>>()
    expectTypeOf<Symbols<Bound>>().toEqualTypeOf<{ f: () => 1 }>()
    expectTypeOf<NamesOf<Bound>>().toBeNever()
    expectTypeOf<CheckedText<Bound>>().toEqualTypeOf<Bound>()
  })

  it('says nothing of names where it is no literal', () => {
    const library = {} as Library
    expectTypeOf(library.func('double f(point p)').sync).returns.toBeUnknown()
    expectTypeOf(library.func('double f(int p)').sync).returns.toBeNumber()
    expectTypeOf(open('libc.so.6', 'int f(void);' as string)).resolves.toEqualTypeOf<
      Library<string>
    >()
  })

  it('compiles only if it parses', () => {
    expectTypeOf<
      CheckedText<'typedef struct { int x } point;'>
    >().toEqualTypeOf<"expected ';', found '}'\n  typedef struct { int x } point;\n                         ^">()
    // @ts-expect-error unknown type 'itn' - did you mean 'int'?
    open('libc.so.6', 'itn abs(int x);')
    expectTypeOf(open('libc.so.6', 'int abs(int x);')).resolves.toEqualTypeOf<
      Library<'int abs(int x);'>
    >()
  })
})
