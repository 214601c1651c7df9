import { describe, expectTypeOf, it } from 'vitest'
import type { Types } from '../../src/abi/names.ts'
import type { CheckedAll } from '../../src/callable.ts'
import type { Arguments, CallbackFor, Checked, Result } from '../../src/declaration/infer.ts'
import type { ParsePrototype, ParseType } from '../../src/declaration/parse.ts'
import type { AnyArgument, Bytes } from '../../src/declaration/values.ts'
import type { Callback } from '../../src/memory/callback.ts'
import type { Pointer } from '../../src/memory/pointer.ts'
import type { SharedMemory } from '../../src/memory/shared-memory.ts'
import type { malformed } from '../fixtures/declarations/malformed.ts'
import type { zlib } from '../fixtures/declarations/zlib.ts'

type Fn<Text extends string> = (...values: Arguments<Text>) => Result<Text>

declare function func<const Text extends string>(prototype: Checked<Text>): Fn<Text>

declare function open<const D extends Readonly<Record<string, string>>>(
  declarations: CheckedAll<D>,
): { readonly [Name in keyof D]: Fn<D[Name]> }

/** What a parameter of a type takes. */
type Takes<Type extends string> = Arguments<`int f(${Type})`>[0]

type Address = Pointer | SharedMemory | null
type RawBytes = Uint8Array | Uint8ClampedArray | DataView | ArrayBufferLike

describe('Arguments', () => {
  it('are a tuple', () => {
    expectTypeOf<Arguments<'int f(void)'>>().toEqualTypeOf<[]>()
    expectTypeOf<Arguments<'int f()'>>().toEqualTypeOf<[]>()
    expectTypeOf<Arguments<'int f(int, double b, bool c)'>>().toEqualTypeOf<
      [number, number, boolean]
    >()
  })

  it('are numbers up to 32 bits, numbers or bigints for 64', () => {
    expectTypeOf<
      Takes<'char' | 'unsigned char' | 'short' | 'unsigned' | 'int32_t' | 'enum color' | 'wchar_t'>
    >().toEqualTypeOf<number>()
    expectTypeOf<Takes<'float'>>().toEqualTypeOf<number>()
    expectTypeOf<Takes<'double'>>().toEqualTypeOf<number>()
    expectTypeOf<Takes<'_Bool'>>().toEqualTypeOf<boolean>()
    expectTypeOf<Takes<'long' | 'size_t' | 'int long unsigned'>>().toEqualTypeOf<number | bigint>()
  })

  it('are strings or bytes for constant characters', () => {
    expectTypeOf<Takes<'const char *'>>().toEqualTypeOf<
      string | readonly number[] | Bytes | Address
    >()
    expectTypeOf<string>().toExtend<Takes<'char16_t const *s'>>()
    expectTypeOf<string>().toExtend<Takes<'const char32_t *'>>()
    expectTypeOf<string>().toExtend<Takes<'const wchar_t s[]'>>()
    expectTypeOf<string>().not.toExtend<Takes<'char *'>>()
    expectTypeOf<string>().not.toExtend<Takes<'char *const'>>()
    expectTypeOf<string>().not.toExtend<Takes<'const unsigned char *'>>()
    expectTypeOf<string>().not.toExtend<Takes<'const char **'>>()
    expectTypeOf<string>().not.toExtend<Takes<'const void *'>>()
  })

  it('are memory whose elements fit', () => {
    expectTypeOf<Takes<'void *'>>().toEqualTypeOf<Bytes | Address>()
    expectTypeOf<Takes<'const void *'>>().toEqualTypeOf<Bytes | Address>()
    expectTypeOf<Takes<'struct stat *'>>().toEqualTypeOf<Bytes | Address>()
    expectTypeOf<Takes<'uint8_t *'>>().toEqualTypeOf<Bytes | Address | number[]>()
    expectTypeOf<Takes<'int v[4]'>>().toEqualTypeOf<
      RawBytes | Int32Array | Uint32Array | Address | number[]
    >()
    expectTypeOf<Takes<'const float *'>>().toEqualTypeOf<
      RawBytes | Float32Array | Address | readonly number[]
    >()
    expectTypeOf<Takes<'const long *'>>().toEqualTypeOf<
      RawBytes | BigInt64Array | BigUint64Array | Address | readonly (number | bigint)[]
    >()
    expectTypeOf<Takes<'long *'>>().toEqualTypeOf<
      RawBytes | BigInt64Array | BigUint64Array | Address | bigint[]
    >()
    expectTypeOf<Takes<'bool *'>>().toEqualTypeOf<Bytes | Address | boolean[]>()
    expectTypeOf<Takes<'char **'>>().toEqualTypeOf<
      RawBytes | BigInt64Array | BigUint64Array | Address | (Pointer | null)[]
    >()
    expectTypeOf<Takes<'enum color *'>>().toEqualTypeOf<
      RawBytes | Int32Array | Uint32Array | Address | number[]
    >()
  })

  it('are checked', () => {
    const crc32 = func('unsigned long crc32(unsigned long crc, const uint8_t *buf, unsigned len)')
    expectTypeOf(crc32(0, new Uint8Array(5), 5)).toEqualTypeOf<bigint>()
    expectTypeOf(crc32(0n, [1, 2, 3] as const, 3)).toEqualTypeOf<bigint>()
    // @ts-expect-error a bigint for 32 bits
    crc32(0, new Uint8Array(5), 5n)
    // @ts-expect-error a string for bytes
    crc32(0, 'bytes', 5)
    // @ts-expect-error an argument is missing
    crc32(0, null)
    // @ts-expect-error an argument too many
    crc32(0, null, 0, 0)
    // @ts-expect-error elements of another kind
    func('int f(float *a)')(new Int32Array(1))
  })
})

