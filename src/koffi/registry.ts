/** The names of types: one table a process, as koffi has it. */
import { Info, type Primitive } from './info.ts'

const names = new Map<string, Info>()
let anonymous = 0

/** Names of one primitive; integers of one size are one type under many names. */
const INTEGERS: readonly (readonly [size: 1 | 2 | 4 | 8, signed: boolean, names: string])[] = [
  [1, true, 'int8_t,int8'],
  [1, false, 'uint8_t,uint8'],
  [1, true, 'char'],
  [1, false, 'unsigned char,uchar'],
  [2, true, 'char16_t,char16'],
  [4, true, 'char32_t,char32'],
  [4, true, 'wchar_t,wchar'],
  [2, true, 'int16_t,int16'],
  [2, true, 'int16_le_t,int16_le'],
  [2, false, 'uint16_t,uint16'],
  [2, false, 'uint16_le_t,uint16_le'],
  [2, true, 'short'],
  [2, false, 'unsigned short,ushort'],
  [4, true, 'int32_t,int32'],
  [4, true, 'int32_le_t,int32_le'],
  [4, false, 'uint32_t,uint32'],
  [4, false, 'uint32_le_t,uint32_le'],
  [4, true, 'int'],
  [4, false, 'unsigned int,uint'],
  [8, true, 'int64_t,int64'],
  [8, true, 'int64_le_t,int64_le'],
  [8, false, 'uint64_t,uint64'],
  [8, false, 'uint64_le_t,uint64_le'],
  [8, true, 'intptr_t,intptr'],
  [8, false, 'uintptr_t,uintptr'],
  [8, false, 'size_t'],
  [8, true, 'long'],
  [8, false, 'unsigned long,ulong'],
  [8, true, 'long long,longlong'],
  [8, false, 'unsigned long long,ulonglong'],
]

const SWAPPED: readonly (readonly [size: 2 | 4 | 8, signed: boolean])[] = [
  [2, true],
  [2, false],
  [4, true],
  [4, false],
  [8, true],
  [8, false],
]

const STRINGS: readonly (readonly [primitive: Primitive, ref: string, names: string])[] = [
  ['String', 'char', 'char *,str,string'],
  ['String16', 'char16_t', 'char16_t *,char16 *,str16,string16'],
  ['String32', 'char32_t', 'char32_t *,char32 *,str32,string32'],
  ['String32', 'wchar_t', 'wchar_t *,wchar *,wstring'],
]

const CHARACTERS = new Set(['char', 'char16_t', 'char32_t', 'wchar_t'])

function register(info: Info, spellings: readonly string[]): void {
  for (const name of spellings) names.set(name, info)
}

function registerPrimitives(): void {
  register(new Info('void', 'Void', 0), ['void'])
  register(new Info('bool', 'Bool', 1), ['bool'])
  for (const [size, signed, text] of INTEGERS) {
    const [name = '', ...others] = text.split(',')
    const info = new Info(name, `${signed ? 'Int' : 'UInt'}${(size * 8) as 8 | 16 | 32 | 64}`, size)
    info.hint = CHARACTERS.has(name) ? 'String' : 'Typed'
    register(info, [name, ...others])
  }
  for (const [size, signed] of SWAPPED) {
    const bits = (size * 8) as 16 | 32 | 64
    const base = `${signed ? '' : 'u'}int${bits}_be`
    const info = new Info(`${base}_t`, `${signed ? 'Int' : 'UInt'}${bits}S`, size)
    info.hint = 'Typed'
    register(info, [`${base}_t`, base])
  }
  for (const [name, primitive, size] of [
    ['float', 'Float32', 4],
    ['double', 'Float64', 8],
  ] as const) {
    const info = new Info(name, primitive, size)
    info.hint = 'Typed'
    register(info, [name, `float${size * 8}`])
  }
  for (const [primitive, ref, text] of STRINGS) {
    const [name = '', ...others] = text.split(',')
    const info = new Info(name, primitive, 8)
    info.ref = names.get(ref)
    register(info, [name, ...others])
  }
}

registerPrimitives()

/** The primitive types by all their names but those of pointers. */
export function primitives(): [string, Info][] {
  return [...names].filter(([name, { members, proto }]) => {
    return !name.endsWith('*') && members.length === 0 && proto === undefined
  })
}

/** The types that are there before a program names any. */
const base: readonly [string, Info][] = [...names]

export const voidType = names.get('void') as Info

export function find(name: string): Info | undefined {
  return names.get(name)
}

/** Keeps a type under the text that was found to name it. */
export function remember(name: string, info: Info): void {
  names.set(name, info)
}

const NAME = /^[\p{XIDS}_][\p{XIDC}]*$/u

export function isNameValid(name: string): boolean {
  return NAME.test(name)
}

/** Gives a type a name of its own; throws for one that is taken. */
export function claim(name: string, info: Info): void {
  if (!isNameValid(name)) throw new Error(`Invalid type name '${name}'`)
  claimText(name, info)
}

export function claimText(name: string, info: Info): void {
  if (names.has(name)) throw new Error(`Duplicate type name '${name}'`)
  names.set(name, info)
}

/** Takes back a name whose type could not be made. */
export function forget(name: string, info: Info): void {
  if (names.get(name) === info) names.delete(name)
}

export function anonymousName(): string {
  return `<anonymous_${++anonymous}>`
}

/** Forgets all that a program has named. */
export function resetNames(): void {
  names.clear()
  for (const [name, info] of base) names.set(name, info)
}

export function pointerTo(ref: Info, count = 1): Info {
  let found = ref
  for (let level = 0; level < count; level++) {
    const name = `${found.name}${found.name.endsWith('*') ? '' : ' '}*`
    const known = names.get(name)
    const made = known ?? makePointer(name, found)
    if (known === undefined) names.set(name, made)
    found = made
  }
  return found
}

function makePointer(name: string, ref: Info): Info {
  const isFunction = ref.primitive === 'Prototype'
  const info = new Info(name, isFunction ? 'Callback' : 'Pointer', 8)
  info.ref = isFunction ? voidType : ref
  info.proto = ref.proto
  info.hint = isFunction ? 'Array' : ref.hint
  return info
}

export function arrayOf(ref: Info, length: number, hint = ref.hint): Info {
  const info = new Info(`${ref.name}[${length}]`, 'Array', ref.size * length, ref.align)
  info.ref = ref
  info.hint = hint
  return info
}
