/** CK_MECHANISM: type, pointer to a parameter, its length. */
import type { Frame, Place } from '../frame.ts'
import { type Ulong, writeUlong } from '../words.ts'
import { placeStructure, type Structure } from './field.ts'

/** A structure and what stands in it. */
export interface Structured {
  readonly structure: Structure
  readonly values: object
}

/** Bytes as they are, one CK_ULONG, or a structure. */
export type Parameter = Uint8Array | Ulong | Structured | null | undefined

export interface Mechanism {
  readonly mechanism: Ulong
  readonly parameter?: Parameter
}

const MECHANISM_BYTES = 24

/** A parameter in a frame. */
export interface PlacedParameter {
  readonly address: number
  readonly length: number
  /** Copies what the module wrote back into the caller's values: when all calls were good. */
  readonly back: () => void
}

export interface PlacedMechanism {
  readonly address: number
  readonly back: () => void
}

export function placeMechanism(frame: Frame, { mechanism, parameter }: Mechanism): PlacedMechanism {
  const place = frame.zeroed(MECHANISM_BYTES)
  const { address, length, back } = placeParameter(frame, parameter)
  writeUlong(place.view, place.at, mechanism)
  writeUlong(place.view, place.at + 8, address)
  writeUlong(place.view, place.at + 16, length)
  return { address: place.address, back }
}

/** No mechanism at all, which ends an operation that is active. */
export const NO_MECHANISM: PlacedMechanism = { address: 0, back: nothing }

export function placeParameter(frame: Frame, parameter: Parameter): PlacedParameter {
  if (parameter === null || parameter === undefined) return { address: 0, length: 0, back: nothing }
  const backs: (() => void)[] = []
  const { address, size } = placed(frame, parameter, backs)
  const back = (): void => {
    for (const each of backs) each()
  }
  return { address: size === 0 ? 0 : address, length: size, back }
}

function placed(
  frame: Frame,
  parameter: Uint8Array | Ulong | Structured,
  backs: (() => void)[],
): Place {
  if (parameter instanceof Uint8Array) return frame.copy(parameter)
  if (typeof parameter === 'object')
    return placeStructure(parameter.structure, parameter.values, frame, backs)
  return frame.word(parameter)
}

function nothing(): void {}
