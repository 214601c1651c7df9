import type { CType, PointerType, Signature } from '../abi/types.ts'
import { LIMITS, TAG } from '../protocol/protocol.ts'

/** How one argument goes from JavaScript to its word. */
export type Argument =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'wide'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'f32' | 'f64' | 'bool' }
  | PointerArgument

export interface PointerArgument {
  readonly kind: 'pointer'
  /** What an element is; `undefined` for `void` and opaque types, which take bytes only. */
  readonly element: Element | undefined
  /** Bytes of a character where strings are taken, else 0. */
  readonly text: 0 | 1 | 2 | 4
  /** Whether what the library wrote is copied back. */
  readonly back: boolean
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

export interface PlannedArgument {
  /** For messages: the parameter's name, or its place. */
  readonly label: string
  readonly type: Argument
}

/** A signature, worked out once: what each call then follows. */
export interface Plan {
  readonly name: string
  readonly arguments: readonly PlannedArgument[]
  readonly result: ResultKind
  /** For the host: one tag an argument. */
  readonly tags: Uint8Array
  readonly resultTag: number
  /** No argument is a pointer: nothing can change between the call and its start. */
  readonly scalar: boolean
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
}

export function makePlan(signature: Signature): Plan {
  const { name, parameters } = signature
  if (parameters.length > LIMITS.ARGUMENTS)
    throw new RangeError(
      `${name} has ${parameters.length} parameters; ${LIMITS.ARGUMENTS} is the most`,
    )
  const result = resultKind(signature.result)
  const planned = parameters.map((parameter, index) => ({
    label: parameter.name ?? `argument ${index + 1}`,
    type: argumentOf(parameter.type),
  }))
  return {
    name,
    arguments: planned,
    result,
    tags: Uint8Array.from(parameters, (parameter) => tagOf(parameter.type)),
    resultTag: RESULT_TAGS[result],
    scalar: planned.every((each) => each.type.kind !== 'pointer'),
  }
}

/** How many bytes a character has in strings of this type; 0 where it makes none. */
export function textUnit(type: CType): 0 | 1 | 2 | 4 {
  if (type.kind !== 'integer') return 0
  switch (type.name) {
    case 'char':
      return 1
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
      return { kind: 'integer', size: 4, signed: true }
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

function argumentOf(type: CType): Argument {
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
      return pointer(type)
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
    text: type.const ? textUnit(type.to) : 0,
    back: !type.const,
  }
}

function resultKind(type: CType): ResultKind {
  switch (type.kind) {
    case 'void':
    case 'bool':
      return type.kind
    case 'float':
      return type.size === 4 ? 'f32' : 'f64'
    case 'enum':
      return 'i32'
    case 'integer':
      return `${type.signed ? 'i' : 'u'}${(type.size * 8) as 8 | 16 | 32 | 64}`
    case 'pointer': {
      const unit = type.const ? textUnit(type.to) : 0
      return unit === 0 ? 'pointer' : `text${(unit * 8) as 8 | 16 | 32}`
    }
    default:
      throw new TypeError(`${type.kind} is no type of a result`)
  }
}

function tagOf(type: CType): number {
  return type.kind === 'pointer' ? TAG.POINTER : RESULT_TAGS[resultKind(type)]
}
