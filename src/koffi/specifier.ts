/** What programs name types by: texts, type objects, and both with a direction. */
import { type Directions, type Info, isPointer } from './info.ts'
import { anonymousName, arrayOf, find, pointerTo, remember } from './registry.ts'
import { settings } from './settings.ts'
import { infoOf, type TypeObject } from './type-object.ts'
import { kindOf } from './value-kind.ts'

/** What `out` and `inout` give. */
export class DirectionMarker {
  declare private readonly __brand: 'IKoffiDirectionMarker'
  /** @internal */
  readonly info: Info
  /** @internal */
  readonly directions: Directions

  /** @internal */
  constructor(info: Info, directions: Directions) {
    this.info = info
    this.directions = directions
  }
}

/** A type as programs name it. */
export type TypeSpec = string | TypeObject | DirectionMarker

const DIRECTIONS: Readonly<Record<string, Directions>> = { _In_: 1, _Out_: 2, _Inout_: 3 }

export function directionsOf(word: string): Directions | undefined {
  return Object.hasOwn(DIRECTIONS, word) ? DIRECTIONS[word] : undefined
}

export function resolve(spec: unknown): Info {
  return resolveDirected(spec).type
}

export function resolveDirected(spec: unknown): {
  readonly type: Info
  readonly directions: Directions
} {
  if (spec instanceof DirectionMarker) return { type: spec.info, directions: spec.directions }
  if (typeof spec === 'string') return resolveText(spec)
  const type = infoOf(spec)
  if (type !== undefined) return { type, directions: 1 }
  throw new TypeError(`Unexpected ${kindOf(spec)} value as type specifier, expected string or type`)
}

function resolveText(text: string): { readonly type: Info; readonly directions: Directions } {
  const known = find(text)
  if (known !== undefined) return { type: known, directions: 1 }
  const [, word = ''] = /^\s*(\w+)/.exec(text) ?? []
  const directions = directionsOf(word)
  const type = parseSpecifier(directions === undefined ? text : text.replace(word, ''))
  if (type === undefined) throw new TypeError(`Unknown or invalid type name '${text}'`)
  return { type, directions: directions ?? 1 }
}

/** A type with its stars, brackets and exclamation marks, such as `const char *!` or `int [3]`. */
export function parseSpecifier(text: string): Info | undefined {
  const [, name = '', behind = ''] =
    /^\s*(?:const\b\s*)*([A-Za-z_]\w*(?:\s+[A-Za-z_]\w*)*?)?\s*((?:[*![].*|const\b.*)?)$/s.exec(
      text,
    ) ?? []
  if (name === '' && behind === '') return undefined
  let type = find(name.replace(/\s+const$/, '')) ?? find(name.replace(/\s+/g, ' '))
  if (type === undefined) return undefined
  for (let rest = behind.trim(); rest !== ''; rest = rest.trim()) {
    const [part = '', length] = /^(?:\*|!|const\b|\[\s*(\d+)\s*\])/.exec(rest) ?? []
    if (part === '')
      throw new Error(
        rest.startsWith('[')
          ? 'Invalid array length'
          : `Unexpected character '${rest[0]}' in type specifier`,
      )
    rest = rest.slice(part.length)
    if (part === '*') type = pointerTo(type)
    else if (part === '!') type = disposableOf(type)
    else if (length !== undefined) type = namedArray(type, Number(length))
  }
  return type
}

function namedArray(ref: Info, length: number): Info {
  if (ref.size === 0 || ref.primitive === 'Void')
    throw new TypeError('Cannot make array of empty or incomplete type')
  if (length === 0) return pointerTo(ref)
  requireLength(ref, length)
  const name = `${ref.name}[${length}]`
  const known = find(name)
  if (known !== undefined) return known
  const made = arrayOf(ref, length)
  remember(name, made)
  return made
}

export function requireLength(ref: Info, length: number): void {
  const most = Math.floor(settings.max_type_size / ref.size)
  if (length > most) throw new TypeError(`Array length is too high (max = ${most})`)
}

function disposableOf(type: Info): Info {
  if (!isPointer(type)) throw new Error('Cannot create disposable type for non-pointer')
  const copy = type.derive(anonymousName())
  copy.dispose = 'free'
  return copy
}
