/** What makes types: `struct`, `pack`, `union`, `array`, `pointer`, `opaque`, `alias`, `enumeration`, `proto`, `disposable`. */
import { Cast } from './cast.ts'
import {
  type Dispose,
  type Hint,
  Info,
  isInteger,
  isPointer,
  type MemberInfo,
  stringUnit,
} from './info.ts'
import { functionOf } from './prototype.ts'
import {
  anonymousName,
  arrayOf,
  claim,
  claimText,
  find,
  forget,
  isNameValid,
  pointerTo,
  remember,
  voidType,
} from './registry.ts'
import { settings } from './settings.ts'
import { DirectionMarker, requireLength, resolve, type TypeSpec } from './specifier.ts'
import { infoOf, objectOf, type TypeObject } from './type-object.ts'
import { kindOf } from './value-kind.ts'

/** A member's type, or its alignment and its type. */
export type TypeSpecWithAlignment = TypeSpec | [number, TypeSpec]
type MemberSpecs = Record<string, TypeSpecWithAlignment>
type Name = string | null | undefined

export function struct(name: Name, def: MemberSpecs): TypeObject
export function struct(ref: TypeObject, def: MemberSpecs): TypeObject
export function struct(def: MemberSpecs): TypeObject
export function struct(...given: unknown[]): TypeObject {
  return aggregate('Record', given, true)
}

export function pack(name: Name, def: MemberSpecs): TypeObject
export function pack(ref: TypeObject, def: MemberSpecs): TypeObject
export function pack(def: MemberSpecs): TypeObject
export function pack(...given: unknown[]): TypeObject {
  return aggregate('Record', given, false)
}

export function union(name: Name, def: MemberSpecs): TypeObject
export function union(ref: TypeObject, def: MemberSpecs): TypeObject
export function union(def: MemberSpecs): TypeObject
export function union(...given: unknown[]): TypeObject {
  return aggregate('Union', given, true)
}

function aggregate(primitive: 'Record' | 'Union', given: unknown[], pad: boolean): TypeObject {
  if (given.length === 0) throw new TypeError('Expected 1 or 2 arguments, got 0')
  const [name, members] = given.length > 1 ? given : [undefined, given[0]]
  const opaque = infoOf(name)
  if (opaque !== undefined && (opaque.primitive !== 'Void' || opaque === voidType))
    throw new TypeError(`Cannot redefine non-opaque type ${opaque.name}`)
  if (opaque === undefined) requireName(name)
  if (typeof members !== 'object' || members === null)
    throw new TypeError(`Unexpected ${kindOf(members)} value for members, expected object`)
  // Known by its name from the start: its members may point to it.
  const info = new Info(typeof name === 'string' ? name : anonymousName(), 'Void', 0)
  info.name = opaque?.name ?? info.name
  if (typeof name === 'string') claim(name, info)
  try {
    const found = new Info(info.name, primitive, 0, 1)
    placeMembers(found, members as MemberSpecs, pad)
    info.become(found)
    opaque?.become(found)
  } catch (error) {
    if (typeof name === 'string') forget(name, info)
    throw error
  }
  return objectOf(opaque ?? info)
}

function placeMembers(into: Info, specs: MemberSpecs, pad: boolean): void {
  let end = 0
  for (const [name, spec] of Object.entries(specs)) {
    const [wanted, type] = memberType(name, spec)
    if (into.primitive === 'Union' && type.countedBy !== undefined)
      throw new TypeError('Cannot use dynamic-length array or pointer inside of union')
    const align = wanted ?? (pad ? type.align : 1)
    const offset = into.primitive === 'Union' ? 0 : Math.ceil(end / align) * align
    end = Math.max(end, offset + type.size)
    into.align = Math.max(into.align, align)
    if (end > settings.max_type_size)
      throw new Error(`Struct '${into.name}' size is too high (max = ${settings.max_type_size})`)
    const member = { name, type, offset, align, countedBy: undefined }
    into.layout.push(member)
    if (name === '_') continue
    if (!isNameValid(name)) throw new Error(`Invalid member name '${name}'`)
    into.members.push(member)
  }
  into.members = into.members.map((member, index) => counted(into, member, index))
  into.size = Math.ceil(end / into.align) * into.align
  if (into.size === 0) throw new Error(`Empty type '${into.name}' is not allowed in C`)
}

