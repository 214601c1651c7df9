/** Mechanisms as pkcs11js takes them: a number, and bytes, a number or a structure as parameter. */
import type { Frame } from '../pkcs11/frame.ts'
import { writeUlong } from '../pkcs11/words.ts'
import { bytesOfNumber, bytesOfView, kept, textOf } from './bytes.ts'
import type { Handles } from './handles.ts'
import {
  identityOf,
  keepValues,
  type Placed,
  placeStructure,
  takeStructure,
} from './parameter-structure.ts'
import { DEFINITIONS } from './parameters.ts'

/** Bytes of CK_MECHANISM: type, pointer, length. */
const BYTES = 24

/** What a mechanism's parameter is, when it is laid out. */
interface Parameter {
  place(frame: Frame, handles: Handles, method: string): Placed
  /** The same as it is now. */
  keep(): Parameter
  /** Equal where parameters are; `undefined` where the module may write into it, and for long ones. */
  identity(): string | undefined
}

export class Mechanism {
  readonly #type: number
  readonly #parameter: Parameter | undefined

  constructor(type: number, parameter: Parameter | undefined) {
    this.#type = type
    this.#parameter = parameter
  }

  /** Where CK_MECHANISM is, and what is to be done after the call. */
  place(
    frame: Frame,
    handles: Handles,
    method: string,
  ): { readonly address: number; readonly finish: (() => void) | undefined } {
    const { address, view, at } = frame.zeroed(BYTES)
    writeUlong(view, at, this.#type)
    const placed = this.#parameter?.place(frame, handles, method)
    if (placed !== undefined) {
      writeUlong(view, at + 8, placed.place.address)
      writeUlong(view, at + 16, placed.place.size)
    }
    return { address, finish: placed?.finish }
  }

  /** The same as it is now. */
  keep(): Mechanism {
    return new Mechanism(this.#type, this.#parameter?.keep())
  }

  /** Equal where mechanisms are; `undefined` where the module may write into it, and for long parameters. */
  identity(): number | string | undefined {
    if (this.#parameter === undefined) return this.#type
    const identity = this.#parameter.identity()
    return identity === undefined ? undefined : `${this.#type} ${identity}`
  }
}

/** @throws {TypeError} for what is no mechanism */
export function takeMechanism(value: unknown, index: number): Mechanism {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`Argument ${index} has wrong type. Should be an Object`)
  const { mechanism, parameter } = value as { mechanism?: unknown; parameter?: unknown }
  if (typeof mechanism !== 'number') throw wrongProperty(index, 'mechanism', 'a Number')
  return new Mechanism(mechanism >>> 0, takeParameter(parameter, index))
}

function takeParameter(parameter: unknown, index: number): Parameter | undefined {
  if (parameter === undefined || parameter === null) return undefined
  if (ArrayBuffer.isView(parameter)) return bytesParameter(bytesOfView(parameter))
  if (typeof parameter === 'number') return bytesParameter(bytesOfNumber(parameter >>> 0))
  if (typeof parameter !== 'object') throw wrongProperty(index, 'parameter', 'an Object or Buffer')
  const { type } = parameter as { type?: unknown }
  if (typeof type !== 'number') throw wrongProperty(index, 'type', 'a Number')
  return structureParameter(parameter, type, index)
}

function bytesParameter(bytes: Uint8Array): Parameter {
  return {
    place: (frame) => ({ place: frame.copy(bytes), finish: undefined }),
    keep: () => bytesParameter(kept(bytes)),
    identity: () => textOf(bytes),
  }
}

function structureParameter(given: object, type: number, index: number): Parameter {
  const definition = Object.hasOwn(DEFINITIONS, type) ? DEFINITIONS[type] : undefined
  if (definition === undefined) throw wrongProperty(index, 'type', 'one of CK_PARAMS_…')
  const make = (values: ReturnType<typeof takeStructure>): Parameter => ({
    place: (frame, handles, method) => placeStructure(definition, values, frame, handles, method),
    keep: () => make(keepValues(definition, values)),
    identity: () => identityOf(definition, values),
  })
  return make(takeStructure(definition, given))
}

function wrongProperty(index: number, property: string, wanted: string): TypeError {
  return new TypeError(
    `Argument ${index} has wrong type. Property '${property}' should be ${wanted}`,
  )
}
