import type { UntypedFunction } from '../bound-function.ts'
import { FatThread } from '../fat-thread/fat-thread.ts'
import { type Declarations, type Lent, Library } from '../library.ts'
import type { LoadPlan } from '../loader/load-plan.ts'
import type { Loading } from '../loading.ts'
import type { OpenOptions } from '../open.ts'
import { keptBy } from './sequence.ts'

/** What all members of a pool are made of. */
export interface Make {
  /** The copies that all of them load: members of different ages hold the same library. */
  readonly plan: LoadPlan
  readonly declarations: Declarations
  /** The first one that was made, which has read the declarations. */
  first?: Library
  readonly options: OpenOptions
}

/** One fat thread of a pool, and what the pool knows of it. */
export class Member implements Lent {
  readonly thread: FatThread
  readonly #make: Make
  #loading: Loading<Library> | undefined
  #library: Library | undefined
  /** When its process was begun, in milliseconds of `performance.now()`. */
  begun = performance.now()
  /** A process serves. */
  ready = false
  /** A sequence has it for itself. */
  held = false
  /** Calls and sequences that it runs. */
  running = 0
  /** Calls since its process was begun. */
  calls = 0
  /** It takes no more work, and is replaced when it has ended what it does. */
  worn = false
  idleSince = 0
  idleTimer: NodeJS.Timeout | undefined
  /** When its memory was looked at last. */
  lookedAt = Number.NEGATIVE_INFINITY
  lookTimer: NodeJS.Timeout | undefined
  /** Called when it is closed while a sequence has it. */
  onLeave: (() => void) | undefined

  /** Begins a process that holds nothing yet. */
  constructor(make: Make) {
    this.#make = make
    this.thread = new FatThread(make.options)
  }

  /** Loads the library. Called once. */
  async open(): Promise<void> {
    this.#opened(await this.#load().done())
  }

  /** The same, blocking; may be called while `open` is under way. */
  openSync(): void {
    this.#opened(this.#load().doneSync())
  }

  #load(): Loading<Library> {
    if (this.#loading !== undefined) return this.#loading
    const { plan, declarations, first, options } = this.#make
    const own = { ...plan, release }
    this.#loading = Library.begin(this.thread, own, first ?? declarations, options, this)
    this.#make.first ??= this.#loading.library
    return this.#loading
  }

  #opened(library: Library): void {
    if (this.loaded) return
    this.#library = library
    this.ready = true
  }

  mayClose(): boolean {
    return this.held && keptBy((member) => member === this) !== undefined
  }

  get loaded(): boolean {
    return this.#library !== undefined
  }

  /** There once it is loaded. */
  get library(): Library {
    return this.#library as Library
  }

  /** One of its functions. */
  symbol(name: string): UntypedFunction {
    return symbolOf(this.library, name)
  }

  /** Its process has ended; it may have begun another one. */
  renewed(): void {
    this.ready = false
    this.begun = performance.now()
    this.calls = 0
  }

  stopTimers(): void {
    clearTimeout(this.idleTimer)
    clearTimeout(this.lookTimer)
    this.idleTimer = undefined
    this.lookTimer = undefined
  }
}

/** Of declarations that nobody knows, all functions are untyped. */
export function symbolOf(library: Library, name: string): UntypedFunction {
  return (library.symbols as Readonly<Record<string, UntypedFunction>>)[name] as UntypedFunction
}

/** The pool releases what all have in common. */
function release(): void {}
