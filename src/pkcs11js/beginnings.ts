/**
 * Operations that are begun as they were before. Programs call C_SignInit and C_Sign in turn, with the same mechanism
 * and key each time: where nothing has changed in between, it is known what the first one returns.
 */
import type { FunctionName } from '../pkcs11/functions.ts'
import type { Ulong } from '../pkcs11/words.ts'
import type { Asked } from './invocation.ts'
import type { Mechanism } from './mechanism.ts'

/** What a method does to operations, of its own session and of others. */
export interface Deed {
  /**
   * `forgets`: it is not known to leave all as it is. `changes`: it may end what others stand on, so it comes behind
   * the operations that are being begun.
   */
  readonly effect: 'begins' | 'goes on' | 'ends' | 'keeps' | 'forgets' | 'changes'
  /** Which kind of operation, where it is one's. */
  readonly kind: number
  /** It is all of an operation that has just begun. */
  readonly isWhole: boolean
}

const KINDS = ['C_Sign', 'C_Digest', 'C_Encrypt', 'C_Decrypt', 'C_Verify', 'C_FindObjects'] as const

const FIND = KINDS.indexOf('C_FindObjects')

const NO_KIND = -1
const KEEPS: Deed = { effect: 'keeps', kind: NO_KIND, isWhole: false }
const FORGETS: Deed = { effect: 'forgets', kind: NO_KIND, isWhole: false }
const CHANGES: Deed = { effect: 'changes', kind: NO_KIND, isWhole: false }

function deedsOf(name: (typeof KINDS)[number], kind: number): [string, Deed][] {
  const deed = (effect: Deed['effect'], isWhole = false): Deed => ({ effect, kind, isWhole })
  const some: [string, Deed][] = [
    [`${name}Init`, deed('begins')],
    [`${name}Final`, deed('ends')],
  ]
  if (kind === FIND) return [...some, [name, KEEPS]]
  return [...some, [name, deed('ends', true)], [`${name}Update`, deed('goes on')]]
}

const DEEDS = new Map<string, Deed>([
  ...KINDS.flatMap(deedsOf),
  ...['C_SeedRandom', 'C_GenerateRandom', 'C_GetAttributeValue'].map((name): [string, Deed] => [
    name,
    KEEPS,
  ]),
  ...[
    ...['C_Initialize', 'C_InitToken', 'C_InitPIN', 'C_SetPIN', 'C_Login', 'C_Logout'],
    ...['C_CloseSession', 'C_CloseAllSessions', 'C_DestroyObject', 'C_SetAttributeValue'],
  ].map((name): [string, Deed] => [name, CHANGES]),
])

export function deedOf(name: FunctionName): Deed {
  return DEEDS.get(name) ?? FORGETS
}

/** A begin that was good. */
interface Good {
  readonly identity: string | number
  readonly key: Ulong | undefined
  /** Operations that are to follow at once before it is known again. */
  patience: number
}

/** What is known of one session. */
interface Known {
  readonly good: (Good | undefined)[]
  /** By kind: 0, or the number of the begin that made it active. */
  readonly active: number[]
}

/** As many operations have to follow at once where once none did. */
const PATIENCE = 64

/** What is known in one process, by the session as the program names it. */
export class Beginnings {
  readonly #sessions = new Map<Ulong, Known>()
  #begun = 0
  #isOfUse = false

  /** An asynchronous operation was made: programs that always block know nothing, and pay nothing for it. */
  get isOfUse(): boolean {
    return this.#isOfUse
  }

  /** Whether a begin will be good, and an operation follow at once. */
  foresees({ values, deed: { kind } }: Asked): boolean {
    const known = this.#sessions.get(values[0] as Ulong)
    const good = known?.good[kind]
    if (known === undefined || good === undefined || good.patience > 0) return false
    // Some modules know one operation of a session at a time, of whatever kind.
    for (const active of known.active) if (active > 0) return false
    return isSame(good, values)
  }

  /** One that was held was made by itself, since no operation followed at once. */
  lost({ values, deed: { kind } }: Asked): void {
    const good = this.#sessions.get(values[0] as Ulong)?.good[kind]
    if (good !== undefined) good.patience = PATIENCE
  }

  /** An asynchronous method begins; gives what `done` takes. */
  entered({ values, deed: { effect, kind, isWhole } }: Asked): number {
    if (kind === NO_KIND) {
      if (effect !== 'keeps') this.forget()
      return 0
    }
    if (isWhole) this.#isOfUse = true
    const known = this.#sessions.get(values[0] as Ulong)
    const good = known?.good[kind]
    if (isWhole && good !== undefined && good.patience > 0) good.patience--
    return known?.active[kind] ?? 0
  }

  /** A method was good, or is held. @param entered For one that was begun before. */
  done({ values, deed: { effect, kind } }: Asked, entered?: number): void {
    if (kind === NO_KIND) {
      if (effect !== 'keeps') this.forget()
      return
    }
    const known = this.#sessions.get(values[0] as Ulong)
    if (effect === 'begins') this.#began(known, kind, values)
    else if (known === undefined) return
    else if (effect === 'goes on') known.active[kind] = ++this.#begun
    else if (entered === undefined || known.active[kind] === entered) known.active[kind] = 0
  }

  #began(before: Known | undefined, kind: number, values: Asked['values']): void {
    const known = before ?? { good: KINDS.map(() => undefined), active: KINDS.map(() => 0) }
    if (before === undefined) this.#sessions.set(values[0] as Ulong, known)
    known.active[kind] = ++this.#begun
    if (kind === FIND) return
    const good = known.good[kind]
    if (good !== undefined && isSame(good, values)) return
    const identity = (values[1] as Mechanism).identity()
    known.good[kind] =
      identity === undefined
        ? undefined
        : { identity, key: values[2] as Ulong | undefined, patience: 0 }
  }

  /** Something failed, or may have changed. */
  forget(): void {
    if (this.#sessions.size > 0) this.#sessions.clear()
  }
}

function isSame({ identity, key }: Good, [, mechanism, given]: Asked['values']): boolean {
  return key === given && identity === (mechanism as Mechanism).identity()
}
