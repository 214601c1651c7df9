import { sizeOf } from '../abi/layout.ts'
import type { AggregateType, CType, Member } from '../abi/types.ts'
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
      return type.sign === 'unsigned' ? TAG.U32 : TAG.I32
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
  const words = Array.from({ length: Math.ceil(type.size / 8) }, (_, word) =>
    leaves.filter(({ offset }) => offset >> 3 === word),
  )
  // A first word of nothing but padding can't be told to libffi.
  if (words[0]?.length === 0 || leaves.some(({ offset, size }) => offset % size !== 0))
    throw new TypeError(
      `${called}: ${type.kind} ${type.name ?? ''} is packed and small: C compilers disagree on how it travels by value; pass a pointer to it`,
    )
  return words.flatMap((inside, word) => wordElements(inside, Math.min(8, type.size - word * 8)))
}

/** The elements that fill a word, or none for one of padding. */
function wordElements(leaves: readonly Leaf[], bytes: number): number[] {
  if (leaves.length === 0) return []
  if (leaves.every(({ float }) => float)) {
    if (bytes < 8) return [TAG.F32]
    const isPair = leaves.every(({ size }) => size === 4) && leaves.some(({ offset }) => offset % 8)
    return isPair && leaves.some(({ offset }) => offset % 8 === 0) ? [TAG.F32, TAG.F32] : [TAG.F64]
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
      const at = offset + member.offset
      if (member.bits === undefined || isWhole(member)) {
        collect(member.type, at, leaves)
        continue
      }
      // GCC looks at those of a union as at whole members.
      if (type.kind === 'union')
        leaves.push({ offset: at, size: sizeOf(member.type), float: false })
      const { shift, width } = member.bits
      if (width === 0) continue
      for (const bit of [shift, shift + width - 1])
        leaves.push({ offset: at + (bit >> 3), size: 1, float: false })
    }
  } else if (type.kind === 'array') {
    const size = sizeOf(type.of)
    const most = Math.min(type.length ?? 0, MOST_LEAVES + 1)
    for (let index = 0; index < most; index++) collect(type.of, offset + index * size, leaves)
  } else {
    leaves.push({ offset, size: sizeOf(type), float: type.kind === 'float' })
  }
}

/** GCC takes a bit-field that fills an aligned place of its type for an ordinary member. */
function isWhole({ type, offset, bits }: Member): boolean {
  const size = sizeOf(type)
  return bits?.shift === 0 && bits.width === size * 8 && offset % size === 0
}
