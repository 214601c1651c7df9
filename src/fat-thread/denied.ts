import { ViolationError } from '../errors.ts'
import type { DeniedCalls } from '../host/process.ts'
import { type Denial, denialsIn } from '../sandbox/denials.ts'
import type { Granted } from '../sandbox/permissions.ts'

/** Denials that are kept. */
const MOST_DENIALS = 256
/** Milliseconds between two events that tell of denials. */
const QUIET = 100

/** What was denied to the libraries of a fat thread, in all its incarnations. */
export class Denied {
  readonly #granted: Granted
  readonly #tell: (error: ViolationError) => void
  readonly #kept: Denial[] = []
  #count = 0
  #muted = false

  /** `tell` is called after all bookkeeping. */
  constructor(granted: Granted, tell: (error: ViolationError) => void) {
    this.#granted = granted
    this.#tell = tell
  }

  get count(): number {
    return this.#count
  }

  /** The last ones. */
  get kept(): readonly Denial[] {
    return [...this.#kept]
  }

  add({ records, dropped }: DeniedCalls, pid: number): void {
    const denials = denialsIn(records, this.#granted)
    this.#count += denials.length + dropped
    this.#kept.push(...denials)
    this.#kept.splice(0, this.#kept.length - MOST_DENIALS)
    const [first] = denials
    if (first === undefined || this.#muted) return
    // One event for what came together, and no more than some in a second.
    this.#muted = true
    setTimeout(() => {
      this.#muted = false
    }, QUIET).unref()
    process.nextTick(() => this.#tell(deniedError(first, pid)))
  }
}

function deniedError({ syscall, path }: Denial, pid: number): ViolationError {
  const what = path === undefined ? syscall : `${syscall} of ${path}`
  return new ViolationError(
    `the library tried ${what}, which is not permitted; the call failed inside the fat thread`,
    { syscall, ...(path === undefined ? {} : { path }) },
    { pid },
  )
}
