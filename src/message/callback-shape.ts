import { isAggregate } from '../abi/layout.ts'
import type { CType, FunctionType } from '../abi/types.ts'
import { toCallable } from '../call/callable-pointer.ts'
import { decodeWord } from '../call/decode.ts'
import { describeAggregate, tagOf } from '../call/describe-type.ts'
import { encode } from '../call/encode.ts'
import { makePlan, pointedFunction, type ResultKind, resultKind, textUnit } from '../call/plan.ts'
import type { Unit } from '../call/text.ts'
import type { CallbackShape } from '../channel/callback-shape.ts'
import type { Steps } from '../channel/follow.ts'
import type { Target } from '../memory/place.ts'
import type { Pointer } from '../memory/pointer.ts'
import type { Views } from '../memory/views.ts'
import { LIMITS } from '../protocol/protocol.ts'
import { textAt, valueAt } from './texts.ts'

const shapes = new WeakMap<FunctionType, Map<string, CallbackShape>>()

/**
 * A function type, worked out once.
 * @throws {TypeError} for a type that no function of JavaScript has
 */
export function shapeOf(type: FunctionType, label: string): CallbackShape {
  let labelled = shapes.get(type)
  if (labelled === undefined) {
    labelled = new Map()
    shapes.set(type, labelled)
  }
  let shape = labelled.get(label)
  if (shape === undefined) {
    shape = makeShape(type, label)
    labelled.set(label, shape)
  }
  return shape
}

/** An argument is its word, or stands where the word points to. */
type Kind = ResultKind | 'aggregate'

function makeShape({ result, parameters, variadic }: FunctionType, label: string): CallbackShape {
  if (variadic) throw new TypeError(`${label} is variadic, which no function of JavaScript can be`)
  const types = parameters.map(({ type }) => type)
  const kinds = types.map(kindOf)
  const functions = types.map(pointedFunction)
  const described = [result, ...types].flatMap((type) =>
    isAggregate(type) ? describeAggregate(type, label) : [tagOf(type)],
  )
  const own = result.kind === 'void' ? undefined : resultPlan(result, label)
  const far = kinds.map((kind, index) => (isElsewhere(kind) ? index : -1)).filter((at) => at >= 0)
  return {
    label,
    key: described.join(),
    types: Uint32Array.from(described),
    decode: (near, at, beyond, beyondAt, owner) => {
      const values: unknown[] = []
      for (let index = 0; index < kinds.length; index++) {
        const isNear = index < LIMITS.INLINE_WORDS
        const views = isNear ? near : beyond
        const word = isNear ? at + index * 8 : beyondAt + (index - LIMITS.INLINE_WORDS) * 8
        const value = decodeArgument(kinds[index] as Kind, views, word, owner)
        const called = functions[index]
        values.push(
          called === undefined ? value : toCallable(value as Pointer | null, called, owner),
        )
      }
      return values
    },
    fetch:
      far.length === 0
        ? undefined
        : (values, owner) => fetchArguments(far, kinds, types, values, owner),
    points: isAggregate(result) || result.kind === 'pointer',
    encode: (value, target) => {
      if (own !== undefined) encodeResult(own, value, target)
    },
  }
}

function resultPlan(result: CType, label: string): ReturnType<typeof makePlan> {
  const parameters = [{ name: 'result', type: result }]
  return makePlan({ name: label, result: { kind: 'void' }, parameters })
}

function encodeResult(plan: ReturnType<typeof makePlan>, value: unknown, target: Target): void {
  encode(plan, [value], target)
}

function kindOf(type: CType): Kind {
  return isAggregate(type) ? 'aggregate' : resultKind(type)
}

function isElsewhere(kind: Kind): boolean {
  return kind === 'aggregate' || kind === 'latin1' || kind.startsWith('text')
}

/** What stands elsewhere is an address for now. */
function decodeArgument(kind: Kind, views: Views, at: number, owner: object): unknown {
  return isElsewhere(kind) ? views.u64[at >> 3] : decodeWord(kind as ResultKind, views, at, owner)
}

function* fetchArguments(
  far: readonly number[],
  kinds: readonly Kind[],
  types: readonly CType[],
  values: unknown[],
  owner: object,
): Steps<unknown[]> {
  for (const index of far) {
    const address = values[index] as bigint
    const type = types[index] as CType
    values[index] =
      kinds[index] === 'aggregate'
        ? yield* valueAt(address, type, owner)
        : yield* fetchText(address, type, owner)
  }
  return values
}

function* fetchText(address: bigint, type: CType, owner: object): Steps<string | null> {
  if (address === 0n || type.kind !== 'pointer') return null
  return yield* textAt(address, textUnit(type.to) as Unit, owner)
}
