import { toPointer } from '../memory/pointer.ts'
import type { Views } from '../memory/views.ts'
import type { ResultKind } from './plan.ts'

/**
 * The value of a result word, read once. Every bit pattern is some value of the declared type:
 * a library that lies about its types is converted, never believed.
 */
export function decodeWord(kind: ResultKind, views: Views, at: number, owner: object): unknown {
  switch (kind) {
    case 'void':
      return undefined
    case 'bool':
      return views.u8[at] !== 0
    case 'i8':
      return ((views.i32[at >> 2] as number) << 24) >> 24
    case 'u8':
      return (views.i32[at >> 2] as number) & 0xff
    case 'i16':
      return ((views.i32[at >> 2] as number) << 16) >> 16
    case 'u16':
      return (views.i32[at >> 2] as number) & 0xffff
    case 'i32':
      return views.i32[at >> 2]
    case 'u32':
      return views.u32[at >> 2]
    case 'i64':
      return views.i64[at >> 3]
    case 'u64':
      return views.u64[at >> 3]
    case 'f32':
      return views.f32[at >> 2]
    case 'f64':
      return views.f64[at >> 3]
    default:
      return toPointer(views.u64[at >> 3] as bigint, owner)
  }
}
