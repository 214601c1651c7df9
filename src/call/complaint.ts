/** Wrong arguments, said in one way: function, parameter, what it takes, what was given. */

const SHOWN = 60

export function wrongKind(where: string, takes: string, given: unknown): TypeError {
  return new TypeError(`${where} takes ${takes}, not ${describe(given)}`)
}

export function outOfRange(
  where: string,
  min: number | bigint,
  max: number | bigint,
  given: unknown,
): RangeError {
  return new RangeError(`${where} takes ${min} to ${max}, not ${describe(given)}`)
}

/** The value as a person would write it, cut; looks at no property that could run code. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const shown = JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value)
      return `the string ${shown}`
    }
    case 'bigint':
      return `${value}n`
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'symbol':
      return 'a symbol'
    case 'function':
      return 'a function'
    default:
      if (value === null) return 'null'
      return isArray(value) ? 'an array' : `an object (${tag(value)})`
  }
}

/** Of a proxy that was revoked, nobody knows. */
function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

function tag(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1)
  } catch {
    return 'Object'
  }
}
