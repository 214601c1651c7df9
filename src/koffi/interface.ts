/** What koffi has, by koffi's names. */
import { countCallbacks } from './callbacks.ts'
import { type } from './define.ts'
import type { PrimitiveName } from './primitive-names.ts'
import { isStarted } from './process.ts'
import { primitives, resetNames } from './registry.ts'
import { change, stats as counters, type KoffiConfig, settings } from './settings.ts'
import { resolve as resolveType, type TypeSpec } from './specifier.ts'
import { objectOf, type TypeObject } from './type-object.ts'
import { makeUnion, type UnionValue } from './union-value.ts'

export { address, alloc, call, decode, encode, free, view } from './access.ts'
export { register, unregister } from './callbacks.ts'
export type { ArrayHint, TypeSpecWithAlignment } from './define.ts'
export {
  alias,
  alignof,
  array,
  as,
  disposable,
  enumeration,
  inout,
  input as in,
  offsetof,
  opaque,
  out,
  pack,
  pointer,
  proto,
  sizeof,
  struct,
  type,
  union,
} from './define.ts'
export { errno, os } from './errno.ts'
export type { KoffiFunction } from './function.ts'
export type { LoadOptions } from './library.ts'
export { LibraryHandle, load } from './library.ts'
export { node } from './node.ts'
export type { IsolationOptions } from './process.ts'
export { isolate } from './process.ts'
export type { PrototypeInfo } from './type-object.ts'
export { TypeObject } from './type-object.ts'
export type { KoffiConfig, TypeSpec }

/** A function with the types that the program knows it to have. */
// biome-ignore lint/suspicious/noExplicitAny: as koffi declares it
export type KoffiFunc<T extends (...args: any) => any> = T & {
  // biome-ignore lint/suspicious/noExplicitAny: as koffi declares it
  async: (...args: [...Parameters<T>, (err: any, result: ReturnType<T>) => void]) => void
  info: import('./type-object.ts').PrototypeInfo
}

export interface KoffiStats {
  disposed: number
  callbacks: number
}

/** The version of koffi whose interface this is. */
export const version = '3.3.4'
export const extension = '.so'
export const internal = false

/** The primitive types by their names. */
export const types = Object.fromEntries(
  primitives().map(([name, info]) => [name, objectOf(info)]),
) as Readonly<Record<PrimitiveName, TypeObject>>

/** A union with one member at most, for C to read, or for what C leaves in it. */
export const Union = function (this: unknown, spec: TypeSpec): UnionValue {
  if (new.target === undefined)
    throw new TypeError('This function is a constructor and must be called with new')
  const info = resolveType(spec)
  if (info.primitive !== 'Union') throw new TypeError(`Expected union type, got ${info.primitive}`)
  return makeUnion(info)
} as unknown as {
  // biome-ignore lint/suspicious/noExplicitAny: the members of any union
  new (type: TypeSpec): { [member: string]: any }
}

export function config(wanted?: KoffiConfig): Required<KoffiConfig> {
  if (wanted !== undefined) {
    if (isStarted())
      throw new Error('Cannot change Koffi configuration once a library has been loaded')
    change(wanted)
  }
  return { ...settings }
}

export function stats(): KoffiStats {
  return { disposed: counters.disposed, callbacks: countCallbacks() }
}

/** Forgets the names of types that the program gave. */
export function reset(): void {
  resetNames()
}

/** @deprecated Use `type`. */
export const resolve = type
/** @deprecated Use `type`. */
export const introspect = type