describe('Result', () => {
  it('is what C returns', () => {
    expectTypeOf<Result<'void f(void)'>>().toEqualTypeOf<void>()
    expectTypeOf<Result<'int f(void)'>>().toEqualTypeOf<number>()
    expectTypeOf<Result<'enum color f(void)'>>().toEqualTypeOf<number>()
    expectTypeOf<Result<'unsigned long f(void)'>>().toEqualTypeOf<bigint>()
    expectTypeOf<Result<'double f(void)'>>().toEqualTypeOf<number>()
    expectTypeOf<Result<'bool f(void)'>>().toEqualTypeOf<boolean>()
  })

  it('is a string for constant characters, a Pointer for all else', () => {
    expectTypeOf<Result<'const char *f(void)'>>().toEqualTypeOf<string | null>()
    expectTypeOf<Result<'wchar_t const *f(void)'>>().toEqualTypeOf<string | null>()
    expectTypeOf<Result<'char *f(void)'>>().toEqualTypeOf<Pointer | null>()
    expectTypeOf<Result<'const char **f(void)'>>().toEqualTypeOf<Pointer | null>()
    expectTypeOf<Result<'const uint8_t *f(void)'>>().toEqualTypeOf<Pointer | null>()
    expectTypeOf<Result<'struct s *f(void)'>>().toEqualTypeOf<Pointer | null>()
  })
})

describe('a text that is no literal', () => {
  it('has loose types', () => {
    expectTypeOf<Checked<string>>().toEqualTypeOf<string>()
    expectTypeOf<Arguments<string>>().toEqualTypeOf<AnyArgument[]>()
    expectTypeOf<Result<string>>().toEqualTypeOf<unknown>()
    expectTypeOf<Arguments<`int ${string}(void)`>>().toEqualTypeOf<AnyArgument[]>()
    expectTypeOf(func('int f(void)' as string)(1, 'two', null)).toEqualTypeOf<unknown>()
  })

  it('may be one of several literals', () => {
    type Either = 'int f(int a)' | 'void g(void)'
    expectTypeOf<Arguments<Either>>().toEqualTypeOf<[number] | []>()
    expectTypeOf<Checked<Either>>().toEqualTypeOf<Either>()
  })
})

describe('ParsePrototype', () => {
  it('is the signature', () => {
    expectTypeOf<ParsePrototype<'long int f(int unsigned a, const char *)'>>().toEqualTypeOf<{
      readonly name: 'f'
      readonly result: Types['long']
      readonly parameters: readonly [
        { readonly name: 'a'; readonly type: Types['unsigned int'] },
        {
          readonly name: undefined
          readonly type: {
            readonly kind: 'pointer'
            readonly to: Types['char']
            readonly const: true
          }
        },
      ]
    }>()
  })
})

describe('ParseType', () => {
  it('is the type, and the length of an array', () => {
    expectTypeOf<ParseType<'uint8_t[16]'>>().toEqualTypeOf<{
      readonly type: Types['uint8_t']
      readonly array: true
      readonly length: 16
    }>()
    expectTypeOf<ParseType<'char[]'>['length']>().toEqualTypeOf<undefined>()
    expectTypeOf<ParseType<'int'>['array']>().toEqualTypeOf<false>()
  })
})

