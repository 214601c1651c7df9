// What isolation demands, in C without any of Node: namespaces, a host, its sandbox, a library, one call.
import { fileURLToPath } from 'node:url'
import { numbersOf, program } from '../harness/native.mjs'

const PROCESSES = 10
const platform = `${process.platform}-${process.arch}`
const FIRST = fileURLToPath(new URL(`../../build/native/${platform}/first`, import.meta.url))

function starting(times, together, ...more) {
  const starts = program('starts-shut-in')
  const host = program('is-shut-in', ['-Wl,-z,now'])
  return { report: () => numbersOf(starts, [times, together, host, FIRST, ...more]) }
}

const one = async () => starting(PROCESSES, 1)

export const workloads = {
  open: one,
  'first-open': one,
  'open-warm': async () => starting(PROCESSES, 1, 'waiting'),
  alive: async ({ count }) => starting(1, count),
}
