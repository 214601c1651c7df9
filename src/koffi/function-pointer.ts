/** C functions at addresses. */
import { callback, type UntypedFunction } from '../index.ts'
import { functionAddress } from './callbacks.ts'
import { type KoffiFunction, makeFunction } from './function.ts'
import type { FunctionInfo } from './info.ts'
import { fatThread } from './process.ts'
import { signatureOf } from './signature.ts'

export function callableAt(proto: FunctionInfo, address: bigint): KoffiFunction {
  const { text, types } = signatureOf(proto)
  const thread = fatThread()
  const target = thread.call(thread.pointer(address), callback(text, types))
  return makeFunction(proto, target as UntypedFunction, functionAddress)
}
