// What else happens on the machine while a series is measured, and where it runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { allowedProcessors, program } from './native.mjs'
import { seriesOf } from './series.mjs'
import { Unavailable } from './unavailable.mjs'

/** `busy` processes that compute all the time; `oneCore`: program and fat thread share one processor. */
const CONDITIONS = {
  ordinary: {},
  busy: { busy: 2 },
  'one-core': { oneCore: true },
  'busy-core': { busy: 1, oneCore: true },
}

const conditionOf = ({ condition }) => condition ?? 'ordinary'

/** The names of those that a measure has, in order. */
export const conditionsOf = (measure) => [...new Set(seriesOf(measure).map(conditionOf))]

/** The series of a measure under one of them. */
export const seriesUnder = (measure, name) =>
  seriesOf(measure).filter((series) => conditionOf(series) === name)

/** The words that a command line begins with, so that what it starts runs where it should. */
export function placing(name) {
  if (!CONDITIONS[name].oneCore) return []
  const [processor] = allowedProcessors()
  return ['taskset', '--cpu-list', String(processor)]
}

/** Does something while the condition holds. */
export async function under(name, work) {
  const { busy = 0 } = CONDITIONS[name]
  if (busy === 0) return await work()
  const [command, ...words] = [...placing(name), program('is-busy')]
  const others = Array.from({ length: busy }, () => spawn(command, words, { stdio: 'ignore' }))
  try {
    await Promise.all(others.map((each) => once(each, 'spawn')))
    return await work()
  } catch (error) {
    if (error.code === 'ENOENT') throw new Unavailable(`${command} is not here`)
    throw error
  } finally {
    for (const each of others) each.kill('SIGKILL')
    await Promise.all(
      others.map((each) => (each.pid === undefined ? undefined : once(each, 'exit'))),
    )
  }
}
