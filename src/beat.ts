/** Looks at things now and then: one timer wakes the program for all of them, twice a second at most. */

/** Milliseconds. */
export const BEAT = 500

/** What is due, by the number of its beat. */
const due = new Map<number, Set<() => void>>()
let timer: NodeJS.Timeout | undefined
let next = Number.POSITIVE_INFINITY

/**
 * Calls `look` at a beat that is at most so many whole ones away, unless what it returns is called before. Those that
 * wait as long meet at the same beats: to wake up costs more than to look at many.
 */
export function afterBeats(beats: number, look: () => void): () => void {
  const now = performance.now()
  const last = Math.ceil(now / BEAT) + beats
  const beat = last - (last % beats)
  const looks = due.get(beat) ?? new Set()
  due.set(beat, looks.add(look))
  if (beat < next) wait(beat, now)
  return () => {
    looks.delete(look)
    if (looks.size === 0) due.delete(beat)
  }
}

function wait(beat: number, now: number): void {
  clearTimeout(timer)
  next = beat
  // Node warns of what is past.
  timer = setTimeout(strike, Math.max(0, beat * BEAT - now)).unref()
}

function strike(): void {
  const looks = due.get(next)
  due.delete(next)
  next = Number.POSITIVE_INFINITY
  const first = Math.min(...due.keys())
  if (first < next) wait(first, performance.now())
  for (const look of looks ?? []) look()
}
