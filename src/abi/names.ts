/**
 * The type names that need no typedef, with their C types: LP64 Linux with glibc.
 * One table for values and types: what the parser looks up, the types look up in `typeof types`.
 */
import type { FloatType, IntegerType } from './types.ts'

type Named<Name extends string, Size, Signed> = {
  readonly [N in Name]: {
    readonly kind: 'integer'
    readonly name: N
    readonly size: Size
    readonly signed: Signed
  }
}

type Spelled<Spelling extends string, Type> = { readonly [S in Spelling]: Type }

/** Different types of one size: each keeps its name. */
function named<
  const Name extends string,
  const Size extends IntegerType['size'],
  const Signed extends boolean,
>(size: Size, signed: Signed, names: readonly Name[]): Named<Name, Size, Signed> {
  return Object.fromEntries(
    names.map((name) => [name, { kind: 'integer', name, size, signed }]),
  ) as Named<Name, Size, Signed>
}

/** One type under several spellings. */
function spelled<const Type, const Spelling extends string>(
  type: Type,
  spellings: readonly Spelling[],
): Spelled<Spelling, Type> {
  return Object.fromEntries(spellings.map((spelling) => [spelling, type])) as Spelled<
    Spelling,
    Type
  >
}

function integer<
  const Name extends string,
  const Size extends IntegerType['size'],
  const Signed extends boolean,
>(name: Name, size: Size, signed: Signed) {
  return { kind: 'integer', name, size, signed } as const
}

const float = { kind: 'float', name: 'float', size: 4 } as const satisfies FloatType
const double = { kind: 'float', name: 'double', size: 8 } as const satisfies FloatType

/**
 * Every known type by name. The specifiers of the integer types are in the order of
 * `unsigned long long int`; the declaration parser brings other orders into this one.
 */
export const types = {
  void: { kind: 'void' },
  ...spelled({ kind: 'bool' }, ['bool', '_Bool']),
  ...spelled(float, ['float', 'float32']),
  ...spelled(double, ['double', 'float64']),

  ...named(1, true, ['char', 'signed char']),
  ...named(1, false, ['unsigned char']),
  ...spelled(integer('short', 2, true), ['short', 'short int', 'signed short', 'signed short int']),
  ...spelled(integer('unsigned short', 2, false), ['unsigned short', 'unsigned short int']),
  ...spelled(integer('int', 4, true), ['int', 'signed', 'signed int']),
  ...spelled(integer('unsigned int', 4, false), ['unsigned int', 'unsigned']),
  ...spelled(integer('long', 8, true), ['long', 'long int', 'signed long', 'signed long int']),
  ...spelled(integer('unsigned long', 8, false), ['unsigned long', 'unsigned long int']),
  ...spelled(integer('long long', 8, true), [
    'long long',
    'long long int',
    'signed long long',
    'signed long long int',
  ]),
  ...spelled(integer('unsigned long long', 8, false), [
    'unsigned long long',
    'unsigned long long int',
  ]),

  // <stdint.h>; glibc's fast types of 16 bits and more are as wide as a register.
  ...named(1, true, ['int8_t', 'int_least8_t', 'int_fast8_t']),
  ...named(1, false, ['uint8_t', 'uint_least8_t', 'uint_fast8_t']),
  ...named(2, true, ['int16_t', 'int_least16_t']),
  ...named(2, false, ['uint16_t', 'uint_least16_t']),
  ...named(4, true, ['int32_t', 'int_least32_t']),
  ...named(4, false, ['uint32_t', 'uint_least32_t']),
  ...named(8, true, ['int64_t', 'int_least64_t', 'int_fast16_t', 'int_fast32_t', 'int_fast64_t']),
  ...named(8, false, [
    'uint64_t',
    'uint_least64_t',
    'uint_fast16_t',
    'uint_fast32_t',
    'uint_fast64_t',
  ]),
  ...named(8, true, ['intptr_t', 'intmax_t', 'ptrdiff_t', 'ssize_t']),
  ...named(8, false, ['uintptr_t', 'uintmax_t', 'size_t']),

  // Characters: their names decide which strings they make.
  ...named(1, false, ['char8_t']),
  ...named(2, false, ['char16_t']),
  ...named(4, false, ['char32_t']),
  ...named(4, true, ['wchar_t']),
  ...named(1, false, ['latin1_t']),

  // POSIX
  ...named(8, true, ['off_t', 'time_t', 'clock_t']),
  ...named(4, true, ['pid_t']),
  ...named(4, false, ['uid_t', 'gid_t', 'mode_t', 'socklen_t']),

  // <sys/types.h>
  ...named(1, false, ['u_int8_t', 'u_char']),
  ...named(2, false, ['u_int16_t', 'u_short', 'ushort']),
  ...named(4, false, ['u_int32_t', 'u_int', 'uint']),
  ...named(8, false, ['u_int64_t', 'u_long', 'ulong']),

  // The names of JavaScript's typed arrays
  ...named(1, true, ['int8']),
  ...named(1, false, ['uint8']),
  ...named(2, true, ['int16']),
  ...named(2, false, ['uint16']),
  ...named(4, true, ['int32']),
  ...named(4, false, ['uint32']),
  ...named(8, true, ['int64']),
  ...named(8, false, ['uint64']),
} as const

/** The table as a type: `Types['size_t']` is the C type of `size_t`. */
export type Types = typeof types

/** A type name that needs no typedef. */
export type TypeName = keyof Types

export function isTypeName(word: string): word is TypeName {
  return Object.hasOwn(types, word)
}
