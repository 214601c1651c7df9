/** Sizes, alignments and offsets as the C compiler has them: the System V ABI, LP64, little-endian. */
import type { AggregateType, CType, Member } from './types.ts'

/** Bytes of a value; 0 for types that no value has. */
export function sizeOf(type: CType): number {
  switch (type.kind) {
    case 'bool':
      return 1
    case 'integer':
    case 'float':
    case 'struct':
    case 'union':
      return type.size
    case 'enum':
      return 4
    case 'pointer':
      return 8
    case 'array':
      return sizeOf(type.of) * (type.length ?? 0)
    default:
      return 0
  }
}

/** Every address of a value is a multiple of it. */
export function alignOf(type: CType): number {
  switch (type.kind) {
    case 'struct':
    case 'union':
      return type.align
    case 'array':
      return alignOf(type.of)
    default:
      return sizeOf(type) || 1
  }
}

/** A member as it is declared. */
export interface DeclaredMember {
  readonly name: string | undefined
  readonly type: CType
  /** Bits of a bit-field; 0 ends the unit that the ones before it share. */
  readonly width?: number | undefined
  /** What `__attribute__((aligned(n)))` asks for, in bytes. */
  readonly align?: number | undefined
}

export interface LayoutOptions {
  /** Members follow each other without gaps. */
  readonly packed?: boolean | undefined
  /** The least alignment of the whole, in bytes. */
  readonly align?: number | undefined
}

/** Places the members of a structure or union. */
export function layOut(
  kind: 'struct' | 'union',
  name: string | undefined,
  declared: readonly DeclaredMember[],
  { packed = false, align: wanted = 1 }: LayoutOptions = {},
): AggregateType {
  const members: Member[] = []
  /** Where the next member may begin, in bits. */
  let cursor = 0
  let size = 0
  let align = wanted
  for (const each of declared) {
    const bytes = sizeOf(each.type)
    const natural = packed ? (each.align ?? 1) : Math.max(alignOf(each.type), each.align ?? 1)
    if (kind === 'union') cursor = 0
    if (each.width !== undefined) {
      const unit = bytes * 8
      const crosses = Math.floor(cursor / unit) !== Math.floor((cursor + each.width - 1) / unit)
      if (each.width === 0) {
        cursor = roundUp(cursor, unit)
        if (kind === 'union') members.push(noBits(each.type))
        continue
      }
      if (!packed && crosses) cursor = roundUp(cursor, unit)
      // Nameless bits are nobody's value, but they say in which registers the whole travels.
      members.push({ name: each.name, type: each.type, ...bitPlace(cursor, each.width, unit) })
      if (each.name !== undefined) align = Math.max(align, natural)
      cursor += each.width
    } else {
      cursor = roundUp(cursor, natural * 8)
      members.push({ name: each.name, type: each.type, offset: cursor / 8 })
      cursor += bytes * 8
      align = Math.max(align, natural)
    }
    size = Math.max(size, Math.ceil(cursor / 8))
  }
  return { kind, name, size: roundUp(size, align), align, members }
}

/** GCC has even these say in which registers a union travels. */
function noBits(type: CType): Member {
  return { name: undefined, type, offset: 0, bits: { shift: 0, width: 0 } }
}

/** A bit-field is read with its type where it doesn't cross a unit, else byte by byte. */
function bitPlace(cursor: number, width: number, unit: number): Pick<Member, 'offset' | 'bits'> {
  const start = Math.floor(cursor / unit) * unit
  const whole = cursor + width <= start + unit
  const offset = whole ? start / 8 : Math.floor(cursor / 8)
  return { offset, bits: { shift: cursor - offset * 8, width } }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

/** The members by name, those of nameless structures among them, at their place in the whole. */
export function namedMembers(type: AggregateType, base = 0): Member[] {
  return type.members.flatMap((member) => {
    const offset = base + member.offset
    if (member.name !== undefined) return [{ ...member, offset }]
    return isAggregate(member.type) ? namedMembers(member.type, offset) : []
  })
}

export function isAggregate(type: CType): type is AggregateType {
  return type.kind === 'struct' || type.kind === 'union'
}
