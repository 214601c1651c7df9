// Programs in C without any of Node: how fast the machine itself is.
import { numbersOf, program, twoProcessors } from '../harness/native.mjs'

const BATCHES = 20
const TRIPS = 5_000
const FUTEX_BATCHES = 10
const FUTEX_TRIPS = 200
const PROCESSES = 10

async function spawning() {
  const spawnAndWait = program('spawn-and-wait')
  const nothing = program('end-at-once', ['-static'])
  return { report: () => numbersOf(spawnAndWait, [PROCESSES, nothing]) }
}

export const workloads = {
  'sync-call': async () => {
    const pingPong = program('ping-pong')
    const processors = twoProcessors()
    return { report: () => numbersOf(pingPong, [...processors, BATCHES, TRIPS]) }
  },
  'futex-trip': async () => {
    const pingPong = program('futex-ping-pong')
    return { report: () => numbersOf(pingPong, [FUTEX_BATCHES, FUTEX_TRIPS]) }
  },
  open: spawning,
  'open-warm': spawning,
  'first-open': spawning,
}
