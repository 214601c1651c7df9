/** C types as TypeScript writes them: what a value is given as, and what it comes back as. */
import { isAggregate, namedMembers } from '../../abi/layout.ts'
import type {
  AggregateType,
  ArrayType,
  CType,
  FunctionType,
  Member,
  Parameter,
  PointerType,
} from '../../abi/types.ts'

/** How a value stands in TypeScript: as an argument, or as it is read. */
export type Side = 'given' | 'read'

/** The names that types have in the written file. */
export interface TypeNames {
  /** Of a structure, a union or an enumeration; `undefined` for one without. */
  nameOf(type: CType): string | undefined
}

const CHARACTERS = new Set(['char', 'char8_t', 'char16_t', 'char32_t', 'wchar_t'])

/** What no name in TypeScript may be. */
export const RESERVED = new Set(
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
)

/** Names for parameters, each of its own, where C may leave them out. */
export function labelsOf(parameters: readonly Parameter[]): string[] {
  const taken = new Set<string>()
  return parameters.map(({ name }, index) => {
    let label = RESERVED.has(name ?? '') ? `${name}_` : (name ?? `argument${index + 1}`)
    while (taken.has(label)) label += '_'
    taken.add(label)
    return label
  })
}

/** What the aliases that {@link ALIASES} declares are used for. */
export const ALIASES = `/** Bytes of the program, in any dress; \`Elements\` are typed arrays whose elements fit too. */
type Memory<Elements extends ArrayBufferView = never> =
  | Elements
  | Uint8Array
  | Uint8ClampedArray
  | DataView
  | ArrayBufferLike
  | SharedMemory
  | Pointer
  | null`

/** What a function takes for a parameter of this type. */
export function argumentText(type: CType, names: TypeNames): string {
  return type.kind === 'pointer' ? pointerArgument(type, names) : valueText(type, 'given', names)
}

/** What a function returns. */
export function resultText(type: CType, names: TypeNames): string {
  return type.kind === 'void' ? 'void' : valueText(type, 'read', names)
}

/** A value in a structure, or by itself. */
function valueText(type: CType, side: Side, names: TypeNames): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean'
    case 'integer':
      if (type.size < 8) return 'number'
      return side === 'given' ? 'number | bigint' : 'bigint'
    case 'float':
      return 'number'
    case 'enum':
      return names.nameOf(type) ?? 'number'
    case 'pointer':
      return side === 'given' ? pointerMember(type, names) : pointerRead(type)
    case 'array':
      return side === 'given' ? arrayGiven(type, names) : arrayRead(type, names)
    case 'struct':
    case 'union':
      return aggregateText(type, side, names)
    default:
      return 'unknown'
  }
}

/** The name of a structure's interface, or its members on the spot. */
function aggregateText(type: AggregateType, side: Side, names: TypeNames): string {
  const name = names.nameOf(type)
  if (name === undefined) return bodyText(type, side, names)
  return side === 'given' && isTwofold(type, names) ? `${name}_in` : name
}

/** Those that are being compared. */
const comparing = new Set<AggregateType>()

/** Whether what is given may differ from what is read. */
export function isTwofold(type: AggregateType, names: TypeNames): boolean {
  // What leads to itself does so through what a function of its members returns, and functions differ.
  if (comparing.has(type)) return true
  comparing.add(type)
  try {
    return bodyText(type, 'given', names) !== bodyText(type, 'read', names)
  } finally {
    comparing.delete(type)
  }
}

/** The members between braces, on one line. */
function bodyText(type: AggregateType, side: Side, names: TypeNames): string {
  const texts = membersOf(type).map(
    (member) => `${propertyName(member.name as string)}: ${memberText(member, side, names)}`,
  )
  if (type.kind === 'union' && side === 'given')
    return texts.length === 0 ? '{}' : texts.map((text) => `{ ${text} }`).join(' | ')
  const readonly = type.kind === 'union' ? 'readonly ' : ''
  return `{ ${texts.map((text) => `${readonly}${text}`).join('; ')} }`
}

export function membersOf(type: AggregateType): Member[] {
  return namedMembers(type)
}

export function memberText({ type, bits }: Member, side: Side, names: TypeNames): string {
  if (bits !== undefined && type.kind === 'enum') return 'number'
  return valueText(type, side, names)
}

export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function isCharacter(type: CType): boolean {
  return type.kind === 'integer' && CHARACTERS.has(type.name)
}

