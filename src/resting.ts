/** Processes that rest: all are looked at in one step, since most of what each costs is that it is looked at. */
import { afterBeats, BEAT } from './beat.ts'
import { HostProcess } from './host/process.ts'

/** Beats between two looks. */
export const RESTING_BEATS = 4000 / BEAT
/** Who has used so few seconds of processor time rests. */
export const NOTHING = 0.001

interface Resting {
  readonly process: HostProcess
  /** Seconds of processor time when it began to rest. */
  readonly used: number
  readonly begun: number
  readonly wake: (since: number) => void
}

const resting = new Set<Resting>()
let cancel: (() => void) | undefined
/** When all were looked at, in milliseconds of `performance.now()`. */
let last = 0

/**
 * Calls `wake` within so many beats from when the process no longer rests, or has ended; with the time until which it
 * did. Returns what calls that off.
 */
export function watchRest(
  process: HostProcess,
  used: number,
  wake: (since: number) => void,
): () => void {
  const one: Resting = { process, used, begun: performance.now(), wake }
  resting.add(one)
  cancel ??= afterBeats(RESTING_BEATS, look)
  return () => {
    resting.delete(one)
    if (resting.size === 0) cancel?.()
    if (resting.size === 0) cancel = undefined
  }
}

function look(): void {
  const all = [...resting]
  const seconds = new Float64Array(all.length)
  HostProcess.usedTimes(
    all.map(({ process }) => process),
    seconds,
  )
  const before = last
  last = performance.now()
  cancel = afterBeats(RESTING_BEATS, look)
  for (const [index, one] of all.entries()) {
    if ((seconds[index] as number) - one.used < NOTHING) continue
    resting.delete(one)
    one.wake(Math.max(before, one.begun))
  }
  if (resting.size > 0) return
  cancel?.()
  cancel = undefined
}