function memberType(name: string, spec: TypeSpecWithAlignment): [number | undefined, Info] {
  let given: unknown = spec
  let align: number | undefined
  if (Array.isArray(spec)) {
    if (spec.length !== 2 || typeof spec[0] !== 'number')
      throw new Error('Member specifier array must contain alignement value and type')
    if (![1, 2, 4, 8].includes(spec[0]))
      throw new Error(`Alignment of member '${name}' must be 1, 2, 4 or 8`)
    ;[align, given] = spec
  }
  const type = resolve(given)
  const isVariadic = type.primitive === 'Callback' && type.proto?.variadic
  if (type.size === 0 || type.primitive === 'Prototype' || isVariadic)
    throw new TypeError(`Type ${type.name} cannot be used as a member (maybe try ${type.name} *)`)
  return [align, type]
}

function counted(into: Info, member: MemberInfo, index: number): MemberInfo {
  const by = member.type.countedBy
  if (by === undefined) return member
  const countedBy = into.members.find(({ name }) => name === by)
  if (countedBy === undefined)
    throw new Error(`Record type ${into.name} does not have member '${by}'`)
  if (!isInteger(countedBy.type)) throw new Error(`Dynamic length member ${by} is not an integer`)
  if (member.type.primitive === 'Array' && index < into.members.length - 1)
    throw new Error(`Flexible array '${member.name}' is not the last member of struct`)
  return { ...member, countedBy }
}

function requireName(name: unknown): void {
  if (name === undefined || name === null || typeof name === 'string') return
  throw new TypeError(`Unexpected ${kindOf(name)} value for name, expected string`)
}

export type ArrayHint = Hint

export function array(ref: TypeSpec, len: number, hint?: ArrayHint | null): TypeObject
export function array(
  ref: TypeSpec,
  countedBy: string,
  maxLen: number,
  hint?: ArrayHint | null,
): TypeObject
export function array(...given: unknown[]): TypeObject {
  if (given.length < 2) throw new TypeError(`Expected 2 to 4 arguments, got ${given.length}`)
  const ref = resolve(given[0])
  const isCounted = typeof given[1] === 'string'
  const [length, hint] = isCounted ? given.slice(2) : given.slice(1)
  if (isCounted && length === undefined) throw new TypeError('Missing maxLen argument')
  if (typeof length !== 'number')
    throw new TypeError(
      `Unexpected ${kindOf(length)} value for ${isCounted ? 'maxLen' : 'len'}, expected integer`,
    )
  if (length <= 0) throw new TypeError('Array length must be positive and non-zero')
  if (ref.size === 0) throw new TypeError('Cannot make array of empty or incomplete type')
  requireLength(ref, length)
  const info = arrayOf(ref, Math.trunc(length), hintOf(hint, ref))
  if (isCounted) info.countedBy = given[1] as string
  return objectOf(info)
}

function hintOf(hint: unknown, ref: Info): Hint {
  if (hint === undefined || hint === null) return ref.hint
  if (typeof hint !== 'string')
    throw new TypeError(`Unexpected ${kindOf(hint)} value for hint, expected string`)
  const found = `${hint.charAt(0).toUpperCase()}${hint.slice(1)}`
  switch (found) {
    case 'Array':
      return found
    case 'Typed':
    case 'Buffer':
      if (ref.hint === 'Array')
        throw new Error(`Array hint '${found}' cannot be used with type ${ref.name}`)
      return found
    case 'String':
      if (!['Int8', 'Int16', 'Int32'].includes(ref.primitive))
        throw new Error(
          "Array hint 'String' can only be used with 8, 16 and 32-bit signed integer types",
        )
      return found
    default:
      throw new Error("Array conversion hint must be 'Typed', 'Array' or 'String'")
  }
}

