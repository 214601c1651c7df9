import { seriesOf } from './series.mjs'
import { median, ratioByRound, spread } from './statistics.mjs'

/**
 * What a measure found, ready to print. The first subject is compared with each of the others:
 * `ratio` is its median over theirs.
 */
export function resultsOf(measure, entries, disturbance) {
  const [first] = entries
  return {
    name: measure.name,
    title: measure.title,
    unit: measure.unit,
    ...disturbance,
    series: seriesOf(measure).map((series) => ({
      name: series.name,
      rows: entries.map((entry) => rowOf(series, entry, first)),
    })),
  }
}

function rowOf(series, entry, first) {
  const { title, subject, workload, bar } = entry.listed
  const rounds = entry.rounds[series.name]
  const row = { title, subject, ...(workload === undefined ? {} : { workload }) }
  if (entry.problem !== undefined) return { ...row, ...entry.problem }
  const samples = rounds.flat()
  const isFirst = entry === first
  const comparable = !isFirst && first.problem === undefined
  return {
    ...row,
    samples: samples.length,
    ...spread(samples),
    rounds: rounds.map(median),
    ...(comparable ? { ratio: ratioByRound(first.rounds[series.name], rounds) } : {}),
    ...barOf(isFirst ? series.bar : bar, series),
  }
}

/** A bar may be about one of the series alone. */
const barOf = (bar, series) =>
  bar === undefined || (bar.of !== undefined && bar.of !== series.name) ? {} : { bar }