function pointerRead({ to, const: isConst }: PointerType): string {
  if (to.kind === 'function') return 'CallablePointer | null'
  return isConst && isCharacter(to) ? 'string | null' : 'Pointer | null'
}

/** A member that is a pointer: memory for it is there as long as the call. */
function pointerMember(type: PointerType, names: TypeNames): string {
  return isAggregate(type.to) ? memoryOf(type.to) : pointerArgument(type, names)
}

function pointerArgument(type: PointerType, names: TypeNames): string {
  const { to, const: isConst } = type
  if (to.kind === 'function') return functionArgument(to, names)
  const text = isConst && isCharacter(to) ? 'string | ' : ''
  const list = elementsText(to, isConst, names)
  return [`${text}${memoryOf(to)}`, ...(list === undefined ? [] : [list])].join(' | ')
}

/** A function that C calls back, and what else stands for one. */
function functionArgument(type: FunctionType, names: TypeNames): string {
  // No other function type: beside one, the compiler would not know the parameters of the callback.
  const others = '{ readonly pointer: Pointer } | Pointer | null'
  // What stands behind `...` only C knows.
  if (type.variadic) return others
  const labels = labelsOf(type.parameters)
  const parameters = type.parameters.map(
    ({ type: each }, index) => `${labels[index]}: ${resultText(each, names)}`,
  )
  const answer = type.result.kind === 'void' ? 'void' : argumentText(type.result, names)
  return `((${parameters.join(', ')}) => ${answer} | Promise<${answer}>) | ${others}`
}

/** Plain arrays of what is pointed to, or objects for it. */
function elementsText(to: CType, isConst: boolean, names: TypeNames): string | undefined {
  const readonly = isConst ? 'readonly ' : ''
  const list = (text: string): string => `${readonly}${/[ |]/.test(text) ? `(${text})` : text}[]`
  switch (to.kind) {
    case 'integer':
      // What is written back is a bigint.
      if (to.size === 8) return list(isConst ? 'number | bigint' : 'bigint')
      return list('number')
    case 'enum':
    case 'float':
      return list('number')
    case 'bool':
      return list('boolean')
    case 'pointer':
      return list('Pointer | null')
    case 'struct':
    case 'union': {
      const text = aggregateText(to, 'given', names)
      return `${text} | ${list(text)}`
    }
    default:
      return undefined
  }
}

/** Memory whose elements fit what a pointer points to. */
function memoryOf(to: CType): string {
  const arrays = arraysFor(to)
  return arrays === '' ? 'Memory' : `Memory<${arrays}>`
}

function arraysFor(to: CType): string {
  const pairs = {
    1: 'ArrayBufferView',
    2: 'Int16Array | Uint16Array',
    4: 'Int32Array | Uint32Array',
    8: 'BigInt64Array | BigUint64Array',
  } as const
  switch (to.kind) {
    case 'integer':
      return pairs[to.size]
    case 'enum':
      return pairs[4]
    case 'pointer':
      return pairs[8]
    case 'float':
      return to.size === 4 ? 'Float32Array' : 'Float64Array'
    default:
      return 'ArrayBufferView'
  }
}

/** The typed array that numbers of a type make. */
function typedArray(type: CType): string | undefined {
  if (type.kind === 'enum') return 'Int32Array'
  if (type.kind === 'float') return type.size === 4 ? 'Float32Array' : 'Float64Array'
  if (type.kind !== 'integer') return undefined
  const big = type.size === 8 ? 'Big' : ''
  return `${big}${type.signed ? 'Int' : 'Uint'}${type.size * 8}Array`
}

function arrayRead({ of }: ArrayType, names: TypeNames): string {
  if (isCharacter(of)) return 'string'
  const text = typedArray(of) ?? valueText(of, 'read', names)
  if (typedArray(of) !== undefined) return text
  return `${/[ |]/.test(text) ? `(${text})` : text}[]`
}

function arrayGiven({ of }: ArrayType, names: TypeNames): string {
  const text = valueText(of, 'given', names)
  const list = `readonly ${/[ |]/.test(text) ? `(${text})` : text}[]`
  const characters = isCharacter(of) ? 'string | ' : ''
  const isWhole = isAggregate(of) || of.kind === 'array'
  return isWhole ? list : `${characters}${list} | ArrayBufferView | ArrayBufferLike`
}
