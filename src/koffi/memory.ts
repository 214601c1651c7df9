/** Memory of the fat thread by address: read as private copies, written as a whole. */
import { array, type Type } from '../index.ts'
import { heap } from './heap.ts'
import { fatThread } from './process.ts'

/** The longest text that is looked for, in bytes. */
const MOST_TEXT = 2 ** 29

const TEXTS = { 1: 'char[]', 2: 'char16_t[]', 4: 'char32_t[]' } as const

let bytesType: { readonly length: number; readonly type: Type<Uint8Array> } = {
  length: 1,
  type: array('uint8_t', 1),
}

function typeOfBytes(length: number): Type<Uint8Array> {
  if (bytesType.length !== length) bytesType = { length, type: array('uint8_t', length) }
  return bytesType.type
}

export function readMemory(address: bigint, bytes: number): Uint8Array {
  if (bytes === 0) return new Uint8Array(0)
  const shared = heap().find(address)
  if (shared !== undefined && shared.length >= bytes)
    return new Uint8Array(shared.subarray(0, bytes))
  return fatThread().readSync(pointerAt(address), typeOfBytes(bytes))
}

export function writeMemory(address: bigint, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  const shared = heap().find(address)
  if (shared !== undefined && shared.length >= bytes.length) shared.set(bytes)
  else fatThread().writeSync(pointerAt(address), typeOfBytes(bytes.length), bytes)
}

/** The text up to its zero. */
export function readText(address: bigint, unit: 1 | 2 | 4): string | null {
  if (address === 0n) return null
  return fatThread().readSync(pointerAt(address), TEXTS[unit])
}

/** Elements of so many bytes up to one of zeros. */
export function measure(address: bigint, unit: 1 | 2 | 4 | 8): number {
  let found = 0
  for (let step = 256; ; step *= 2) {
    const length = lengthUntilZero(
      readAsFarAs(address + BigInt(found * unit), step * unit, unit),
      unit,
    )
    found += length
    if (length < step) return found
    if (found * unit > MOST_TEXT) throw new RangeError(`there is no end within ${MOST_TEXT} bytes`)
  }
}

export function lengthUntilZero(bytes: Uint8Array, unit: 1 | 2 | 4 | 8): number {
  const count = Math.floor(bytes.length / unit)
  if (unit === 1) {
    const end = bytes.indexOf(0)
    return end === -1 ? count : end
  }
  for (let index = 0; index < count; index++) {
    const element = bytes.subarray(index * unit, (index + 1) * unit)
    if (element.every((byte) => byte === 0)) return index
  }
  return count
}

/** Near the end of what can be read, fewer bytes, but at least one element. */
function readAsFarAs(address: bigint, bytes: number, unit: number): Uint8Array {
  try {
    return readMemory(address, bytes)
  } catch (error) {
    if (!(error instanceof RangeError) || bytes <= unit) throw error
    const page = 4096 - Number(address % 4096n)
    const fewer = page < bytes && page >= unit ? page - (page % unit) : unit
    return readMemory(address, fewer)
  }
}

function pointerAt(address: bigint) {
  return fatThread().pointer(BigInt.asUintN(64, address))
}
