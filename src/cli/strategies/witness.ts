import { createRequire } from 'node:module'
import { join } from 'node:path'
import { LABORATORY } from './laboratory.ts'

/** The functions of `native/laboratory/node.c`, which take texts. What they find they report themselves. */
export interface Witness {
  /** `dlopen` within this process: behaviour, limits of loading and of a call, linger, libraries. */
  trial(...words: readonly string[]): void
  /** What `dlopen` costs within this process: rounds, calls, library. */
  measure(...words: readonly string[]): void
  /** Before a library is loaded; returns what it is to be asked. */
  prepare(behaviour: string): string
  /** After it was asked; the process is the one that runs it. */
  look(behaviour: string, pid: string): void
}

/** For throw-away processes only: it lets libraries into the process. */
export function loadWitness(): Witness {
  return createRequire(import.meta.url)(join(LABORATORY, 'laboratory.node')) as Witness
}
