import { namedMembers } from '../../abi/layout.ts'
import type { AggregateType } from '../../abi/types.ts'
import { Pointer } from '../../memory/pointer.ts'
import { SharedMemory } from '../../memory/shared-memory.ts'
import { wrongKind } from '../complaint.ts'
import { isElements } from '../elements.ts'
import type { Unit } from '../text.ts'
import { bitsCodec } from './bits.ts'
import type { Codec, CodecOf } from './codec.ts'
import { pointedUnit } from './pointer.ts'

interface NamedCodec {
  readonly name: string
  readonly offset: number
  readonly codec: Codec
  /** The text that it points to is fetched. */
  readonly unit: Unit | 0
}

function membersOf(type: AggregateType, codecOf: CodecOf): NamedCodec[] {
  return namedMembers(type).map((member) => ({
    name: member.name as string,
    offset: member.offset,
    codec: member.bits === undefined ? codecOf(member.type) : bitsCodec(member),
    unit: pointedUnit(member.type),
  }))
}

function requireObject(value: unknown, what: string, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || isElements(value) || isOurs(value))
    throw wrongKind(where, what, value)
  return value as Record<string, unknown>
}

function isOurs(value: object): boolean {
  return value instanceof Pointer || value instanceof SharedMemory
}

/** `struct point with x, y` */
function wanted(type: AggregateType, members: readonly NamedCodec[]): string {
  const name = type.name === undefined ? type.kind : `${type.kind} ${type.name}`
  const which = type.kind === 'union' ? 'one of ' : ''
  return `an object for ${name} with ${which}${members.map((member) => member.name).join(', ')}`
}

export function structCodec(type: AggregateType, codecOf: CodecOf): Codec {
  let list: NamedCodec[] | undefined
  // Later: a structure may hold pointers to itself.
  const members = (): NamedCodec[] => {
    list ??= membersOf(type, codecOf)
    return list
  }
  return {
    size: type.size,
    keep(value) {
      if (typeof value !== 'object' || value === null || isOurs(value) || isElements(value))
        return value
      return Object.fromEntries(
        members().map(({ name, codec }) => [
          name,
          codec.keep((value as Record<string, unknown>)[name]),
        ]),
      )
    },
    write(value, memory, at, writing) {
      const object = requireObject(value, wanted(type, members()), writing.where)
      for (const { name, offset, codec } of members())
        writing.within(name, () => {
          const given = object[name]
          if (given === undefined) throw new TypeError(`${writing.where} is missing`)
          codec.write(given, memory, at + offset, writing)
        })
    },
    read(memory, at, reading) {
      const object: Record<string, unknown> = {}
      for (const { name, offset, codec, unit } of members()) {
        const put = (value: unknown): void => {
          Object.defineProperty(object, name, {
            value,
            writable: true,
            enumerable: true,
            configurable: true,
          })
        }
        const value = codec.read(memory, at + offset, reading)
        put(value)
        reading.text(value, unit, put)
      }
      return object
    },
  }
}

/** One member is given; each can be read. */
export function unionCodec(type: AggregateType, codecOf: CodecOf): Codec {
  let list: NamedCodec[] | undefined
  const members = (): NamedCodec[] => {
    list ??= membersOf(type, codecOf)
    return list
  }
  const givenIn = (object: Record<string, unknown>): NamedCodec[] =>
    members().filter(({ name }) => Object.hasOwn(object, name))
  return {
    size: type.size,
    keep(value) {
      if (typeof value !== 'object' || value === null || isOurs(value) || isElements(value))
        return value
      // What was read from a union has all members: it is kept as one whole.
      const object = value as Record<string, unknown>
      return Object.fromEntries(
        givenIn(object).map(({ name, codec }) => [name, codec.keep(object[name])]),
      )
    },
    write(value, memory, at, writing) {
      const what = wanted(type, members())
      const object = requireObject(value, what, writing.where)
      const given = givenIn(object)
      if (given.length !== 1)
        throw new TypeError(
          `${writing.where} takes ${what}, not ${given.length === 0 ? 'none of them' : given.map(({ name }) => name).join(' and ')}`,
        )
      for (const { name, offset, codec } of given)
        writing.within(name, () => codec.write(object[name], memory, at + offset, writing))
    },
    read(memory, at, reading) {
      const view: Record<string, unknown> = {}
      for (const { name, offset, codec } of members())
        Object.defineProperty(view, name, {
          enumerable: true,
          configurable: true,
          get: () => codec.read(memory, at + offset, reading),
        })
      return view
    },
  }
}