export function opaque(name?: Name): TypeObject {
  requireName(name)
  const info = new Info(name ?? anonymousName(), 'Void', 0)
  if (typeof name === 'string') claim(name, info)
  return objectOf(info)
}

export function pointer(ref: TypeSpec, count?: number): TypeObject
export function pointer(name: Name, ref: TypeSpec, countedBy?: string | number | null): TypeObject
export function pointer(...given: unknown[]): TypeObject {
  if (given.length === 0) throw new TypeError('Expected 1 to 3 arguments, got 0')
  const isNamed = given.length > 1 && typeof given[1] !== 'number'
  const [name, spec, more] = isNamed ? given : [undefined, ...given]
  requireName(name)
  const ref = resolve(spec)
  if (typeof more === 'number' && !(more >= 1 && more <= 4))
    throw new TypeError('Value of count must be between 1 and 4')
  if (more !== undefined && more !== null && typeof more !== 'number' && typeof more !== 'string')
    throw new TypeError(`Unexpected ${kindOf(more)} value for count, expected number`)
  const info = pointerTo(ref, typeof more === 'number' ? more : 1)
  if (typeof name !== 'string' && typeof more !== 'string') return objectOf(info)
  const copy = info.derive(typeof name === 'string' ? name : info.name)
  if (typeof more === 'string') copy.countedBy = more
  if (typeof name === 'string') claim(name, copy)
  return objectOf(copy)
}

export function alias(name: string, type: TypeSpec): TypeObject {
  if (typeof name !== 'string')
    throw new TypeError(`Unexpected ${kindOf(name)} value for name, expected string`)
  const info = resolve(type)
  claim(name, info)
  return objectOf(info)
}

type EnumValues = Record<string, number | bigint>

export function enumeration(name: Name, def: EnumValues, storage?: TypeSpec | null): TypeObject
export function enumeration(def: EnumValues, storage?: TypeSpec | null): TypeObject
export function enumeration(...given: unknown[]): TypeObject {
  if (given.length === 0) throw new TypeError('Expected 1 or 2 arguments, got 0')
  const isNamed = given.length > 1 && (typeof given[0] !== 'object' || given[0] === null)
  const [name, values, storage] = isNamed ? given : [undefined, ...given]
  requireName(name)
  if (typeof values !== 'object' || values === null)
    throw new TypeError(`Unexpected ${kindOf(values)} value for values, expected object`)
  const stored =
    storage === undefined || storage === null
      ? (find(storageOf(values as EnumValues)) as Info)
      : resolve(storage)
  if (!isInteger(stored))
    throw new TypeError('Expected integer type for underlying enum storage type')
  const info = stored.derive(typeof name === 'string' ? name : anonymousName())
  info.values = { ...(values as EnumValues) }
  if (typeof name === 'string') claim(name, info)
  return objectOf(info)
}

/** The smallest integer that C compilers take for such values. */
function storageOf(values: EnumValues): string {
  let least = 0n
  let most = 0n
  for (const value of Object.values(values)) {
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new TypeError(
        `Unexpected ${kindOf(value)} value for enumeration value, expected number`,
      )
    const wide = typeof value === 'bigint' ? value : BigInt(Math.trunc(value))
    if (wide < least) least = wide
    if (wide > most) most = wide
  }
  if (least === 0n && most < 2n ** 32n) return 'uint32_t'
  if (least >= -(2n ** 31n) && most < 2n ** 31n) return 'int32_t'
  if (least === 0n && most < 2n ** 64n) return 'uint64_t'
  if (least >= -(2n ** 63n) && most < 2n ** 63n) return 'int64_t'
  throw new Error('Cannot find storage type wide enough for enum values')
}

