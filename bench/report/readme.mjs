// The table of README.md, from a run that was kept.
import { amount, comparison } from './units.mjs'

/** Measures, and what is shown of each: the name of its series, and the subjects beside the first one. */
const ROWS = [
  ['blocking call of `abs`', 'sync-call', '', ['koffi', 'native']],
  ['awaited call of `abs`', 'awaited-call', '', ['koffi', 'worker', 'tinypool']],
  ['1,000 calls in flight, each', 'calls-in-flight', '1,000 at once', ['worker', 'koffi']],
  ['blocking call, structure of four members', 'struct-call', 'passed', ['koffi']],
  ['blocking call that calls back', 'callback', '', ['koffi']],
  ['64 MiB copied in', 'copy', '64 MiB', ['buffer']],
  ['`open` to the first result', 'open', '', ['native', 'worker', 'fork']],
  ['from a crash to the next result', 'restart', '', ['fork', 'workerpool']],
  ['private memory, idle, with libm', 'memory', 'private (USS)', ['fork']],
  ['thumbnails of real images, in a pool of two', 'thumbnails', '', ['koffi', 'tinypool']],
  ['1,000 fat threads: open, call, close all', 'alive', '1,000 of them', []],
]

const BEGIN = '<!-- bench:begin -->'
const END = '<!-- bench:end -->'

function lines(results, [label, name, variant, others]) {
  const measure = results.measures.find((each) => each.name === name)
  const rows = measure?.series.find((each) => each.name === variant)?.rows ?? []
  const [first] = rows
  if (first?.median === undefined) return []
  const beside = others.flatMap((subject) => {
    const row = rows.find((each) => each.subject === subject)
    if (row?.ratio === undefined) return []
    const { unit } = measure
    return [`${row.title}: ${amount(row.median, unit)} | ${inWords(row.ratio, unit)} |`]
  })
  const own = `| ${label} | ${amount(first.median, measure.unit)} | `
  if (beside.length === 0) return [`${own}| |`]
  return beside.map((text, index) => `${index === 0 ? own : '| | | '}${text}`)
}

/** Without the least and the greatest of the rounds. */
const inWords = (ratio, unit) => comparison(ratio, unit).replace(/ \(.*/, '')

function tableOf(results) {
  const { processor, cores, virtual, kernel, node, koffi } = results.machine
  const where = `${cores} cores${virtual ? ' of a virtual machine' : ''}`
  return [
    `${processor}, ${where}, ${kernel.replace(/(\d+\.\d+).*/, '$1')}, Node ${node}, koffi ${koffi}; medians of one run with ${results.plan.rounds} rounds, ratios round by round. All of it, with pictures: [docs/bench](docs/bench/README.md).`,
    '',
    '| measure | fat thread | beside | ratio |',
    '| --- | --- | --- | --- |',
    ...ROWS.flatMap((row) => lines(results, row)),
  ].join('\n')
}

/** The text of README.md with the table of these results in it. */
export function withTable(text, results) {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`README.md has no ${BEGIN} with ${END} behind it`)
  return `${text.slice(0, begin + BEGIN.length)}\n${tableOf(results)}\n${text.slice(end)}`
}
