/** What the fuzzer mutates: declarations of real headers, as the C compiler leaves them. */
import { spawnSync } from 'node:child_process'
import { Declarations } from '../../src/declaration/declarations.ts'
import { DeclarationError } from '../../src/errors.ts'
import { text as structures } from '../fixtures/declarations/has-structures.ts'

const NAMES = ['zlib', 'sqlite3', 'spng', 'png', 'zstd', 'turbojpeg', 'sodium']
const OF_THE_C_LIBRARY = ['stdio', 'stdlib', 'math', 'pthread', 'signal', 'netdb', 'sys/stat']

/** The declarations of a text, each up to its semicolon. */
function declarationsIn(text: string): string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '(') depth++
    if (character === '}' || character === ')') depth--
    if (character !== ';' || depth > 0) continue
    found.push(text.slice(start, at + 1).trim())
    start = at + 1
  }
  return found
}

function preprocessed(name: string): string | undefined {
  const options = { input: `#include <${name}.h>\n`, encoding: 'utf8' } as const
  const { status, stdout } = spawnSync('cc', ['-E', '-P', '-x', 'c', '-'], options)
  return status === 0 ? stdout : undefined
}

/** The declarations of a header that parse, each after those before it. */
function parsing(text: string): string[] {
  const declarations = new Declarations()
  return declarationsIn(text).filter((each) => {
    try {
      declarations.add(each)
      return true
    } catch (error) {
      if (error instanceof DeclarationError) return false
      throw error
    }
  })
}

export interface HeaderText {
  readonly name: string
  readonly declarations: readonly string[]
}

/** Headers of the machine; what it lacks is said, and the text of a fixture is always there. */
export function headerTexts(): HeaderText[] {
  const texts = [...NAMES, ...OF_THE_C_LIBRARY].flatMap((name) => {
    const text = preprocessed(name)
    if (text === undefined) process.stderr.write(`not mutated: ${name}.h is missing\n`)
    return text === undefined ? [] : [{ name, declarations: parsing(text) }]
  })
  return [...texts, { name: 'a fixture', declarations: declarationsIn(structures) }]
}
