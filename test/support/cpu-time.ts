/** Milliseconds of processor time that `work` takes: other processes on the machine don't count. */
export function cpuTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Milliseconds that are measured again: less is no collection of the whole heap. */
const SUSPECT = 10

/**
 * The same of work that takes as long each time: the least of three, since the engine's own threads, which collect
 * garbage and compile, use the processor too, in one of them or another.
 */
export function leastCpuTime(work: () => void): number {
  const time = cpuTime(work)
  return time < SUSPECT ? time : Math.min(time, cpuTime(work), cpuTime(work))
}
