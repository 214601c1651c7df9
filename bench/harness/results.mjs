import { keyOf, partsOf, seriesOf } from './series.mjs'
import { median, ratioByRound, spread } from './statistics.mjs'

/**
 * What a measure found, ready to print, for each part of it. The first subject is compared with each of the others:
 * `ratio` is its median over theirs. `note` says what it was made with, if it needed something.
 */
export function resultsOf(measure, { entries, note }, disturbance) {
  const [first] = entries
  return partsOf(measure).map((part) => ({
    name: part.name,
    title: part.title,
    unit: part.unit,
    ...(note === undefined ? {} : { note }),
    ...disturbance,
    series: seriesOf(part).map((series) => ({
      name: series.name,
      rows: entries.map((entry) => rowOf(series, entry, first)),
    })),
  }))
}

function rowOf(series, entry, first) {
  const { title, subject, workload, bar } = entry.listed
  const key = keyOf(series)
  const rounds = entry.rounds[key]
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
    ...(comparable ? { ratio: ratioByRound(first.rounds[key], rounds) } : {}),
    ...barOf(isFirst ? series.bar : bar, series),
  }
}

/** A bar may be about one of the series alone. */
const barOf = (bar, series) =>
  bar === undefined || (bar.of !== undefined && bar.of !== keyOf(series)) ? {} : { bar }
