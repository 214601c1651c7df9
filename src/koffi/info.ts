/** What is known of a type, behind the objects that programs see: an opaque type is completed in place. */

export type Primitive =
  | 'Void'
  | 'Bool'
  | Integer
  | Swapped
  | 'String'
  | 'String16'
  | 'String32'
  | 'Pointer'
  | 'Record'
  | 'Union'
  | 'Array'
  | 'Float32'
  | 'Float64'
  | 'Prototype'
  | 'Callback'

export type Integer =
  | 'Int8'
  | 'UInt8'
  | 'Int16'
  | 'UInt16'
  | 'Int32'
  | 'UInt32'
  | 'Int64'
  | 'UInt64'

/** Integers whose bytes stand in the other order. */
export type Swapped = 'Int16S' | 'UInt16S' | 'Int32S' | 'UInt32S' | 'Int64S' | 'UInt64S'

/** What an array becomes in JavaScript. */
export type Hint = 'Array' | 'Typed' | 'Buffer' | 'String'

export interface MemberInfo {
  readonly name: string
  readonly type: Info
  readonly offset: number
  readonly align: number
  /** The member that says how many elements it has. */
  readonly countedBy: MemberInfo | undefined
}

/** 1: in, 2: out, 3: both. */
export type Directions = 1 | 2 | 3

export interface ParameterInfo {
  readonly type: Info
  readonly directions: Directions
  /** What it points to is const: nothing comes back. */
  readonly constant: boolean
}

export interface FunctionInfo {
  readonly name: string
  readonly result: Info
  readonly parameters: readonly ParameterInfo[]
  readonly variadic: boolean
}

/** What is done with a pointer once its value is converted. */
export type Dispose = ((pointer: bigint | null) => unknown) | 'free'

export class Info {
  name: string
  primitive: Primitive
  size: number
  align: number
  /** Of an array; of another type, what an array of it becomes. */
  hint: Hint = 'Array'
  ref: Info | undefined
  /** Those that have a name in JavaScript. */
  members: MemberInfo[] = []
  /** All of them, with those that only fill. */
  layout: MemberInfo[] = []
  proto: FunctionInfo | undefined
  values: Record<string, number | bigint> | undefined
  dispose: Dispose | undefined
  countedBy: string | undefined

  constructor(name: string, primitive: Primitive, size: number, align = size) {
    this.name = name
    this.primitive = primitive
    this.size = size
    this.align = align
  }

  /** The same type under another name, or with something of its own. */
  derive(name: string): Info {
    return Object.assign(new Info(name, this.primitive, this.size, this.align), this, { name })
  }

  /** An opaque type gets what it stands for. */
  become(other: Info): void {
    Object.assign(this, other, { name: this.name })
  }
}

const INTEGER = /^U?Int(8|16|32|64)S?$/

export function isInteger({ primitive }: Info): boolean {
  return INTEGER.test(primitive)
}

export function isSwapped({ primitive }: Info): boolean {
  return primitive.endsWith('S')
}

export function isAggregate({ primitive }: Info): boolean {
  return primitive === 'Record' || primitive === 'Union'
}

/** Bytes of a character of a string type; 0 for others. */
export function stringUnit({ primitive }: Info): 0 | 1 | 2 | 4 {
  switch (primitive) {
    case 'String':
      return 1
    case 'String16':
      return 2
    case 'String32':
      return 4
    default:
      return 0
  }
}

/** Bytes of a character where a string may stand for elements of the type; 0 for others. */
export function characterUnit({ primitive }: Info): 0 | 1 | 2 | 4 {
  switch (primitive) {
    case 'Int8':
      return 1
    case 'Int16':
      return 2
    case 'Int32':
      return 4
    default:
      return 0
  }
}

export function isPointer(info: Info): boolean {
  return info.primitive === 'Pointer' || stringUnit(info) !== 0
}
