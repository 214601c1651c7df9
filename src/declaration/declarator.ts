/**
 * What stands around a declared name: pointers before it, arrays and parameters behind it, parentheses around both.
 *
 *     declarator = direct { "[" [length] "]" | "(" parameters ")" }
 *     direct     = [name] | "(" pointers declarator ")"
 */
import { isTypeName, type TypeName } from '../abi/names.ts'
import type { ConstantAt } from './constant.ts'
import type { Cursor } from './cursor.ts'
import { requireShallow } from './incomplete.ts'
import { isKeyword, type KeywordOf, keywords } from './keywords.ts'
import { type Failure, type Format, type Found, format, found, type Problem } from './messages.ts'
import type { Names } from './names.ts'
import type { Listed, ParameterList, ParametersAt } from './parameters.ts'
import type { AnyKnown } from './scope.ts'
import type { Parsed, Qualified } from './specifiers.ts'
import { isName, type NoName } from './words.ts'

/** Takes `*` and qualifiers. */
export function pointers(cursor: Cursor, base: Qualified): Qualified {
  let { type, const: isConst } = base
  for (;;) {
    if (cursor.skip('*')) {
      type = { kind: 'pointer', to: type, const: isConst }
      isConst = false
    } else if (cursor.skip('const')) isConst = true
    else if (isQualifier(cursor.next)) cursor.take()
    else break
  }
  return { type, const: isConst }
}

/** {@link pointers} as a type; passes a failure on. */
export type Pointers<Base> =
  Base extends Parsed<infer Type, infer Const, infer Tokens extends string, infer Scope>
    ? PointersTo<Type, Const, Tokens, Scope>
    : Base

export type PointersTo<Type, Const, Tokens extends string, Scope> = Tokens extends `* ${infer Next}`
  ? PointersTo<PointerTo<Type, Const>, false, Next, Scope>
  : Tokens extends `${infer Word extends Qualifier} ${infer Next}`
    ? PointersTo<Type, Word extends 'const' ? true : Const, Next, Scope>
    : Parsed<Type, Const, Tokens, Scope>

/** A keyword that may stand behind a `*` or a `[`. */
type Qualifier = KeywordOf<'const' | 'ignored'>

export interface PointerTo<Type, Const> {
  readonly kind: 'pointer'
  readonly to: Type
  readonly const: Const
}

export interface ArrayTo<Type, Length> {
  readonly kind: 'array'
  readonly of: Type
  readonly length: Length
}

export interface FunctionTo<Result, Parameters> {
  readonly kind: 'function'
  readonly result: Result
  readonly parameters: Parameters
}

export interface VariadicTo<Result, Parameters> extends FunctionTo<Result, Parameters> {
  readonly variadic: true
}

/** A declared name and its type; of an array, `const` is about its elements. */
export interface Declarator extends Qualified {
  readonly name: string | undefined
  /** What stands in the first brackets behind the name: a number, or the name of a parameter. */
  readonly length: number | string | undefined
}

/** What a declarator needs to know. */
export interface Declaring {
  readonly names: Names
  /** Takes a name; without it none may stand there. */
  readonly takeName?: (() => string) | undefined
  /** Takes parameters from behind their opening parenthesis on. */
  readonly parameters: (cursor: Cursor, names: Names) => ParameterList
}

/** Takes what stands behind the pointers; `base` is the type in front of it. */
export function declarator(cursor: Cursor, base: Qualified, declaring: Declaring): Declarator {
  const { place } = cursor
  const shape = new Shape(cursor, declaring)
  const { type, const: isConst } = shape.take()(base)
  requireShallow(type, cursor, place)
  return { name: shape.name, length: shape.length, type, const: isConst }
}

/** From the type in front of a declarator to the type of its name. */
type Wrap = (inner: Qualified) => Qualified

class Shape {
  name: string | undefined
  length: number | string | undefined
  readonly #cursor: Cursor
  readonly #declaring: Declaring
  #behindName = true

  constructor(cursor: Cursor, declaring: Declaring) {
    this.#cursor = cursor
    this.#declaring = declaring
  }

