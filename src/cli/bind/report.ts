import { printable } from '../../loader/elf-strings.ts'
import type { Bindings } from './bindings.ts'
import type { LeftOut } from './select.ts'

const WITHOUT_COMPILER =
  'without a C compiler (cc, or what CC says): what the header includes is unknown, a condition ' +
  'holds only for what it defines itself, and macros with arguments stay as they are'

/** What was bound, and what was left out with the reasons: lines for standard error. */
export function describe({ files: { counts }, leftOut, compiled, elsewhere }: Bindings): string {
  const found = [
    count(counts.functions, 'function'),
    ...(counts.variables === 0 ? [] : [count(counts.variables, 'variable')]),
    count(counts.structures, 'structure'),
    count(counts.enumerations, 'enumeration'),
    count(counts.constants, 'constant'),
  ]
  const lines = [
    ...(compiled ? [] : [WITHOUT_COMPILER]),
    `bound ${found.join(', ')}`,
    ...(elsewhere.length === 0 ? [] : [includes(elsewhere)]),
    ...byReason(leftOut).map(
      ([reason, names]) => `left out: ${printable(names.join(', '))}: ${printable(reason)}`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** So many headers are named. */
const MOST_NAMED = 4

function includes(files: readonly string[]): string {
  const named = files
    .slice(0, MOST_NAMED)
    .map((file) => `--include ${file.split('/').slice(-2).join('/')}`)
  const more = files.length > MOST_NAMED ? ` and ${files.length - MOST_NAMED} more` : ''
  return `what the header includes has functions of the library: ${printable(named.join(' '))}${more}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function byReason(leftOut: readonly LeftOut[]): [string, string[]][] {
  const reasons = new Map<string, string[]>()
  for (const { name, reason } of leftOut)
    reasons.set(reason, [...(reasons.get(reason) ?? []), name])
  return [...reasons]
}
