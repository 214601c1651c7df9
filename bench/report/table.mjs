// Results as text for people: Markdown that reads well as it is.
import { aim, amount, comparison } from './units.mjs'

const HEADER = ['', 'median', 'p5', 'p95', 'the first beside it', 'bar']
const LEFT = 0

function aligned(rows) {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const pad = (cell, column) =>
    column === LEFT ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
  const line = (row) => `| ${row.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) =>
    column === LEFT ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  const [header, ...body] = rows
  return [line(header), line(rule), ...body.map(line)].join('\n')
}

function cells(row, unit) {
  if (row.reason !== undefined)
    return [row.title, row.failed ? 'failed' : 'not here', '', '', '', '']
  return [
    row.title,
    ...[row.median, row.p5, row.p95].map((value) => amount(value, unit)),
    row.ratio === undefined ? '' : comparison(row.ratio, unit),
    row.bar === undefined ? '' : aim(row.bar, unit),
  ]
}

function section({ name, title, unit, note, series }, picture) {
  const tables = series.map(({ name: variant, rows }) => {
    const table = aligned([HEADER, ...rows.map((row) => cells(row, unit))])
    return variant === '' ? table : `### ${variant}\n\n${table}`
  })
  const [{ rows }] = series
  const reasons = rows
    .filter(({ reason }) => reason !== undefined)
    .map(({ title: row, failed, reason }) => `${row}: ${failed ? 'failed: ' : ''}${reason}`)
  const shown = [`## ${name}: ${title}`, picture, note ?? '', ...tables, ...reasons]
  return shown.filter((part) => part !== '').join('\n\n')
}

function describeMachine(machine) {
  const { processor, cores, virtual, memory, kernel, libc, node, koffi, fatThreads } = machine
  const where = `${cores} ${cores === 1 ? 'core' : 'cores'}${virtual ? ' of a virtual machine' : ''}`
  const room = `${(memory / 2 ** 30).toFixed(1)} GiB`
  return [
    `${processor}, ${where}, ${room}, ${kernel}, ${libc}`,
    `Node ${node}, koffi ${koffi}, fat-threads ${fatThreads}`,
  ].join('\n')
}

/** `pictureOf` gives what stands above the tables of a measure. */
export function report({ machine, warnings, measures }, pictureOf = () => '') {
  return [
    describeMachine(machine),
    ...warnings.map((warning) => `WARNING: ${warning}`),
    ...measures.map((measure) => section(measure, pictureOf(measure))),
  ].join('\n\n')
}
