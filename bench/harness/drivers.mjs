// How a workload becomes samples. A sample is nanoseconds (or bytes) for one operation; short
// operations are timed in batches, so that reading the clock costs nothing beside them.

/** A batch of short operations takes about so many milliseconds. */
const BATCH = 1
const MOST_CALLS = 1 << 20

const perCall = (begin, calls) => ((performance.now() - begin) * 1e6) / calls

/** Blocking calls, one after the other. */
function blocking({ run }, calls) {
  const begin = performance.now()
  for (let i = 0; i < calls; i++) run()
  return perCall(begin, calls)
}

/** Awaited calls, one after the other. */
async function awaited({ run }, calls) {
  const begin = performance.now()
  for (let i = 0; i < calls; i++) await run()
  return perCall(begin, calls)
}

/** All calls at once. */
async function together({ run }, calls) {
  const begin = performance.now()
  const running = []
  for (let i = 0; i < calls; i++) running.push(run())
  await Promise.all(running)
  return perCall(begin, calls)
}

/** One long operation; what it returns puts things back, and is not timed. */
async function once({ run }) {
  const begin = performance.now()
  const putBack = await run()
  const sample = perCall(begin, 1)
  await putBack?.()
  return sample
}

const DRIVERS = { blocking, awaited, together, once }

/** How many calls make a batch. */
async function batchSize(measure, workload, series) {
  if (measure.driver === 'together') return series.calls
  if (measure.driver === 'once') return 1
  const drive = DRIVERS[measure.driver]
  let calls = 1
  while (calls < MOST_CALLS && ((await drive(workload, calls)) * calls) / 1e6 < BATCH) calls *= 2
  return calls
}

/**
 * Samples of one workload: as many as fit into `milliseconds`, but `atLeast` so many.
 * A workload with `report` measures by itself and returns its samples.
 */
async function collect(measure, workload, calls, { milliseconds, atLeast }) {
  if (workload.report !== undefined) return await workload.report()
  const drive = DRIVERS[measure.driver]
  // Its processes and threads slept while the others had their turn.
  if (measure.driver !== 'once') await drive(workload, calls)
  const samples = []
  const end = performance.now() + milliseconds
  while (samples.length < atLeast || performance.now() < end)
    samples.push(await drive(workload, calls))
  return samples
}

/** A workload, warmed up, as a function that takes one turn and returns its samples. */
export async function prepare(measure, workload, series, warmUp) {
  if (measure.fresh) return (turn) => collect(measure, workload, 1, turn)
  // What measures by itself is slow, and warm after its own first sample.
  if (workload.report !== undefined) return (turn) => collect(measure, workload, 1, turn)
  await collect(measure, workload, 1, { milliseconds: warmUp, atLeast: 1 })
  const calls = await batchSize(measure, workload, series)
  return (turn) => collect(measure, workload, calls, turn)
}
