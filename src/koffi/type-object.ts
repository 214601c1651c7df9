import type { Directions, FunctionInfo, Hint, Info, Primitive } from './info.ts'

export interface PrototypeInfo {
  readonly name: string
  readonly arguments: readonly { readonly type: TypeObject; readonly direction: string }[]
  readonly result: TypeObject
}

const objects = new WeakMap<Info, TypeObject>()
const infos = new WeakMap<object, Info>()

/** A type as programs see it; frozen. */
export class TypeObject {
  declare readonly name: string
  declare readonly primitive: Primitive
  declare readonly size: number
  declare readonly alignment: number
  declare readonly disposable: boolean
  declare readonly length?: number
  declare readonly hint?: Hint
  declare readonly ref?: TypeObject
  declare readonly members?: Readonly<
    Record<string, { readonly name: string; readonly type: TypeObject; readonly offset: number }>
  >
  declare readonly proto?: PrototypeInfo
  declare readonly values?: Readonly<Record<string, number | bigint>>

  /** @internal */
  constructor(info?: Info) {
    if (info === undefined) throw new Error('Type objects cannot be constructed manually')
    infos.set(this, info)
    objects.set(info, this)
    const { name, primitive, size } = info
    Object.assign(this, { name, primitive, size })
    Object.assign(this, { alignment: info.align, disposable: info.dispose !== undefined })
    Object.assign(this, detailsOf(info))
    Object.freeze(this)
  }
}

/** The object that stands for a type; an opaque type that was completed has a new one. */
export function objectOf(info: Info): TypeObject {
  const known = objects.get(info)
  return known !== undefined && known.primitive === info.primitive ? known : new TypeObject(info)
}

export function infoOf(object: unknown): Info | undefined {
  return typeof object === 'object' && object !== null ? infos.get(object) : undefined
}

function detailsOf(info: Info): object {
  switch (info.primitive) {
    case 'Array': {
      const ref = info.ref as Info
      return { length: info.size / ref.size, hint: info.hint, ref: objectOf(ref) }
    }
    case 'Pointer':
      return { ref: objectOf(info.ref as Info) }
    case 'Record':
    case 'Union':
      return {
        members: Object.freeze(
          Object.fromEntries(
            info.members.map(({ name, type, offset }) => [
              name,
              { name, type: objectOf(type), offset },
            ]),
          ),
        ),
      }
    case 'Prototype':
    case 'Callback':
      return { proto: describeFunction(info.proto as FunctionInfo) }
    default:
      return info.values === undefined ? {} : { values: info.values }
  }
}

const DIRECTIONS: Readonly<Record<Directions, string>> = {
  1: 'Input',
  2: 'Output',
  3: 'Input/Output',
}

export function describeFunction({ name, parameters, result }: FunctionInfo): PrototypeInfo {
  return Object.freeze({
    name,
    arguments: parameters.map(({ type, directions }) => ({
      type: objectOf(type),
      direction: DIRECTIONS[directions],
    })),
    result: objectOf(result),
  })
}
