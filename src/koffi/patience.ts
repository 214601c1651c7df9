/**
 * Ends a call in the background when it hangs. One that computes may take longer than one that blocks the program;
 * one that does nothing waits for what never comes. So what counts is time in which the fat thread stands still.
 */
import { CrashError, TimeoutError } from '../index.ts'
import { fatThread } from './process.ts'

/** Looks within the time that a call may stand still: a program that was busy itself misses some, never all. */
const LOOKS = 8
/** Seconds of processor time between two looks that are no work: a thread that wakes up now and then. */
const NOTHING = 0.001

export class Waiting {
  readonly call: string
  /** Milliseconds that it may stand still. */
  readonly limit: number
  #hang: TimeoutError | undefined

  constructor(call: string, limit: number) {
    this.call = call
    this.limit = limit
  }

  /** Its process is killed now; whether it had begun shows when it is rejected. */
  hangs(pid: number): void {
    const { call, limit } = this
    const message = `${call} did nothing for ${limit} ms; its process was killed`
    this.#hang = new TimeoutError(message, limit, { call, pid })
  }

  /** What the call is rejected with, for an error that ended it. */
  reason(error: unknown): unknown {
    const wasKilled = error instanceof CrashError && error.pid === this.#hang?.pid
    return wasKilled ? this.#hang : error
  }
}

/** In the order of the calls: the first one is under way, others beside or behind it. */
const waiting = new Set<Waiting>()
let timer: NodeJS.Timeout | undefined
let last: { readonly pid: number; readonly completed: number; readonly used: number } | undefined
let still = 0

/** From now on a call is waited for. */
export function begin(call: string, limit: number): Waiting {
  const entry = new Waiting(call, limit)
  waiting.add(entry)
  if (timer === undefined) {
    last = undefined
    wait(entry)
  }
  return entry
}

/** It is over. */
export function leave(entry: Waiting): void {
  waiting.delete(entry)
  if (waiting.size > 0) return
  clearTimeout(timer)
  timer = undefined
}

function wait({ limit }: Waiting): void {
  const delay = limit / LOOKS
  // A call under way keeps the program alive by itself.
  timer = setTimeout(() => look(delay), delay).unref()
}

function look(passed: number): void {
  const [first] = waiting
  if (first === undefined) return
  const { pid, completed, processorTime: used } = fatThread().stats()
  const now = pid === undefined || used === undefined ? undefined : { pid, completed, used }
  const isStill =
    now !== undefined &&
    now.pid === last?.pid &&
    now.completed === last.completed &&
    now.used - last.used < NOTHING
  still = isStill ? still + passed : 0
  last = now
  if (now !== undefined && still >= first.limit) {
    for (const entry of waiting) entry.hangs(now.pid)
    process.kill(now.pid, 'SIGKILL')
  }
  wait(first)
}
