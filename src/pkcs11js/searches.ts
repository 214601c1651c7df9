/**
 * What searches have found beyond what the program has asked for so far. Most programs ask for one handle after the
 * other, and a call each would take longer than the search.
 */
import type { Ulong } from '../pkcs11/words.ts'

/** Handles that a module is asked for at least. */
export const AT_ONCE = 64

/** Handles that were found, and how many of them the program has. */
interface Ahead {
  readonly handles: readonly Ulong[]
  given: number
}

/** The searches of one process, by the session that searches, as the program names it. */
export class Searches {
  readonly #ahead = new Map<Ulong, Ahead>()

  /** The next one, where it is known. */
  next(session: Ulong): Ulong | undefined {
    const ahead = this.#ahead.get(session)
    return ahead?.handles[ahead.given++]
  }

  /** As many of the next ones as are known, and no more than so many. */
  take(session: Ulong, most: number): readonly Ulong[] {
    const ahead = this.#ahead.get(session)
    if (ahead === undefined) return []
    const taken = ahead.handles.slice(ahead.given, ahead.given + most)
    ahead.given += taken.length
    return taken
  }

  /** Of what was found, the first ones are the program's. */
  keep(session: Ulong, handles: readonly Ulong[], given: number): void {
    this.#ahead.set(session, { handles, given })
  }

  /** The session searches no more, or for something else. */
  end(session: Ulong): void {
    this.#ahead.delete(session)
  }

  /** No session does. */
  endAll(): void {
    this.#ahead.clear()
  }
}