describe('a malformed prototype', () => {
  type Malformed = typeof malformed

  /** The names of rows whose message is another one than at run time. */
  type Different = {
    [Name in keyof Malformed]: [Checked<Malformed[Name]['text']>] extends [
      Malformed[Name]['message'],
    ]
      ? never
      : Name
  }[keyof Malformed]

  it('has the message of run time as its type', () => {
    expectTypeOf<Different>().toBeNever()
    expectTypeOf<
      Checked<'int f(itn a)'>
    >().toEqualTypeOf<"unknown type 'itn' - did you mean 'int'?\n  int f(itn a)\n        ^">()
  })

  it('does not compile', () => {
    // @ts-expect-error unknown type 'itn' - did you mean 'int'?
    func('int f(itn a)')
    // @ts-expect-error expected ',' or ')', found 'int'
    open({ good: 'int f(int a)', bad: 'int f(int a int b)' })
  })
})

describe('many declarations', () => {
  it('are inferred together', () => {
    const symbols = open({} as typeof zlib)
    expectTypeOf(symbols.zlibVersion()).toEqualTypeOf<string | null>()
    expectTypeOf(symbols.gzopen('file', 'r')).toEqualTypeOf<Pointer | null>()
    expectTypeOf(symbols.adler32(1, new Uint8Array(1), 1)).toEqualTypeOf<bigint>()
    expectTypeOf<CheckedAll<typeof zlib>>().toEqualTypeOf<typeof zlib>()
  })
})

describe('a long prototype', () => {
  type Repeat<
    Text extends string,
    Count extends number,
    Done extends string = '',
    Counted extends unknown[] = [],
  > = Counted['length'] extends Count
    ? Done
    : Repeat<Text, Count, `${Done}${Text}`, [...Counted, unknown]>

  type Line = `
                /* the next of many parameters, as headers have them */
    const unsigned long long int *const *restrict,`

  it('fits up to the limit of run time, comments and lines and all', () => {
    type Text = `int f(${Repeat<Line, 125>} const char *last)`
    expectTypeOf<Arguments<Text>['length']>().toEqualTypeOf<126>()
    expectTypeOf<Arguments<Text>[125]>().toEqualTypeOf<Takes<'const char *'>>()
  })

  it('is told at the limit', () => {
    type Text = `int f(${Repeat<'int, ', 126>}int)`
    expectTypeOf<Checked<Text>>().toExtend<`a function may have up to 126 parameters\n${string}`>()
  })

  it('fits up to nearly 1,000 steps of a kind', () => {
    expectTypeOf<Arguments<`int f(${Repeat<'/**/', 990>})`>>().toEqualTypeOf<[]>()
    expectTypeOf<Checked<`int f(int ${Repeat<'*', 990>})`>>().not.toBeNever()
    // @ts-expect-error beyond the compiler's recursion
    expectTypeOf<Arguments<`int f(${Repeat<'/**/', 999>}/**//**/)`>>().toEqualTypeOf<[]>()
  })
})

describe('functions that C calls', () => {
  type Compare = 'void sort(int (*compare)(const double *one, const char *name, int64_t count))'

  it('take what results are, and give what arguments are', () => {
    type Given = Extract<Arguments<Compare>[0], (...values: never) => unknown>
    type Function = (one: Pointer | null, name: string | null, count: bigint) => number
    expectTypeOf<Function>().toExtend<Given>()
    expectTypeOf<(...values: Parameters<Function>) => Promise<number>>().toExtend<Given>()
    expectTypeOf<() => string>().not.toExtend<Given>()
    expectTypeOf<(one: string) => number>().not.toExtend<Given>()
    expectTypeOf<null>().toExtend<Arguments<Compare>[0]>()
    expectTypeOf<Callback>().toExtend<Arguments<Compare>[0]>()
    expectTypeOf<5>().not.toExtend<Arguments<Compare>[0]>()
  })

  it('have a prototype of their own', () => {
    type Function = CallbackFor<'bool test(uint64_t value)'>
    expectTypeOf<(value: bigint) => boolean>().toExtend<Function>()
    expectTypeOf<(value: string) => boolean>().not.toExtend<Function>()
    expectTypeOf<(value: bigint) => number>().not.toExtend<Function>()
  })
})
