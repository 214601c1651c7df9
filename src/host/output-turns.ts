/** Output of libraries is passed on in portions: whoever reads it may be slow, and the program has its own work. */

/** Bytes that a turn of the event loop passes on, and milliseconds after which it begins with no other portion. */
const MOST_BYTES = 128 * 1024
const MOST_TIME = 2

/** Who may have output. */
export interface OutputSource {
  /** Passes on at most so many bytes; returns how many, which is 0 where nothing is left. */
  passOn(most: number): number
}

/** Those whose output is waited for, in order. */
const waiting = new Set<OutputSource>()
let left = MOST_BYTES
let goesOn = false
/** When this turn begins with no other portion: one turn may hear of output again and again, and readers count, too. */
let end = 0

/** Passes on what a source has: now as far as this turn's share goes, and in the next ones. Each has its turn. */
export function passInTurns(source: OutputSource): void {
  waiting.add(source)
  pass()
}

/** What is left of a source is passed on elsewhere. */
export function passNoMore(source: OutputSource): void {
  waiting.delete(source)
}

function pass(): void {
  if (!goesOn) {
    goesOn = true
    end = performance.now() + MOST_TIME
    setImmediate(passAgain)
  }
  for (const source of [...waiting]) {
    if (left <= 0 || performance.now() > end) break
    // Whoever comes again comes last.
    if (!waiting.delete(source)) continue
    let taken = left
    try {
      taken = source.passOn(left)
    } finally {
      if (taken > 0) waiting.add(source)
      left -= taken
    }
  }
}

function passAgain(): void {
  goesOn = false
  left = MOST_BYTES
  if (waiting.size > 0) pass()
}
