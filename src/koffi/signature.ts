/** A function as the public interface knows it: pointers without their types, structures as their bytes. */
import { array, struct, type Type, union } from '../index.ts'
import {
  type FunctionInfo,
  type Info,
  isAggregate,
  isInteger,
  type MemberInfo,
  stringUnit,
} from './info.ts'

export interface Signature {
  readonly text: string
  /** The names in the text that only this function has. */
  readonly types: Readonly<Record<string, Type>>
}

export function signatureOf(proto: FunctionInfo): Signature {
  return spelled(proto, false)
}

function spelled(
  { name, result, parameters, variadic }: FunctionInfo,
  isCallback: boolean,
): Signature {
  const types: Record<string, Type> = {}
  const spell = (info: Info, isGiven: boolean): string => {
    if (isGiven && isText(info)) return textResult(info)
    if (!isAggregate(info)) return scalarText(info)
    const name = `by_value_${Object.keys(types).length}`
    types[name] = byValue(info)
    return name
  }
  const texts = parameters.map(({ type }) => spell(type, isCallback))
  if (variadic) texts.push('...')
  const list = texts.length === 0 ? 'void' : texts.join(', ')
  const called = /^[A-Za-z_]\w*$/.test(name) ? name : 'callback'
  return { text: `${spell(result, !isCallback)} ${called}(${list})`, types }
}

/** A callback's: texts that C gives come as strings, what it gets is an address. */
export function callbackSignatureOf(proto: FunctionInfo): Signature {
  return spelled(proto, true)
}

/** Whether a result comes as a text; of one that is disposed of, the pointer is wanted. */
export function isText(result: Info): boolean {
  return stringUnit(result) !== 0 && result.dispose === undefined
}

function textResult(result: Info): string {
  return { 1: 'const char *', 2: 'const char16_t *', 4: 'const char32_t *' }[
    stringUnit(result) as 1 | 2 | 4
  ]
}

/** The type of a value that is one word. */
function scalarText(info: Info): string {
  const { primitive, size } = info
  if (primitive === 'Float32') return 'float'
  if (primitive === 'Float64') return 'double'
  if (primitive === 'Void' || primitive === 'Bool') return primitive.toLowerCase()
  if (isInteger(info)) return `${primitive.startsWith('U') ? 'u' : ''}int${size * 8}_t`
  return 'void *'
}

/** The type of an argument. */
export function valueType(info: Info): string | Type {
  return isAggregate(info) ? byValue(info) : scalarText(info)
}

const made = new WeakMap<readonly MemberInfo[], Type>()

/** A structure as it is laid out here, whose values are its bytes. */
function byValue(info: Info): Type {
  const known = made.get(info.layout)
  if (known !== undefined) return known
  const type = aggregate(info)
  made.set(info.layout, type)
  return type
}

function aggregate({ primitive, layout, align }: Info): Type {
  const entries = layout.map((member, index) => [`m${index}`, member] as const)
  const members = Object.fromEntries(entries.map(([name, { type }]) => [name, memberType(type)]))
  const aligned = Object.fromEntries(entries.map(([name, { align }]) => [name, align]))
  const options = { packed: true, aligned, align, bytes: true } as const
  return primitive === 'Union' ? union(members, options) : struct(members, options)
}

function memberType(info: Info): string | Type {
  if (info.primitive !== 'Array') return valueType(info)
  const ref = info.ref as Info
  return array(memberType(ref), info.size / ref.size)
}
