import type { CAC } from 'cac'

/** A command line, taken apart. */
export interface Separated {
  /** Each with its value, as `--name=value`. */
  readonly options: readonly string[]
  /** All else, in order, as it was typed. */
  readonly values: readonly string[]
}

/** A dash and a letter; `-5`, `-.5` and `-` are values. */
const OPTION = /^--?[a-z]/i
const NEGATIVE = /^-inf(inity)?$/i

/**
 * Tells options from values, wherever they stand; what follows `--` is values.
 *
 * cac alone would take `-5` for an option, `007` for 7, and `true` after `--json` for its value.
 */
export function separate(words: readonly string[], cli: CAC): Separated {
  const options: string[] = []
  const values: string[] = []
  const end = words.includes('--') ? words.indexOf('--') : words.length
  for (let at = 0; at < end; at++) {
    const word = words[at] ?? ''
    const next = at + 1 < end ? words[at + 1] : undefined
    if (!isOption(word)) {
      values.push(word)
    } else if (next !== undefined && !isOption(next) && takesValue(word, cli)) {
      options.push(`${word}=${next}`)
      at++
    } else {
      options.push(word)
    }
  }
  return { options, values: [...values, ...words.slice(end + 1)] }
}

function isOption(word: string): boolean {
  return OPTION.test(word) && !NEGATIVE.test(word)
}

/** Whether some command has an option of this name that takes a value. */
function takesValue(word: string, { commands, globalCommand }: CAC): boolean {
  // cac knows them in camel case.
  const name = word.replace(/^--?/, '').replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())
  const options = [globalCommand, ...commands].flatMap((command) => command.options)
  return options.some((option) => option.required === true && option.names.includes(name))
}
