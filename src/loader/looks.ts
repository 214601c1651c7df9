import type { BigIntStats } from 'node:fs'
import { addon } from '../host/addon.ts'

/** Numbers that one look leaves behind: device, inode, size, times of the content and of the state. */
const NUMBERS = 5
/** Most programs open a few libraries again and again. */
const MOST_KEPT = 64

/** What a search saw of the file system. It finds the same again where all of that is as it was. */
class Looks {
  readonly #seen = new Map<string, BigIntStats | undefined>()
  #paths: Uint8Array | undefined
  #numbers: BigUint64Array | undefined

  note(path: string, stats: BigIntStats | undefined): void {
    if (!this.#seen.has(path)) this.#seen.set(path, stats)
  }

  noteAll(looks: Looks): void {
    for (const [path, stats] of looks.#seen) this.note(path, stats)
  }

  /** Looks once at each place. */
  get hold(): boolean {
    this.#paths ??= Buffer.from([...this.#seen.keys()].map((path) => `${path}\0`).join(''))
    this.#numbers ??= this.#write()
    return addon().unchanged(this.#paths, this.#numbers)
  }

  /** Zeros stand for a place where nothing was. */
  #write(): BigUint64Array {
    const numbers = new BigUint64Array(this.#seen.size * NUMBERS)
    for (const [index, stats] of [...this.#seen.values()].entries()) {
      if (stats === undefined) continue
      const { dev, ino, size, mtimeNs, ctimeNs } = stats
      numbers.set([dev, ino, size, mtimeNs, ctimeNs], index * NUMBERS)
    }
    return numbers
  }
}

/** Of the searches that are under way, the innermost. */
let current: Looks | undefined

/** Each look into the file system that a search goes by is noted here. */
export function noteLook(path: string, stats: BigIntStats | undefined): void {
  current?.note(path, stats)
}

/** What searches of one kind found, by what they searched for. */
export class Found<Result> {
  readonly #kept = new Map<string, { readonly result: Result; readonly looks: Looks }>()

  /** Searches, or knows what a search would find now. What throws is not kept. */
  find(key: string, search: () => Result): Result {
    const known = this.#kept.get(key)
    if (known?.looks.hold) {
      current?.noteAll(known.looks)
      return known.result
    }
    const around = current
    const looks = new Looks()
    current = looks
    try {
      const result = search()
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
      this.#kept.set(key, { result, looks })
      return result
    } finally {
      current = around
      around?.noteAll(looks)
    }
  }
}
