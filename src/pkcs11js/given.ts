/** Arguments: checked as pkcs11js does, with its messages, and taken apart into what can't be wrong any more. */
import { types } from 'node:util'
import type { Ulong } from '../pkcs11/words.ts'
import { bytesOfView, kept } from './bytes.ts'
import { HANDLE_BYTES, wordOf } from './handles.ts'
import { type Mechanism, takeMechanism } from './mechanism.ts'
import { type Attribute, takeTemplate } from './template.ts'

/** By what a parameter takes. */
export interface Taken {
  slot: Ulong
  session: Ulong
  object: Ulong
  number: number
  pin: string
  label: string
  bytes: Uint8Array
  /** Written by the module, wholly. */
  random: Uint8Array
  /** Written by the module, as far as it says. */
  output: Uint8Array
  mechanism: Mechanism
  template: readonly Attribute[]
}

export type Kind = keyof Taken

type Take<K extends Kind> = (value: unknown, index: number) => Taken[K]

const takes: { readonly [K in Kind]: Take<K> } = {
  slot: takeHandle,
  session: takeHandle,
  object: takeHandle,
  number: takeNumber,
  pin: takeString,
  label: takeString,
  bytes: takeBytes,
  random: takeBytes,
  output: takeOutput,
  mechanism: takeMechanism,
  template: takeTemplate,
}

/**
 * The arguments of a method, each as its kind says.
 * @throws {TypeError} for the first that is wrong
 */
export function takeAll(kinds: readonly Kind[], values: readonly unknown[]): Taken[Kind][] {
  const taken = new Array<Taken[Kind]>(kinds.length)
  for (let index = 0; index < kinds.length; index++)
    taken[index] = takes[kinds[index] as Kind](values[index], index)
  return taken
}

/** @throws {TypeError} where there are more or fewer */
export function requireCount(expected: number, values: readonly unknown[]): void {
  if (values.length === expected) return
  throw new TypeError(
    `Parameters are required. Expected ${expected} arguments, but received ${values.length}.`,
  )
}

function wrongType(index: number, wanted: string): TypeError {
  return new TypeError(`Argument ${index} has wrong type. Should be ${wanted}`)
}

function takeHandle(value: unknown, index: number): Ulong {
  if (!ArrayBuffer.isView(value)) throw wrongType(index, 'a Buffer')
  if (value.byteLength !== HANDLE_BYTES)
    throw new TypeError(`Argument ${index} has wrong length. Should be ${HANDLE_BYTES} bytes.`)
  return wordOf(value)
}

function takeNumber(value: unknown, index: number): number {
  if (typeof value !== 'number') throw wrongType(index, 'a Number')
  return value >>> 0
}

function takeString(value: unknown, index: number): string {
  if (typeof value !== 'string') throw wrongType(index, 'a String')
  return value
}

function takeBytes(value: unknown, index: number): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw wrongType(index, 'a Buffer')
  return bytesOfView(value)
}

/** A part of it is the result, so it stays what it is: a Buffer, where Uint8Array is another realm's as well. */
function takeOutput(value: unknown, index: number): Uint8Array {
  return types.isUint8Array(value) ? value : takeBytes(value, index)
}

/** @throws {TypeError} for what can't be called */
export function requireCallback(value: unknown, index: number): void {
  if (typeof value !== 'function') throw wrongType(index, 'a Function')
}

/**
 * The same arguments as they are now, for a call that is made later: bytes that are read are copied, those that are
 * written stay the program's.
 */
export function keepAll(kinds: readonly Kind[], values: readonly Taken[Kind][]): Taken[Kind][] {
  return kinds.map((kind, index) => {
    const value = values[index] as Taken[Kind]
    if (kind === 'bytes') return kept(value as Uint8Array)
    if (kind === 'template') return (value as readonly Attribute[]).map(keepAttribute)
    return kind === 'mechanism' ? (value as Mechanism).keep() : value
  })
}

function keepAttribute(attribute: Attribute): Attribute {
  return { ...attribute, value: attribute.value && kept(attribute.value) }
}
