import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION = 1

/** How late timers are, in the 99th of a hundred, while `call` is made again and again: nanoseconds. */
export async function delayOf(call, { milliseconds }) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION })
  const end = performance.now() + milliseconds
  delays.enable()
  while (performance.now() < end) await call()
  delays.disable()
  return [Math.max(0, delays.percentile(99) - RESOLUTION * 1e6)]
}
