/** Functions as koffi declares them: C prototypes, or a name, a result and parameters. */
import {
  type Directions,
  type FunctionInfo,
  type Info,
  isPointer,
  type ParameterInfo,
} from './info.ts'
import { voidType } from './registry.ts'
import { directionsOf, parseSpecifier, resolve, resolveDirected } from './specifier.ts'
import { kindOf } from './value-kind.ts'

const MOST_PARAMETERS = 64

/** On the processors that are supported here, all of them are the same. */
const CONVENTIONS = new Set(['__cdecl', '__stdcall', '__fastcall', '__thiscall'])

/** A function whose name may be missing. */
export type Prototype = Omit<FunctionInfo, 'name'> & { readonly name: string | undefined }

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

function isIdentifier(text: string | undefined): boolean {
  return text !== undefined && /^[A-Za-z_]/.test(text)
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = [...text.matchAll(/[\p{XIDS}_][\p{XIDC}]*|\d+(?:\.\d+)?|\.\.\.|\S/gu)].map(
      ({ 0: token, index }) => ({ text: token, start: index, end: index + token.length }),
    )
  }

  prototype(concrete: boolean): Prototype {
    const { type: result } = this.#type(false)
    requireResult(result, Error)
    if (CONVENTIONS.has(this.#next ?? '')) this.#at++
    const name = isIdentifier(this.#next) ? this.#take() : undefined
    if (name === undefined && (concrete || this.#next === undefined))
      throw this.#failure('expected identifier')
    this.#expect('(')
    const parameters: ParameterInfo[] = []
    let variadic = false
    if (this.#next === 'void' && this.#look(1) === ')') this.#at++
    while (this.#next !== undefined && this.#next !== ')') {
      if (this.#next === '...') {
        this.#at++
        variadic = true
        break
      }
      parameters.push(checked(this.#type(true), parameters.length, Error))
      if (isIdentifier(this.#next)) this.#at++
      if (this.#next === '[') throw new Error(DECAY)
      if (this.#next !== ',') break
      this.#at++
    }
    this.#expect(')')
    if (this.#next === ';') this.#at++
    if (this.#next !== undefined)
      throw new Error(`Unexpected token '${this.#next}' after prototype`)
    return { name, result, parameters, variadic }
  }

  /** The longest run of words, stars and exclamation marks that is a type. */
  #type(isParameter: boolean): ParameterInfo {
    const start = this.#at
    if (!isIdentifier(this.#next)) throw this.#failure('expected type')
    let end = start
    while (isIdentifier(this.#tokens[end]?.text)) end++
    while (['*', '!', 'const'].includes(this.#tokens[end]?.text ?? '')) end++
    if (this.#tokens[end]?.text === '[') throw new Error(DECAY)
    const directions =
      isParameter && end > start + 1 ? directionsOf(this.#next as string) : undefined
    const first = directions === undefined ? start : start + 1
    for (let last = end - 1; last >= first; last--) {
      const spelled = this.#text.slice(this.#tokens[first]?.start, this.#tokens[last]?.end)
      const type = parseSpecifier(spelled)
      if (type === undefined) continue
      this.#at = last + 1
      const constant = /\bconst\b[^*]*\*\s*$/.test(spelled.replace(/\bconst\s*$/, ''))
      return { type, directions: directions ?? 1, constant }
    }
    throw new Error(`Unknown or invalid type name '${this.#tokens[first]?.text}'`)
  }

  get #next(): string | undefined {
    return this.#look(0)
  }

  #look(ahead: number): string | undefined {
    return this.#tokens[this.#at + ahead]?.text
  }

  #take(): string {
    const { text } = this.#tokens[this.#at++] as Token
    return text
  }

  #expect(token: string): void {
    if (this.#next !== token) throw this.#failure(`expected '${token}'`)
    this.#at++
  }

  #failure(expected: string): Error {
    return new Error(
      this.#next === undefined
        ? `Unexpected end of prototype, ${expected}`
        : `Unexpected token '${this.#next}', ${expected}`,
    )
  }
}

const DECAY = 'Array types decay to pointers in prototypes (C standard), use pointers'

function parsePrototype(text: string, concrete: boolean): Prototype {
  return new Parser(text).prototype(concrete)
}

/** What `func` and `proto` take: `(prototype)`, `([convention], name, result, parameters)`. */
export function functionOf(given: readonly unknown[], concrete: boolean): Prototype {
  if (given.length === 0) throw new TypeError('Expected 1 to 4 arguments, got 0')
  const [first] = given
  if (given.length > 1) return classicFunction(given, concrete)
  if (typeof first !== 'string')
    throw new TypeError(`Unexpected ${kindOf(first)} value for prototype, expected string`)
  return parsePrototype(first, concrete)
}

function classicFunction(given: readonly unknown[], concrete: boolean): Prototype {
  const hasConvention = typeof given[0] === 'string' && CONVENTIONS.has(given[0])
  const rest = hasConvention ? given.slice(1) : given
  const named = Array.isArray(rest[2])
  const [name, spec, list] = named ? rest : [undefined, ...rest]
  const isNameless = !concrete && (name === undefined || name === null)
  if (!isNameless && typeof name !== 'string' && (named || concrete))
    throw new TypeError(`Unexpected ${kindOf(name)} value for name, expected string or integer`)
  const result = resolve(spec)
  requireResult(result, TypeError)
  if (!Array.isArray(list))
    throw new TypeError(
      `Unexpected ${kindOf(list)} value for parameters of '${name}', expected an array`,
    )
  const variadic = list.at(-1) === '...'
  const parameters = (variadic ? list.slice(0, -1) : list).map((each, index) =>
    parameterOf(each, index),
  )
  return { name: typeof name === 'string' ? name : undefined, result, parameters, variadic }
}

/** A parameter by its type specifier. */
export function parameterOf(spec: unknown, index: number): ParameterInfo {
  const constant = typeof spec === 'string' && /\bconst\b[^*]*\*\s*$/.test(spec)
  return checked({ ...resolveDirected(spec), constant }, index, TypeError)
}

function checked(
  parameter: ParameterInfo,
  index: number,
  Failure: ErrorConstructor,
): ParameterInfo {
  const { type, directions } = parameter
  if (!canPass(type, directions))
    throw new Failure(`Type ${type.name} cannot be used as a parameter`)
  if (index >= MOST_PARAMETERS)
    throw new Failure(`Functions cannot have more than ${MOST_PARAMETERS} parameters`)
  return parameter
}

function canPass(type: Info, directions: Directions): boolean {
  if (type.countedBy !== undefined) return false
  if ((directions & 2) !== 0) return isPointer(type)
  if (type.size === 0 || type.primitive === 'Array' || type.primitive === 'Prototype') return false
  return !(type.primitive === 'Callback' && type.proto?.variadic)
}

function requireResult(type: Info, Failure: ErrorConstructor): void {
  const isNothing = type.size === 0 && type !== voidType
  if (
    type.countedBy === undefined &&
    !isNothing &&
    type.primitive !== 'Array' &&
    type.primitive !== 'Prototype'
  )
    return
  throw new Failure(
    `You are not allowed to directly return ${type.name} values (maybe try ${type.name} *)`,
  )
}
