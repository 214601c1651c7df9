// A process of its own for one subject in one measure:
//   node subject-process.mjs MEASURE SUBJECT WORKLOAD WARM-UP-MILLISECONDS CONDITION
// Says {"ready":true} when it is warm. Answers each line {"milliseconds":…,"atLeast":…} on standard
// input with {"samples":{SERIES:[…]},"check":…}, or {"unavailable":"why"}; `check` is what it came to. Ends with its standard input.
import { createInterface } from 'node:readline'
import { MEASURES } from '../measures/index.mjs'
import { SUBJECTS } from '../subjects/index.mjs'
import { seriesUnder } from './conditions.mjs'
import { prepare } from './drivers.mjs'
import { keyOf } from './series.mjs'
import { Unavailable } from './unavailable.mjs'

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

/** What a subject stands on may not be installed. */
async function load(subject) {
  try {
    return await subject()
  } catch (error) {
    const missing = ['ERR_MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE'].includes(error.code)
    if (missing)
      throw new Unavailable(error.message.split('\n')[0].replace(/ imported from .*/, ''))
    throw error
  }
}

async function serve([measureName, subjectName, workloadName, warmUp, condition]) {
  const measure = MEASURES.find(({ name }) => name === measureName)
  const { workloads } = await load(SUBJECTS[subjectName])
  const closing = []
  const checks = []
  const turns = []
  for (const series of seriesUnder(measure, condition)) {
    const workload = await workloads[workloadName](series)
    if (workload.close !== undefined) closing.push(workload.close)
    if (workload.check !== undefined) checks.push(workload.check)
    turns.push([keyOf(series), await prepare(measure, workload, series, Number(warmUp))])
  }
  say({ ready: true })
  for await (const line of createInterface({ input: process.stdin })) {
    const samples = {}
    for (const [name, turn] of turns) samples[name] = await turn(JSON.parse(line))
    say({ samples, check: checks.map((check) => check()).join() })
  }
  for (const close of closing) await close()
}

try {
  await serve(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  say({ unavailable: error.message })
}
