import { isAggregate } from '../abi/layout.ts'
import type { CType, FunctionType, Parameter, PointerType, Signature } from '../abi/types.ts'
import { DeclarationError } from '../errors.ts'
import { LIMITS, TAG } from '../protocol/protocol.ts'
import { describeAggregate, tagOf } from './describe-type.ts'
import { lentPointer } from './pointer-array.ts'
import type { Unit } from './text.ts'

/** How one argument goes from JavaScript to its word. */
export type Argument =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'wide'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'f32' | 'f64' | 'bool' }
  | { readonly kind: 'aggregate'; readonly type: CType }
  | { readonly kind: 'callback'; readonly type: FunctionType; readonly label: string }
  | PointerArgument
  | ResultArgument

export interface PointerArgument {
  readonly kind: 'pointer'
  /** What an element is; `undefined` for `void` and opaque types, which take bytes only. */
  readonly element: Element | undefined
  /** The structure or array that it points to. */
  readonly aggregate: CType | undefined
  /** What it points to, where strings and bytes may stand for that in an array. */
  readonly lent: PointerType | undefined
  /** What strings are made of where they are taken, else 0. */
  readonly text: Unit | 0
  /** Whether what the library wrote is copied back. */
  readonly back: boolean
}

/** An argument whose memory is a result. */
export interface ResultArgument {
  readonly kind: 'result'
  readonly name: string
  /** Of one element. */
  readonly type: CType
  /** How many there are: a number, or the place of the argument that says so; `undefined` for no array. */
  readonly count: number | { readonly argument: number } | undefined
  /** Whether the caller gives a value too. */
  readonly given: boolean
}

export interface Element {
  readonly kind: 'integer' | 'float' | 'bool' | 'pointer'
  readonly size: 1 | 2 | 4 | 8
  readonly signed: boolean
}

/** How a result comes back. */
export type ResultKind =
  | 'void'
  | 'bool'
  | 'i8'
  | 'u8'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'pointer'
  | 'text8'
  | 'text16'
  | 'text32'
  | 'latin1'

export interface PlannedArgument {
  /** For messages: the parameter's name, or its place. */
  readonly label: string
  readonly type: Argument
}

/** A pointer among the results that goes back to the library. */
export interface PlannedDisposal {
  /** Of the parameter; `undefined` for the function's own result. */
  readonly name: string | undefined
  /** What it points to. */
  readonly to: CType
  /** The function that takes it. */
  readonly free: string
}

/** A signature, worked out once: what each call then follows. */
export interface Plan {
  readonly name: string
  readonly arguments: readonly PlannedArgument[]
  readonly result: ResultKind
  /** For the host: the types of the result and of the arguments. */
  readonly types: Uint32Array
  /** Arguments before `...`; `undefined` where there is none. */
  readonly fixed: number | undefined
  /** Arguments that the caller gives. */
  readonly given: number
  /** No argument is more than a word: nothing can change between the call and its start. */
  readonly scalar: boolean
  /** Each argument is a word, or may be one: of a pointer the address. */
  readonly direct: boolean
  /** The type of a result that is no word: its address is one more argument word. */
  readonly aggregate: CType | undefined
  /** Of a result that is a function pointer: the type of the function. */
  readonly callable: FunctionType | undefined
  /** Results that are copied, and whose pointers go back to the library. */
  readonly disposals: readonly PlannedDisposal[]
  /** The result is made of more than the result word. */
  readonly collects: boolean
}

const RESULT_TAGS: Readonly<Record<ResultKind, number>> = {
  void: TAG.VOID,
  bool: TAG.BOOL,
  i8: TAG.I8,
  u8: TAG.U8,
  i16: TAG.I16,
  u16: TAG.U16,
  i32: TAG.I32,
  u32: TAG.U32,
  i64: TAG.I64,
  u64: TAG.U64,
  f32: TAG.F32,
  f64: TAG.F64,
  pointer: TAG.POINTER,
  text8: TAG.TEXT8,
  text16: TAG.TEXT16,
  text32: TAG.TEXT32,
  latin1: TAG.TEXT8,
}

/** `fixed` is how many of the parameters stand before `...`, for one call of a variadic function. */
export function makePlan(signature: Signature, fixed?: number): Plan {
  const { name, parameters } = signature
  if (parameters.length > LIMITS.ARGUMENTS)
    throw new RangeError(
      `${name} has ${parameters.length} parameters; ${LIMITS.ARGUMENTS} is the most`,
    )
  const aggregate = isAggregate(signature.result) ? signature.result : undefined
  const disposals = disposalsOf(signature)
  const result = aggregate === undefined ? ownResult(signature) : 'void'
  const planned = parameters.map((parameter, index) => {
    const label = parameter.name ?? `argument ${index + 1}`
    const { type, direction } = parameter
    if (direction !== undefined) return { label, type: resultArgument(name, parameter, parameters) }
    return { label, type: argumentOf(type, `${name}: ${label}`) }
  })
  return {
    name,
    arguments: planned,
    result,
    types: Uint32Array.from([
      ...(aggregate === undefined ? [RESULT_TAGS[result]] : describeAggregate(aggregate, name)),
      ...parameters.flatMap(({ type }) =>
        isAggregate(type) ? describeAggregate(type, name) : [tagOf(type)],
      ),
    ]),
    fixed,
    given: planned.filter(({ type }) => type.kind !== 'result' || type.given).length,
    scalar: aggregate === undefined && planned.every(({ type }) => WORDS.has(type.kind)),
    direct: planned.every(({ type }) => WORDS.has(type.kind) || type.kind === 'pointer'),
    aggregate,
    callable: pointedFunction(signature.result),
    disposals,
    collects:
      disposals.length > 0 ||
      aggregate !== undefined ||
      planned.some(({ type }) => isGathered(type)),
  }
}

