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
  /** The session may be closed: what was found counts where the module goes on with the search. */
  isInDoubt: boolean
}

/** The searches of one process, by the session that searches, as the program names it. */
export class Searches {
  readonly #ahead = new Map<Ulong, Ahead>()

  /** The next one, where it is known. */
  next(session: Ulong): Ulong | undefined {
    const ahead = this.#ahead.get(session)
    return ahead === undefined || ahead.isInDoubt ? undefined : ahead.handles[ahead.given++]
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
    this.#ahead.set(session, { handles, given, isInDoubt: false })
  }

  isInDoubt(session: Ulong): boolean {
    return this.#ahead.get(session)?.isInDoubt === true
  }

  /** The search goes on, and found these too. */
  goesOn(session: Ulong, handles: readonly Ulong[]): void {
    const { handles: before, given } = this.#ahead.get(session) as Ahead
    this.keep(session, [...before.slice(given), ...handles], 0)
  }

  /** Some sessions were closed, it isn't known which. */
  doubtAll(): void {
    for (const [session, ahead] of this.#ahead)
      if (ahead.given < ahead.handles.length) ahead.isInDoubt = true
      else this.end(session)
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