export function proto(definition: string): TypeObject
export function proto(result: TypeSpec, args: TypeSpec[]): TypeObject
export function proto(name: Name, result: TypeSpec, args: TypeSpec[]): TypeObject
export function proto(convention: string, result: TypeSpec, args: TypeSpec[]): TypeObject
export function proto(
  convention: string,
  name: Name,
  result: TypeSpec,
  args: TypeSpec[],
): TypeObject
export function proto(...given: unknown[]): TypeObject {
  const found = functionOf(given, false)
  const name = found.name ?? anonymousName()
  const info = new Info(name, 'Prototype', 8)
  info.proto = { ...found, name }
  if (found.name === undefined) remember(name, info)
  else claimText(name, info)
  return objectOf(info)
}

// biome-ignore lint/suspicious/noExplicitAny: any function may dispose of a value
type DisposeFunction = (...args: any[]) => any

export function disposable(type: TypeSpec, freeFunction?: DisposeFunction | null): TypeObject
export function disposable(
  name: Name,
  type: TypeSpec,
  freeFunction?: DisposeFunction | null,
): TypeObject
export function disposable(...given: unknown[]): TypeObject {
  if (given.length === 0) throw new TypeError('Expected 1 or 2 arguments, got 0')
  const isNamed = given.length > 1 && typeof given[1] !== 'function'
  const [name, spec, how] = isNamed ? given : [undefined, ...given]
  requireName(name)
  const source = resolve(spec)
  if (!isPointer(source))
    throw new TypeError(`Unexpected ${source.name} type, expected pointer or string type`)
  if (source.dispose !== undefined)
    throw new TypeError(`Cannot use disposable type '${source.name}' to create new disposable`)
  if (how !== undefined && how !== null && typeof how !== 'function')
    throw new TypeError(`Unexpected ${kindOf(how)} value for func, expected function`)
  const info = source.derive(typeof name === 'string' ? name : anonymousName())
  info.dispose = typeof how === 'function' ? (how as Dispose) : 'free'
  if (typeof name === 'string') claimText(name, info)
  return objectOf(info)
}

function mark(type: TypeSpec, directions: 1 | 2 | 3): DirectionMarker {
  const info = resolve(type)
  if (!isPointer(info))
    throw new TypeError(`Unexpected ${info.name} type, expected pointer or string type`)
  return new DirectionMarker(info, directions)
}

/** What the library reads, which is what pointers are without a mark. */
export function input(type: TypeSpec): DirectionMarker {
  return mark(type, 1)
}

export function out(type: TypeSpec): DirectionMarker {
  return mark(type, 2)
}

export function inout(type: TypeSpec): DirectionMarker {
  return mark(type, 3)
}

export function as(value: unknown, type: TypeSpec): Cast {
  const info = resolve(type)
  if (info.primitive !== 'Callback' && info.primitive !== 'Pointer' && stringUnit(info) === 0)
    throw new TypeError('Only pointer or string types can be used for casting')
  return new Cast(value, info)
}

export function type(spec: TypeSpec): TypeObject {
  return objectOf(resolve(spec))
}

export function sizeof(spec: TypeSpec): number {
  return resolve(spec).size
}

export function alignof(spec: TypeSpec): number {
  return resolve(spec).align
}

export function offsetof(spec: TypeSpec, member: string): number {
  const info = resolve(spec)
  if (info.primitive !== 'Record')
    throw new TypeError('The offsetof() function can only be used with record types')
  if (typeof member !== 'string')
    throw new TypeError(`Unexpected ${kindOf(member)} value for member, expected string`)
  const found = info.members.find(({ name }) => name === member)
  if (found === undefined)
    throw new TypeError(`Record type ${info.name} does not have member '${member}'`)
  return found.offset
}
