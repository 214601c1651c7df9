import { constant } from '../../declaration/constant.ts'
import { Cursor } from '../../declaration/cursor.ts'
import { Scope } from '../../declaration/scope.ts'
import { DeclarationError } from '../../errors.ts'
import { type Definitions, define, type Place, type Preprocessed } from './header.ts'

/** Expansions inside expansions. */
const MOST_EXPANSIONS = 32

/**
 * A header that no compiler preprocesses: what it includes is unknown, a name that it doesn't define counts as 0 in a
 * condition, and macros with arguments stay as they are.
 */
export function plainHeader(file: string, raw: string): Preprocessed {
  const places: Place[] = []
  const lines: string[] = []
  const defined: Definitions = new Map()
  /** Of each open condition: whether it holds here, and whether one of its branches did. */
  const branches: { holds: boolean; held: boolean }[] = []
  const joined = blankComments(raw).split('\n')
  for (let at = 0; at < joined.length; at++) {
    const place = { file, line: at + 1 }
    let text = joined[at] ?? ''
    const isDirective = /^\s*#/.test(text)
    while (isDirective && text.endsWith('\\') && at + 1 < joined.length)
      text = `${text.slice(0, -1)} ${joined[++at]}`
    const active = branches.every(({ holds }) => holds)
    if (isDirective) {
      if (!condition(text, branches, defined) && active) define(text, place, defined)
    }
    places.push(place)
    lines.push(isDirective || !active ? '' : text)
  }
  const expand = (text: string): string => expansionOf(text, defined, 0)
  return {
    file,
    text: lines.map(expand).join('\n'),
    places,
    macros: [...defined.values()].map((macro) => ({
      ...macro,
      expansion: macro.isFunction ? '' : expand(macro.name),
    })),
    includes: new Map(),
    compiled: false,
  }
}

/** Takes a directive that begins, turns or ends a condition. */
function condition(
  text: string,
  branches: { holds: boolean; held: boolean }[],
  defined: Definitions,
): boolean {
  const [, word, rest = ''] = /^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)$/.exec(text) ?? []
  const holds = (): boolean => {
    if (word === 'ifdef') return defined.has(rest.trim())
    if (word === 'ifndef') return !defined.has(rest.trim())
    return truth(rest, defined)
  }
  const last = branches.at(-1)
  if (word === 'endif') branches.pop()
  else if (word === 'else' || word === 'elif') {
    if (last === undefined) return true
    last.holds = !last.held && (word === 'else' || holds())
    last.held ||= last.holds
  } else if (word !== undefined) {
    const now = holds()
    branches.push({ holds: now, held: now })
  }
  return word !== undefined
}

/** What a condition says, where a name that is not defined counts as 0, as in C. */
function truth(text: string, defined: Definitions): boolean {
  const known = text.replace(/\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))/g, (_, one, other) =>
    defined.has(one ?? other) ? '1' : '0',
  )
  const plain = expansionOf(known, defined, 0).replace(/\b[A-Za-z_]\w*/g, '0')
  try {
    const cursor = new Cursor(plain, 'whole')
    const value = constant(cursor, new Scope(), () => {
      throw cursor.failure('no type is known here')
    })
    return value !== 0n
  } catch (error) {
    if (error instanceof DeclarationError) return false
    throw error
  }
}

function expansionOf(text: string, defined: Definitions, depth: number): string {
  if (depth > MOST_EXPANSIONS) return text
  return text.replace(/"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (word) => {
    const macro = defined.get(word)
    if (macro === undefined || macro.isFunction || macro.body === word) return word
    return expansionOf(macro.body, defined, depth + 1)
  })
}

/** Comments as blanks: their words are no macros. */
function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) =>
    match.startsWith('"') ? match : match.replace(/[^\n]/g, ' '),
  )
}
