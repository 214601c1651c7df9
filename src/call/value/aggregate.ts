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

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isElements(value) && !isOurs(value)
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
  let isLazy: boolean | undefined
  let empty: Record<string, unknown> | undefined
  const blank = (): Record<string, unknown> => {
    // A member may be called `__proto__`: this makes it a property like any other.
    empty ??= Object.fromEntries(members().map(({ name }) => [name, undefined]))
    return empty
  }
  return {
    size: type.size,
    get lazy() {
      isLazy ??= members().some(({ codec }) => codec.lazy)
      return isLazy
    },
    keep(value) {
      if (!isPlain(value)) return value
      return Object.fromEntries(members().map(({ name, codec }) => [name, codec.keep(value[name])]))
    },
    write(value, memory, at, writing) {
      if (!isPlain(value)) throw wrongKind(writing.where, wanted(type, members()), value)
      for (const { name, offset, codec } of members()) {
        const given = value[name]
        writing.enter(name)
        if (given === undefined) throw new TypeError(`${writing.where} is missing`)
        codec.write(given, memory, at + offset, writing)
        writing.leave()
      }
    },
    read(memory, at, reading) {
      // All members are there from the start: the engine then knows one shape for all these objects.
      const object = { ...blank() }
      for (const { name, offset, codec, unit } of members()) {
        const value = codec.read(memory, at + offset, reading)
        object[name] = value
        if (unit !== 0)
          reading.text(value, unit, (text) => {
            object[name] = text
          })
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
    lazy: true,
    keep(value) {
      if (!isPlain(value)) return value
      return Object.fromEntries(
        givenIn(value).map(({ name, codec }) => [name, codec.keep(value[name])]),
      )
    },
    write(value, memory, at, writing) {
      if (!isPlain(value)) throw wrongKind(writing.where, wanted(type, members()), value)
      const given = givenIn(value)
      if (given.length !== 1)
        throw new TypeError(
          `${writing.where} takes ${wanted(type, members())}, not ${given.length === 0 ? 'none of them' : given.map(({ name }) => name).join(' and ')}`,
        )
      for (const { name, offset, codec } of given) {
        writing.enter(name)
        codec.write(value[name], memory, at + offset, writing)
        writing.leave()
      }
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
