import { isAggregate, namedMembers } from '../../abi/layout.ts'
import type { AggregateType } from '../../abi/types.ts'
import { Pointer } from '../../memory/pointer.ts'
import { SharedMemory } from '../../memory/shared-memory.ts'
import { wrongKind } from '../complaint.ts'
import { isElements } from '../elements.ts'
import type { Unit } from '../text.ts'
import { bitsCodec } from './bits.ts'
import type { Codec, CodecOf, Writing } from './codec.ts'
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

type Given = Readonly<Record<string, unknown>>

/** What is written as one: a named member, or the members that a nameless structure or union lends. */
interface Part {
  readonly names: readonly string[]
  write(object: Given, memory: DataView, at: number, writing: Writing): void
}

function partsOf(type: AggregateType, codecOf: CodecOf): Part[] {
  return type.members.flatMap((member): Part[] => {
    const { name, offset } = member
    if (name === undefined)
      return isAggregate(member.type) ? [lentPart(member.type, offset, codecOf)] : []
    const codec = member.bits === undefined ? codecOf(member.type) : bitsCodec(member)
    const write: Part['write'] = (object, memory, at, writing) => {
      const given = object[name]
      writing.enter(name)
      if (given === undefined) throw new TypeError(`${writing.where} is missing`)
      codec.write(given, memory, at + offset, writing)
      writing.leave()
    }
    return [{ names: [name], write }]
  })
}

/** All of a structure; of a union what is given, for an object that was read has all of its members. */
function lentPart(type: AggregateType, offset: number, codecOf: CodecOf): Part {
  const parts = partsOf(type, codecOf)
  const names = parts.flatMap((part) => part.names)
  return {
    names,
    write(object, memory, at, writing) {
      const given = type.kind === 'union' ? parts.filter((part) => isGiven(part, object)) : parts
      if (given.length === 0 && type.kind === 'union')
        throw new TypeError(`${writing.where} takes one of ${names.join(', ')} too`)
      for (const part of given) part.write(object, memory, at + offset, writing)
    },
  }
}

function isGiven(part: Part, object: Given): boolean {
  return part.names.some((name) => object[name] !== undefined)
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
  let parts: Part[] | undefined
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
      parts ??= partsOf(type, codecOf)
      for (const part of parts) part.write(value, memory, at, writing)
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
  let parts: Part[] | undefined
  return {
    size: type.size,
    lazy: true,
    keep(value) {
      if (!isPlain(value)) return value
      return Object.fromEntries(
        members()
          .filter(({ name }) => value[name] !== undefined)
          .map(({ name, codec }) => [name, codec.keep(value[name])]),
      )
    },
    write(value, memory, at, writing) {
      if (!isPlain(value)) throw wrongKind(writing.where, wanted(type, members()), value)
      parts ??= partsOf(type, codecOf)
      const given = parts.filter((part) => isGiven(part, value))
      const [part] = given
      if (part === undefined || given.length > 1)
        throw new TypeError(
          `${writing.where} takes ${wanted(type, members())}, not ${part === undefined ? 'none of them' : given.map(({ names }) => names.join(', ')).join(' and ')}`,
        )
      part.write(value, memory, at, writing)
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
