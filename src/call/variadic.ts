import { types } from '../abi/names.ts'
import type { CType, Parameter, Signature } from '../abi/types.ts'
import { describe, wrongKind } from './complaint.ts'

/** One call of a variadic function: the types of its values, as one word, and the values. */
export interface VariadicCall {
  readonly key: string
  readonly types: readonly string[]
  readonly values: readonly unknown[]
}

/** Takes the values behind `...` apart: each is a pair of its type and itself, such as `['double', 1.5]`. */
export function takeApart(signature: Signature, values: readonly unknown[]): VariadicCall {
  const { name, parameters } = signature
  const fixed = parameters.filter(({ direction }) => direction !== 'out').length
  if (values.length < fixed)
    throw new TypeError(
      `${name} takes at least ${fixed} argument${fixed === 1 ? '' : 's'}, not ${values.length}`,
    )
  const pairs = values.slice(fixed).map((pair, index) => {
    const isPair = Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string'
    if (!isPair)
      throw wrongKind(
        `${name}: argument ${parameters.length + index + 1}`,
        "a type and a value, such as ['double', 1.5]",
        pair,
      )
    return pair as [string, unknown]
  })
  return {
    key: pairs.map(([type]) => type).join(','),
    types: pairs.map(([type]) => type),
    values: [...values.slice(0, fixed), ...pairs.map(([, value]) => value)],
  }
}

/** The signature of one such call; small types are widened, as C does behind `...`. */
export function withTypes(
  { name, result, parameters }: Signature,
  texts: readonly string[],
  parse: (text: string) => { readonly type: CType; readonly array: boolean },
): Signature {
  const more = texts.map((text): Parameter => {
    const { type, array } = parse(text)
    if (array)
      throw new TypeError(`${name}: ${describe(text)} is no type of an argument; write a pointer`)
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
