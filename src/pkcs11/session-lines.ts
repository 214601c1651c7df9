/** Calls of one session run one after the other; different sessions don't wait for each other. */
import type { Ulong } from './words.ts'

type Go = () => void

const NOBODY: readonly Go[] = []

export class SessionLines {
  /** Sessions with a call in flight, and who waits for it. */
  readonly #busy = new Map<Ulong, readonly Go[] | Go[]>()

  /** Resolves when it is the caller's turn; `undefined` if it is at once. */
  enter(session: Ulong): Promise<void> | undefined {
    const waiting = this.#busy.get(session)
    if (waiting === undefined) {
      this.#busy.set(session, NOBODY)
      return undefined
    }
    return new Promise((resolve) => {
      if (waiting === NOBODY) this.#busy.set(session, [resolve])
      else (waiting as Go[]).push(resolve)
    })
  }

  isBusy(session: Ulong): boolean {
    return this.#busy.has(session)
  }

  leave(session: Ulong): void {
    const waiting = this.#busy.get(session)
    const next = waiting === NOBODY ? undefined : (waiting as Go[]).shift()
    if (next === undefined) this.#busy.delete(session)
    else next()
  }

  /** Sessions that have a call in flight. */
  get size(): number {
    return this.#busy.size
  }
}
