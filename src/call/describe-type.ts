import { sizeOf } from '../abi/layout.ts'
import type { AggregateType, CType } from '../abi/types.ts'
import { TAG } from '../protocol/protocol.ts'

/** The largest structure that travels in registers, in bytes. */
const IN_REGISTERS = 16
/** Scalars of a structure that are looked at: beyond them it travels in memory, whatever they are. */
const MOST_LEAVES = 64

interface Leaf {
  readonly offset: number
  readonly size: number
  readonly float: boolean
}

/** The scalar tag of a type that is one word. */
export function tagOf(type: CType): number {
  switch (type.kind) {
    case 'void':
      return TAG.VOID
    case 'bool':
      return TAG.BOOL
    case 'enum':
      return TAG.I32
    case 'float':
      return type.size === 4 ? TAG.F32 : TAG.F64
    case 'integer': {
      const unsigned = { 1: TAG.U8, 2: TAG.U16, 4: TAG.U32, 8: TAG.U64 }[type.size]
      return type.signed ? unsigned + 1 : unsigned
    }
    case 'pointer':
      return TAG.POINTER
    default:
      throw new TypeError(`${type.kind} is no type of one word`)
  }
}

/** A type as the host reads it: a tag, and of a structure `TAG.AGGREGATE`, size, alignment, count and so many tags. */
export function describeAggregate(type: AggregateType, called: string): number[] {
  const elements = elementsOf(type, called)
  return [TAG.AGGREGATE, type.size, type.align, elements.length, ...elements]
}

/**
 * What libffi needs to know to choose registers: one to eight bytes at a time, whether there is anything but
 * floating-point numbers in them (System V ABI for x86-64, 3.2.3; AAPCS64, 6.8.2).
 */
function elementsOf(type: AggregateType, called: string): number[] {
  const leaves: Leaf[] = []
  collect(type, 0, leaves)
  if (type.size > IN_REGISTERS) {
    const size = leaves[0]?.size
    const homogeneous =
      leaves.length <= 4 && leaves.every((leaf) => leaf.float && leaf.size === size)
    if (homogeneous && leaves.length * (size ?? 0) === type.size)
      return leaves.map((leaf) => (leaf.size === 4 ? TAG.F32 : TAG.F64))
    return [TAG.U64, TAG.U64, TAG.U64]
  }
  if (leaves.some(({ offset, size }) => offset % size !== 0))
    throw new TypeError(
      `${called}: ${type.kind} ${type.name ?? ''} is packed and small: C compilers disagree on how it travels by value; pass a pointer to it`,
    )
  const elements: number[] = []
  for (let start = 0; start < type.size; start += 8) {
    const bytes = Math.min(8, type.size - start)
    const inside = leaves.filter(({ offset }) => offset >= start && offset < start + 8)
    elements.push(...wordElements(inside, bytes))
  }
  return elements
}

function wordElements(leaves: readonly Leaf[], bytes: number): number[] {
  if (leaves.length > 0 && leaves.every(({ float }) => float)) {
    if (leaves.some(({ size }) => size === 8)) return [TAG.F64]
    return new Set(leaves.map(({ offset }) => offset)).size === 1 ? [TAG.F32] : [TAG.F32, TAG.F32]
  }
  const elements: number[] = []
  let left = bytes
  for (const [size, tag] of [
    [8, TAG.U64],
    [4, TAG.U32],
    [2, TAG.U16],
    [1, TAG.U8],
  ] as const)
    for (; left >= size; left -= size) elements.push(tag)
  return elements
}

function collect(type: CType, offset: number, leaves: Leaf[]): void {
  if (leaves.length > MOST_LEAVES) return
  if (type.kind === 'struct' || type.kind === 'union') {
    for (const member of type.members) {
      // Where a bit-field's type would be read may lie before its bits.
      const at = offset + member.offset + (member.bits === undefined ? 0 : member.bits.shift >> 3)
      if (member.bits === undefined) collect(member.type, at, leaves)
      else leaves.push({ offset: at, size: 1, float: false })
    }
  } else if (type.kind === 'array') {
    const size = sizeOf(type.of)
    const most = Math.min(type.length ?? 0, MOST_LEAVES + 1)
    for (let index = 0; index < most; index++) collect(type.of, offset + index * size, leaves)
  } else {
    leaves.push({ offset, size: sizeOf(type), float: type.kind === 'float' })
  }
}
