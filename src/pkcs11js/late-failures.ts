/** What calls failed with that were made when their method had returned: whoever uses the session next hears of it. */
import type { FunctionName } from '../pkcs11/functions.ts'
import type { Ulong } from '../pkcs11/words.ts'

export interface LateFailure {
  readonly error: unknown
  readonly method: FunctionName
}

export class LateFailures {
  readonly #failures = new Map<Ulong, LateFailure>()

  get isEmpty(): boolean {
    return this.#failures.size === 0
  }

  note(session: Ulong, failure: LateFailure): void {
    this.#failures.set(session, failure)
  }

  /** That of a session, once. */
  take(session: Ulong): LateFailure | undefined {
    const failure = this.#failures.get(session)
    this.#failures.delete(session)
    return failure
  }

  /** There are no sessions any more. */
  forget(): void {
    this.#failures.clear()
  }
}
