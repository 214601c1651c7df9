import { ended, endedSync, type Pending } from './channel/pending.ts'
import type { FatThread } from './fat-thread/fat-thread.ts'

/** What a library does to get into its fat thread. */
interface Steps {
  /** Asks for all that it needs there. */
  enter(): readonly Pending[]
  /** It can't be. */
  giveUp(): void
}

/** A library on its way into a fat thread. Whoever wants it waits, or blocks, or both. */
export class Loading<Library> {
  readonly #thread: FatThread
  /** There at once; usable when it is done. */
  readonly library: Library
  readonly #steps: Steps
  #asked: readonly Pending[] | undefined

  constructor(thread: FatThread, library: Library, steps: Steps) {
    this.#thread = thread
    this.library = library
    this.#steps = steps
  }

  /** Called once. */
  async done(): Promise<Library> {
    try {
      if (this.#thread.settings.strict) await this.#thread.life.verified()
      await ended(this.#ask())
    } catch (error) {
      this.#steps.giveUp()
      throw error
    }
    return this.library
  }

  doneSync(): Library {
    try {
      this.#thread.life.verifiedSync()
      endedSync(this.#ask())
    } catch (error) {
      this.#steps.giveUp()
      throw error
    }
    return this.library
  }

  #ask(): readonly Pending[] {
    this.#asked ??= this.#steps.enter()
    return this.#asked
  }
}
