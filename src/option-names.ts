/** Options by their names: a misspelt one must not look as if it held. */
import { describe } from './call/complaint.ts'
import { nearestNames } from './loader/near-names.ts'

/** The names of an interface of options, complete by its type. */
type Names<Options> = Readonly<Record<keyof Options & string, true>>

/** What has options of its own, and where they are given. */
export interface Named {
  readonly names: readonly string[]
  readonly whose: string
}

export function optionNames<Options>(whose: string, names: Names<Options>): Named {
  return { whose, names: Object.keys(names) }
}

/**
 * @param others Whose options may be taken for these.
 * @throws {TypeError} for what is no object, and for an option that does not exist or is somebody else's
 */
export function requireOptions(
  options: unknown,
  own: readonly Named[],
  others: readonly Named[] = [],
): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object, not ${describe(options)}`)
  const given = Object.keys(options)
  if (given.length === 0) return
  const names = own.flatMap((each) => each.names)
  for (const name of given) {
    if (names.includes(name) || (options as Record<string, unknown>)[name] === undefined) continue
    const other = others.find((each) => each.names.includes(name))
    if (other !== undefined)
      throw new TypeError(`the option ${name} is not one of ${whose(own)} but of ${other.whose}`)
    const [near] = nearestNames(name, names, 1)
    const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
    throw new TypeError(
      `there is no option ${describe(name).replace(/^the string /, '')}; ${advice}`,
    )
  }
}

function whose(named: readonly Named[]): string {
  return named.map((each) => each.whose).join(' or ')
}
