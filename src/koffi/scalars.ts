/** Numbers, booleans and pointers between koffi and the public interface. */
import { decodeValue, dispose, viewOf, wrapPointer } from './decode.ts'
import { type Encoding, writeValue } from './encode.ts'
import { type Info, isAggregate, isInteger, isSwapped, stringUnit } from './info.ts'
import { readText } from './memory.ts'
import { readNumber, safest } from './numbers.ts'
import { isText } from './signature.ts'

export function isScalar(info: Info): boolean {
  const { primitive } = info
  return (
    isInteger(info) || primitive === 'Bool' || primitive === 'Float32' || primitive === 'Float64'
  )
}

const scratch = new DataView(new ArrayBuffer(8))

const NOTHING = null as unknown as Encoding

/** A number or a boolean as the function takes it: cut to its size, with its bytes in order. */
export function scalarOf(info: Info, value: unknown): unknown {
  const { primitive } = info
  if (primitive === 'Float64' && typeof value === 'number') return value
  writeValue(info, value, scratch, 0, NOTHING)
  if (primitive === 'Bool') return value
  if (!isInteger(info) || info.size < 8) return readNumber(plain(info), scratch, 0)
  return primitive.startsWith('U') ? scratch.getBigUint64(0, true) : scratch.getBigInt64(0, true)
}

/** The same integer in the processor's byte order. */
function plain(info: Info): Info {
  if (!isSwapped(info)) return info
  const copy = info.derive(info.name)
  copy.primitive = info.primitive.slice(0, -1) as Info['primitive']
  return copy
}

/** A value of the public interface as koffi gives it. */
export function koffiValue(info: Info, value: unknown): unknown {
  if (isAggregate(info)) return decodeValue(info, viewOf(value as Uint8Array), 0)
  if (isSwapped(info)) {
    const copy = plain(info)
    writeValue(copy, value, scratch, 0, NOTHING)
    return readNumber(info, scratch, 0)
  }
  if (typeof value === 'bigint') return safest(value)
  if (isScalar(info) || info.primitive === 'Void' || isText(info)) return value
  const address = (value as { readonly address: bigint } | null)?.address ?? 0n
  const unit = stringUnit(info)
  const found = unit === 0 ? wrapPointer(address) : readText(address, unit)
  if (info.dispose !== undefined) dispose(info.dispose, address)
  return found
}