  take(): Wrap {
    const direct = isNested(this.#cursor, this.#declaring.names)
      ? this.#cursor.deeper(() => this.#nested())
      : this.#named()
    const behind: Wrap[] = []
    for (;;) {
      const { next } = this.#cursor
      if (next === '[') behind.push(this.#array())
      else if (next === '(') behind.push(this.#function())
      else break
    }
    return (base) => direct(behind.reduceRight((inner, wrap) => wrap(inner), base))
  }

  #named(): Wrap {
    if (isName(this.#cursor.next)) this.name = this.#declaring.takeName?.()
    return (base) => base
  }

  #nested(): Wrap {
    const cursor = this.#cursor
    cursor.take()
    const stars: Wrap[] = []
    for (;;) {
      if (cursor.skip('*')) stars.push(toPointer)
      else if (cursor.skip('const')) stars.push(({ type }) => ({ type, const: true }))
      else if (isQualifier(cursor.next)) cursor.take()
      else break
    }
    const inner = this.take()
    // The brackets that follow are not the name's own.
    if (stars.length > 0) this.#behindName = false
    if (!cursor.skip(')')) throw cursor.failure(format('missingToken', ')', found(cursor.next)))
    return (base) => inner(stars.reduce((type, wrap) => wrap(type), base))
  }

  #array(): Wrap {
    const cursor = this.#cursor
    const { place } = cursor
    const length = brackets(cursor, this.#declaring.names)
    if (this.#behindName) this.length = length
    this.#behindName = false
    const count = typeof length === 'number' ? length : undefined
    return ({ type: of, const: isConst }) => {
      if (of.kind === 'function') throw cursor.failure(format('badElement'), place)
      return { type: { kind: 'array', of, length: count }, const: isConst }
    }
  }

  #function(): Wrap {
    const cursor = this.#cursor
    const { place } = cursor
    this.#behindName = false
    cursor.take()
    const list = this.#declaring.parameters(cursor, this.#declaring.names)
    return ({ type: result }) => {
      if (result.kind === 'array' || result.kind === 'function')
        throw cursor.failure(format('badResult'), place)
      return { type: { kind: 'function', result, ...list }, const: false }
    }
  }
}

function toPointer({ type, const: isConst }: Qualified): Qualified {
  return { type: { kind: 'pointer', to: type, const: isConst }, const: false }
}

/** Whether a parenthesis is around a name or a `*`, and not around parameters. */
export function isNested(cursor: Cursor, names: Names): boolean {
  if (cursor.next !== '(') return false
  const inside = cursor.look(1)
  if (inside === '*' || inside === '(' || inside === '[') return true
  return isName(inside) && !isTypeName(inside) && names.typedef(inside) === undefined
}

export interface Declared<Name, Type, Const, Length, Tokens, Scope = unknown> {
  readonly name: Name
  readonly type: Type
  readonly const: Const
  readonly length: Length
  readonly tokens: Tokens
  readonly scope: Scope
}

/** {@link declarator} as a type, behind {@link Pointers}: one of `Names` may not be declared again. */
export type DeclaratorAt<Base, Names = never, Twice extends Problem = 'duplicateName'> =
  Base extends Parsed<
    infer Type,
    infer Const,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Around<Type, Const, Scope, DirectAt<Tokens, Scope, Names, Twice>>
    : Base

/** What is done to the type in front of a declarator, first things first. */
interface Shaped<Name, Steps, Tokens> {
  readonly name: Name
  readonly steps: Steps
  readonly tokens: Tokens
}

type DirectAt<
  Tokens extends string,
  Scope extends AnyKnown,
  Names,
  Twice extends Problem,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends '('
    ? IsNested<Tokens, Scope> extends true
      ? BehindNested<NestedAt<Next, Scope, Names, Twice>, Scope>
      : SuffixesAt<undefined, Tokens, Scope>
    : Word extends NoName
      ? SuffixesAt<undefined, Tokens, Scope>
      : Word extends Names
        ? Failure<Format<Twice, Word>, Tokens>
        : SuffixesAt<Word, Next, Scope>
  : Shaped<undefined, readonly [], Tokens>

/** {@link isNested} as a type. */
export type IsNested<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `( ${infer Word} ${string}`
  ? Word extends '*' | '(' | '['
    ? true
    : Word extends NoName | TypeName | Scope['typedefs']['name']
      ? false
      : true
  : false

/** Behind an opening parenthesis that is around a name or a `*`, up to the closing one. */
type NestedAt<
  Tokens extends string,
  Scope extends AnyKnown,
  Names,
  Twice extends Problem,
  Stars extends readonly unknown[] = readonly [],
> = Tokens extends `* ${infer Next}`
  ? NestedAt<Next, Scope, Names, Twice, readonly [...Stars, '*']>
  : Tokens extends `${infer Word extends Qualifier} ${infer Next}`
    ? NestedAt<
        Next,
        Scope,
        Names,
        Twice,
        Word extends 'const' ? readonly [...Stars, 'const'] : Stars
      >
    : Closed<Stars, DirectAt<Tokens, Scope, Names, Twice>>

type Closed<Stars extends readonly unknown[], Shape> =
  Shape extends Shaped<
    infer Name,
    infer Steps extends readonly unknown[],
    infer Tokens extends string
  >
    ? Tokens extends `) ${infer Rest}`
      ? Shaped<Name, readonly [...Stars, ...Steps], Rest>
      : Failure<Format<'missingToken', ')', Found<Tokens>>, Tokens>
    : Shape

type BehindNested<Shape, Scope extends AnyKnown> =
  Shape extends Shaped<
    infer Name,
    infer Steps extends readonly unknown[],
    infer Tokens extends string
  >
    ? SuffixesAt<Name, Tokens, Scope, Steps>
    : Shape

/** Brackets and parameters; what stands last is done first. */
type SuffixesAt<
  Name,
  Tokens extends string,
  Scope extends AnyKnown,
  Steps extends readonly unknown[] = readonly [],
> = Tokens extends `[ ${infer Inside}`
  ? BracketsAt<Inside, Scope> extends infer Result
    ? Result extends Bracketed<infer Length, infer Rest extends string>
      ? SuffixesAt<Name, Rest, Scope, readonly [ArrayStep<Length, Tokens>, ...Steps]>
      : Result
    : never
  : Tokens extends `( ${infer List}`
    ? ParametersAt<List, Scope> extends infer Result
      ? Result extends Listed<infer Parameters, infer Rest extends string, infer Variadic>
        ? SuffixesAt<
            Name,
            Rest,
            Scope,
            readonly [FunctionStep<Parameters, Variadic, Tokens>, ...Steps]
          >
        : Result
      : never
    : Shaped<Name, Steps, Tokens>

interface ArrayStep<Length, Tokens> {
  readonly array: Length
  readonly tokens: Tokens
}

interface FunctionStep<Parameters, Variadic, Tokens> {
  readonly parameters: Parameters
  readonly variadic: Variadic
  readonly tokens: Tokens
}

type Around<Type, Const, Scope, Shape> =
  Shape extends Shaped<infer Name, infer Steps extends readonly unknown[], infer Tokens>
    ? Steps extends readonly []
      ? Declared<Name, Type, Const, undefined, Tokens, Scope>
      : Wrapped<Type, Const, Steps> extends infer Result
        ? Result extends readonly [infer Outer, infer OuterConst]
          ? Declared<Name, Outer, OuterConst, LengthIn<Steps>, Tokens, Scope>
          : Result
        : never
    : Shape

/** Of the brackets that stand right behind the name. */
type LengthIn<Steps extends readonly unknown[]> = Steps extends readonly [
  ...unknown[],
  ArrayStep<infer Length, string>,
]
  ? Length
  : undefined

type Wrapped<Type, Const, Steps extends readonly unknown[]> = Steps extends readonly [
  infer Step,
  ...infer More,
]
  ? Step extends '*'
    ? Wrapped<PointerTo<Type, Const>, false, More>
    : Step extends 'const'
      ? Wrapped<Type, true, More>
      : Step extends ArrayStep<infer Length, infer Tokens extends string>
        ? Type extends { readonly kind: 'function' }
          ? Failure<Format<'badElement'>, Tokens>
          : Wrapped<ArrayTo<Type, Length extends number ? Length : undefined>, Const, More>
        : Step extends FunctionStep<infer Parameters, infer Variadic, infer Tokens extends string>
          ? Type extends { readonly kind: 'array' | 'function' }
            ? Failure<Format<'badResult'>, Tokens>
            : Wrapped<
                Variadic extends true ? VariadicTo<Type, Parameters> : FunctionTo<Type, Parameters>,
                false,
                More
              >
          : never
  : readonly [Type, Const]

/** Takes `[]`, `[4]`, `[static 4]`, `[n]` or `[*]`; the length in them, if it is a number or a name. */
function brackets(cursor: Cursor, names: Names): number | string | undefined {
  cursor.take()
  while (isQualifier(cursor.next)) cursor.take()
  const length = names.length === undefined ? arrayLength(cursor) : names.length(cursor)
  if (!cursor.skip(']')) throw cursor.failure(format('missingBracket', found(cursor.next)))
  return length
}

interface Bracketed<Length, Tokens> {
  readonly length: Length
  readonly tokens: Tokens
}

/** {@link brackets} as a type, behind the opening one. */
type BracketsAt<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends ']'
    ? Bracketed<undefined, Next>
    : Word extends Qualifier
      ? BracketsAt<Next, Scope>
      : Scope['whole'] extends true
        ? WholeLengthAt<Tokens, Scope>
        : LengthAt<Tokens>
  : Failure<Format<Scope['whole'] extends true ? 'missingNumber' : 'missingLength', 'the end'>, ''>

function isQualifier(word: string): boolean {
  return isKeyword(word) && (keywords[word] === 'const' || keywords[word] === 'ignored')
}

/** A length that is a name is known to C alone, unless it names a parameter. */
function arrayLength(cursor: Cursor): number | string | undefined {
  const word = cursor.next
  if (word === ']') return undefined
  const length = Number(word)
  const isNumber = /^\d/.test(word) && String(length) === word
  if (!isNumber && !isName(word) && word !== '*')
    throw cursor.failure(format('missingLength', found(word)))
  cursor.take()
  if (isNumber) return length
  return word === '*' ? undefined : word
}

type LengthAt<Tokens extends string> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends `${infer Length extends number}`
    ? number extends Length
      ? Failure<Format<'missingLength', Found<Tokens>>, Tokens>
      : CloseAt<Length, Next>
    : Word extends Exclude<NoName, '*'>
      ? Failure<Format<'missingLength', Found<Tokens>>, Tokens>
      : CloseAt<Word extends '*' ? undefined : Word, Next>
  : never

/** A constant expression, whose value only run time computes where it is no plain number. */
type WholeLengthAt<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `${infer Word} ] ${infer Next}`
  ? Word extends `${infer Length extends number}`
    ? WholeNumberAt<Length, Tokens, Scope, Next>
    : Word extends '*'
      ? Bracketed<undefined, Next>
      : Word extends NoName | Scope['constants'] | `${string} ${string}`
        ? ComputedLengthAt<ConstantAt<Tokens, Scope>>
        : Bracketed<Word, Next>
  : ComputedLengthAt<ConstantAt<Tokens, Scope>>

type WholeNumberAt<
  Length extends number,
  Tokens extends string,
  Scope extends AnyKnown,
  Next,
> = number extends Length ? ComputedLengthAt<ConstantAt<Tokens, Scope>> : Bracketed<Length, Next>

type ComputedLengthAt<Result> = Result extends string ? CloseAt<number, Result> : Result

type CloseAt<Length, Tokens extends string> = Tokens extends `] ${infer Next}`
  ? Bracketed<Length, Next>
  : Failure<Format<'missingBracket', Found<Tokens>>, Tokens>