/** What is given back comes as the address that it is. */
function ownResult({ result, free }: Signature): ResultKind {
  return free === undefined ? resultKind(result) : 'pointer'
}

function disposalsOf({ result, parameters, free }: Signature): PlannedDisposal[] {
  const named = parameters.flatMap(({ name, type, free }) =>
    free === undefined || type.kind !== 'pointer' ? [] : disposalOf(name, type.to, free),
  )
  return free === undefined ? named : [...disposalOf(undefined, result, free), ...named]
}

function disposalOf(name: string | undefined, type: CType, free: string): PlannedDisposal[] {
  return type.kind === 'pointer' ? [{ name, to: type.to, free }] : []
}

/** Of a pointer to a function: its type. */
export function pointedFunction(type: CType): FunctionType | undefined {
  return type.kind === 'pointer' && type.to.kind === 'function' ? type.to : undefined
}

/** What it becomes may point to texts, which are fetched before the call is over. */
function isGathered(type: Argument): boolean {
  return (
    type.kind === 'result' || (type.kind === 'pointer' && type.back && type.aggregate !== undefined)
  )
}

const ADDRESS: CType = { kind: 'pointer', to: { kind: 'void' }, const: false }

const WORDS: ReadonlySet<Argument['kind']> = new Set(['integer', 'wide', 'f32', 'f64', 'bool'])

function resultArgument(
  called: string,
  { name, type, direction, length, free }: Parameter,
  parameters: readonly Parameter[],
): ResultArgument {
  if (type.kind !== 'pointer' || name === undefined)
    throw new TypeError(`${called}: only what a pointer with a name points to is a result`)
  const given = direction === 'inout'
  // What is given back is read as the address that it is.
  const to = free === undefined ? type.to : ADDRESS
  const common = { kind: 'result', name, type: to, given } as const
  if (typeof length !== 'string') return { ...common, count: length }
  const argument = parameters.findIndex((each) => each.name === length)
  const counts = parameters[argument]
  const isCount = counts?.type.kind === 'integer' && counts.direction === undefined
  if (!isCount)
    throw new DeclarationError(
      `${called}: the length of ${name}, ${length}, is no parameter that is a whole number`,
      1,
      1,
    )
  return { ...common, count: { argument } }
}

/** What characters of this type make strings of; 0 where they make none. */
export function textUnit(type: CType): Unit | 0 {
  if (type.kind !== 'integer') return 0
  switch (type.name) {
    case 'char':
    case 'char8_t':
      return 1
    case 'latin1_t':
      return 'latin1'
    case 'char16_t':
      return 2
    case 'char32_t':
    case 'wchar_t':
      return 4
    default:
      return 0
  }
}

export function elementOf(type: CType): Element | undefined {
  switch (type.kind) {
    case 'integer':
      return { kind: 'integer', size: type.size, signed: type.signed }
    case 'enum':
      return { kind: 'integer', size: 4, signed: type.sign !== 'unsigned' }
    case 'float':
      return { kind: 'float', size: type.size, signed: true }
    case 'bool':
      return { kind: 'bool', size: 1, signed: false }
    case 'pointer':
      return { kind: 'pointer', size: 8, signed: false }
    default:
      return undefined
  }
}

function argumentOf(type: CType, label: string): Argument {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool' }
    case 'float':
      return { kind: type.size === 4 ? 'f32' : 'f64' }
    case 'enum':
      return { kind: 'integer', min: -(2 ** 31), max: 2 ** 32 - 1 }
    case 'integer':
      return integer(type.size, type.signed)
    case 'pointer':
      if (type.to.kind === 'function') return { kind: 'callback', type: type.to, label }
      return pointer(type)
    case 'struct':
    case 'union':
      return { kind: 'aggregate', type }
    default:
      throw new TypeError(`${type.kind} is no type of an argument`)
  }
}

function integer(size: number, signed: boolean): Argument {
  if (size === 8)
    return signed
      ? { kind: 'wide', min: -(2n ** 63n), max: 2n ** 63n - 1n }
      : { kind: 'wide', min: 0n, max: 2n ** 64n - 1n }
  const bits = size * 8
  return signed
    ? { kind: 'integer', min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }
    : { kind: 'integer', min: 0, max: 2 ** bits - 1 }
}

function pointer(type: PointerType): PointerArgument {
  return {
    kind: 'pointer',
    element: elementOf(type.to),
    aggregate: isAggregate(type.to) && !type.to.bytes ? type.to : undefined,
    lent: lentPointer(type.to),
    text: type.const ? textUnit(type.to) : 0,
    back: !type.const,
  }
}

export function resultKind(type: CType): ResultKind {
  switch (type.kind) {
    case 'void':
    case 'bool':
      return type.kind
    case 'float':
      return type.size === 4 ? 'f32' : 'f64'
    case 'enum':
      return type.sign === 'unsigned' ? 'u32' : 'i32'
    case 'integer':
      return `${type.signed ? 'i' : 'u'}${(type.size * 8) as 8 | 16 | 32 | 64}`
    case 'pointer': {
      const unit = type.const ? textUnit(type.to) : 0
      if (unit === 'latin1') return 'latin1'
      return unit === 0 ? 'pointer' : `text${(unit * 8) as 8 | 16 | 32}`
    }
    default:
      throw new TypeError(`${type.kind} is no type of a result`)
  }
}
