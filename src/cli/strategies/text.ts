/** The table for a terminal. */
import { stripVTControlCharacters } from 'node:util'
import { paint } from '../output.ts'
import { GROUPS } from './behaviours/index.ts'
import { costText, LEGEND, MARKS } from './legend.ts'
import type { Cell, Table } from './table.ts'
import { OUTCOMES, type Outcome } from './verdict.ts'

const COLOURS = {
  contained: 'green',
  harmed: 'red',
  'not-applicable': 'dim',
  'not-testable': 'yellow',
} as const

const GAP = '  '

/** A letter a strategy, so that the table fits where a terminal is narrow. */
function letter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

const mark = (outcome: Outcome): string => paint(COLOURS[outcome], MARKS[outcome])

export function describe(table: Table): string[] {
  const { strategies, behaviours } = table
  const width = Math.max(...behaviours.map(({ title }) => title.length))
  const letters = strategies.map((_, index) => letter(index))
  const lines = [
    ...strategies.map(
      ({ title, what }, index) => `${paint('bold', letter(index))}  ${title}: ${what}`,
    ),
    '',
    `${' '.repeat(width + 2)}${GAP}${letters.map((each) => paint('bold', each)).join(GAP)}`,
  ]
  for (const group of GROUPS) {
    const rows = group.behaviours.filter(({ id }) => behaviours.some((each) => each.id === id))
    if (rows.length === 0) continue
    lines.push(paint('bold', group.title))
    for (const { id, title } of rows) {
      const marks = table.cells
        .filter(({ behaviour }) => behaviour === id)
        .map(({ outcome }) => mark(outcome))
      lines.push(`  ${title.padEnd(width)}${GAP}${marks.join(GAP)}`)
    }
  }
  return [...lines, '', legend(), '', ...costLines(table), ...untestable(table)]
}

function legend(): string {
  return OUTCOMES.map((outcome) => `${mark(outcome)} ${LEGEND[outcome]}`).join('   ')
}

function costLines({ strategies }: Table): string[] {
  if (strategies.every(({ costs }) => costs === null)) return []
  const rows = [
    ['Costs', 'start', 'call', 'memory'],
    ...strategies.map(({ title, costs }, index) => [
      `  ${letter(index)}  ${title}`,
      ...(costs === null ? ['unknown', '', ''] : costText(costs)),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row, at) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    const line = cells.join(GAP)
    return at === 0 ? paint('bold', line) : line
  })
}

/** Why cells are empty. */
function untestable({ cells, behaviours }: Table): string[] {
  const reasons = new Map<string, Cell[]>()
  for (const cell of cells)
    if (cell.outcome === 'not-testable') {
      const key = `${cell.behaviour} ${cell.reason}`
      reasons.set(key, [...(reasons.get(key) ?? []), cell])
    }
  if (reasons.size === 0) return []
  const title = (id: string): string => behaviours.find((each) => each.id === id)?.title ?? id
  return [
    '',
    paint('bold', 'Not testable here'),
    ...[...reasons.values()].map((alike) => {
      const [{ behaviour, reason }] = alike as [Cell, ...Cell[]]
      const names = alike.map(({ strategy }) => strategy).join(', ')
      return `  ${title(behaviour)} (${names}): ${stripVTControlCharacters(reason)}`
    }),
  ]
}
