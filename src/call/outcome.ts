import { Reading } from './value/codec.ts'

/** What a call gives beside its result word, as it comes in: out parameters, structures by value. */
export class Outcome {
  readonly reading: Reading
  readonly #named: (readonly [string, unknown])[] = []
  readonly #works: (() => void)[] = []
  #own: { readonly value: unknown } | undefined

  constructor(owner: object) {
    this.reading = new Reading(owner)
  }

  /** Takes the result that has the name of its parameter; called again when its text is there. */
  named(name: string): (value: unknown) => void {
    const index = this.#named.push([name, undefined]) - 1
    return (value) => {
      this.#named[index] = [name, value]
    }
  }

  get(name: string): unknown {
    return this.#named.find(([each]) => each === name)?.[1]
  }

  set(name: string, value: unknown): void {
    const index = this.#named.findIndex(([each]) => each === name)
    this.#named[index] = [name, value]
  }

  /** Takes the result of the function itself, where it is no word. */
  readonly own = (value: unknown): void => {
    this.#own = { value }
  }

  /** Something to be done once the texts are there. */
  later(work: () => void): void {
    this.#works.push(work)
  }

  /** All together: the result alone, or an object where there is more than one. */
  whole(word: unknown, errno: number | undefined): unknown {
    for (const work of this.#works) work()
    const result = this.#own === undefined ? word : this.#own.value
    if (this.#named.length === 0) return errno === undefined ? result : { result, errno }
    return Object.fromEntries([
      ['result', result],
      ...this.#named,
      ...(errno === undefined ? [] : [['errno', errno] as const]),
    ])
  }
}
