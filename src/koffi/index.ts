/**
 * koffi's interface on fat threads: a program becomes isolated when it imports `fat-threads/koffi` instead of
 * `koffi`. All its libraries live in one fat thread, which is begun by the first `load` and closed with the program.
 */
import { address, alloc, call, decode, encode, free, view } from './access.ts'
import { countCallbacks, register, unregister } from './callbacks.ts'
import {
  alias,
  alignof,
  array,
  as,
  disposable,
  enumeration,
  inout,
  input,
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
import { errno, os } from './errno.ts'
import { LibraryHandle, load } from './library.ts'
import { node } from './node.ts'
import type { PrimitiveName } from './primitive-names.ts'
import { isolate, isStarted } from './process.ts'
import { primitives, resetNames } from './registry.ts'
import { change, stats as counters, type KoffiConfig, settings } from './settings.ts'
import { resolve as resolveType, type TypeSpec } from './specifier.ts'
import { objectOf, TypeObject } from './type-object.ts'
import { makeUnion, type UnionValue } from './union-value.ts'

export type { ArrayHint, TypeSpecWithAlignment } from './define.ts'
export type { KoffiFunction } from './function.ts'
export type { LoadOptions } from './library.ts'
export type { IsolationOptions } from './process.ts'
export type { PrototypeInfo } from './type-object.ts'
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
const version = '3.3.4'
const extension = '.so'
const internal = false

/** The primitive types by their names. */
const types = Object.fromEntries(
  primitives().map(([name, info]) => [name, objectOf(info)]),
) as Readonly<Record<PrimitiveName, TypeObject>>

/** A union with one member at most, for C to read, or for what C leaves in it. */
const Union = function (this: unknown, spec: TypeSpec): UnionValue {
  if (new.target === undefined)
    throw new TypeError('This function is a constructor and must be called with new')
  const info = resolveType(spec)
  if (info.primitive !== 'Union') throw new TypeError(`Expected union type, got ${info.primitive}`)
  return makeUnion(info)
} as unknown as {
  // biome-ignore lint/suspicious/noExplicitAny: the members of any union
  new (type: TypeSpec): { [member: string]: any }
}

function config(wanted?: KoffiConfig): Required<KoffiConfig> {
  if (wanted !== undefined) {
    if (isStarted())
      throw new Error('Cannot change Koffi configuration once a library has been loaded')
    change(wanted)
  }
  return { ...settings }
}

function stats(): KoffiStats {
  return { disposed: counters.disposed, callbacks: countCallbacks() }
}

/** Forgets the names of types that the program gave. */
function reset(): void {
  resetNames()
}

/** @deprecated Use `type`. */
const resolve = type
/** @deprecated Use `type`. */
const introspect = type

const koffi = {
  LibraryHandle,
  TypeObject,
  Union,
  address,
  alias,
  alignof,
  alloc,
  array,
  as,
  call,
  config,
  decode,
  disposable,
  encode,
  enumeration,
  errno,
  extension,
  free,
  in: input,
  inout,
  internal,
  introspect,
  isolate,
  load,
  node,
  offsetof,
  opaque,
  os,
  out,
  pack,
  pointer,
  proto,
  register,
  reset,
  resolve,
  sizeof,
  stats,
  struct,
  type,
  types,
  union,
  unregister,
  version,
  view,
}

export {
  address,
  alias,
  alignof,
  alloc,
  array,
  as,
  call,
  config,
  decode,
  disposable,
  encode,
  enumeration,
  errno,
  extension,
  free,
  inout,
  input as in,
  internal,
  introspect,
  isolate,
  LibraryHandle,
  load,
  node,
  offsetof,
  opaque,
  os,
  out,
  pack,
  pointer,
  proto,
  register,
  reset,
  resolve,
  sizeof,
  stats,
  struct,
  TypeObject,
  type,
  types,
  Union,
  union,
  unregister,
  version,
  view,
}

export default koffi
