import type { FunctionType } from '../abi/types.ts'
import { Callback } from '../memory/callback.ts'
import type { Target } from '../memory/place.ts'
import { pointerOf } from '../memory/pointer.ts'
import { wrongKind } from './complaint.ts'

/** What C calls for a value that stands for a function pointer: 0 for `null`. */
export function callbackAddress(
  value: unknown,
  type: FunctionType,
  label: string,
  target: Target,
): number {
  if (value === null) return 0
  const pointer = pointerOf(value)
  // Addresses of a process fit a number.
  if (pointer !== undefined) return Number(pointer.in(target.owner))
  if (typeof value === 'function' || value instanceof Callback)
    return target.callback(type, label, value)
  throw wrongKind(label, 'a function, a Callback, a Pointer or null', value)
}
