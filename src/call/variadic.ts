import { types } from '../abi/names.ts'
import type { CType, Parameter, Signature } from '../abi/types.ts'
import { describe, wrongKind } from './complaint.ts'

/** One call of a variadic function: the types of its values, as one word, and the values. */
export interface VariadicCall<T extends object> {
  readonly key: string
  readonly types: readonly (string | T)[]
  readonly values: readonly unknown[]
}

/** Of types that are objects: what they are called in keys. */
const numbers = new WeakMap<object, number>()
let numbered = 0

/** No text of a type is like the key of an object. */
function keyOf(type: string | object): string {
  if (typeof type === 'string') return `${type};`
  const number = numbers.get(type) ?? ++numbered
  numbers.set(type, number)
  return `#${number}`
}

/**
 * Takes the values behind `...` apart: each is a pair of its type and itself, such as `['double', 1.5]`. `isType`
 * knows the types that are objects.
 */
export function takeApart<T extends object>(
  signature: Signature,
  values: readonly unknown[],
  isType: (type: unknown) => type is T,
): VariadicCall<T> {
  const { name, parameters } = signature
  const fixed = parameters.filter(({ direction }) => direction !== 'out').length
  if (values.length < fixed)
    throw new TypeError(
      `${name} takes at least ${fixed} argument${fixed === 1 ? '' : 's'}, not ${values.length}`,
    )
  const pairs = values.slice(fixed).map((pair, index) => {
    const isPair = Array.isArray(pair) && pair.length === 2
    if (!isPair || !(typeof pair[0] === 'string' || isType(pair[0])))
      throw wrongKind(
        `${name}: argument ${parameters.length + index + 1}`,
        "a type and a value, such as ['double', 1.5]",
        pair,
      )
    return pair as [string | T, unknown]
  })
  return {
    key: pairs.map(([type]) => keyOf(type)).join(''),
    types: pairs.map(([type]) => type),
    values: [...values.slice(0, fixed), ...pairs.map(([, value]) => value)],
  }
}

/** The signature of one such call; small types are widened, as C does behind `...`. */
export function withTypes<T>(
  { name, result, parameters }: Signature,
  types: readonly T[],
  resolve: (type: T) => CType,
): Signature {
  const more = types.map((given): Parameter => {
    const type = resolve(given)
    if (type.kind === 'array') {
      const text = typeof given === 'string' ? describe(given) : String(given)
      throw new TypeError(`${name}: ${text} is no type of an argument; write a pointer`)
    }
    return { name: undefined, type: widened(type) }
  })
  return { name, result, parameters: [...parameters, ...more] }
}

/** The default argument promotions (C11, 6.5.2.2). */
function widened(type: CType): CType {
  if (type.kind === 'float') return types.double
  const small = type.kind === 'bool' || (type.kind === 'integer' && type.size < 4)
  return small ? types.int : type
}
