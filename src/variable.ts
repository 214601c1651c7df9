import type { CType } from './abi/types.ts'
import type { DeclaredText, NamesOf } from './callable.ts'
import type { Entrance } from './channel/entrance.ts'
import type { Request } from './channel/request.ts'
import type { GivenIn, HeldIn } from './declaration/infer.ts'
import type { AnyKnown, Find } from './declaration/scope.ts'
import { Pointer } from './memory/pointer.ts'
import {
  type Kept,
  locate,
  readVariable,
  type VariableSymbol,
  writeVariable,
} from './message/variable.ts'

/** A variable of a library. Each reading and writing is a trip to its process. */
export interface Variable<Value = unknown, Given = Value> {
  /** The symbol. */
  readonly name: string
  /** Reads it. */
  readonly get: ReadVariable<Value>
  /**
   * Writes it. What a string or bytes become lasts until the variable is set again, or its process ends.
   * @throws {FatThreadError} when it stands in memory that can't be written
   */
  readonly set: WriteVariable<Given>
  /** Where it is in the process that serves now. */
  readonly pointer: Pointer
}

export interface ReadVariable<Value> {
  (): Promise<Value>
  /** The same, blocking. */
  sync(): Value
}

export interface WriteVariable<Given> {
  /** Throws a `TypeError` or `RangeError` for a value that doesn't fit. */
  (value: Given): Promise<void>
  /** The same, blocking. */
  sync(value: Given): void
}

/** The variables of a declared text; any where the compiler is not given it. */
export type Variables<D> =
  D extends DeclaredText<unknown, infer Found>
    ? Found
    : D extends string
      ? NamesOf<D> extends infer Names extends AnyKnown
        ? [Names] extends [never]
          ? AnyVariables
          : {
              readonly [Name in Names['variables']['name']]: Variable<
                HeldIn<Find<Names['variables'], Name>, Names['tags']>,
                GivenIn<Find<Names['variables'], Name>, Names['tags']>
              >
            }
        : never
      : AnyVariables

type AnyVariables = Readonly<Record<string, Variable>>

/** Where the variable's requests go. */
export interface VariableHome {
  lane(): Entrance
  /** Of the process that serves now. */
  owner(): object
  readonly timeout: number | undefined
}

/** A variable that is found in every incarnation of a fat thread. */
export class BoundVariable implements Variable {
  readonly name: string
  readonly get: ReadVariable<unknown>
  readonly set: WriteVariable<unknown>
  /** Finds it; part of what an incarnation takes to be ready. */
  readonly located: Request<undefined, void>
  readonly #home: VariableHome
  #owner: object | undefined
  #address = 0n
  #kept: Kept = []

  constructor(symbol: VariableSymbol, type: CType, isConst: boolean, home: VariableHome) {
    const { timeout } = home
    const options = timeout === undefined ? undefined : { timeout }
    const reading = readVariable(symbol, type)
    const writing = writeVariable(symbol, type, (kept) => this.#keep(kept))
    const refuse = (): void => {
      if (isConst) throw new TypeError(`${symbol.name}.set: ${symbol.name} is const`)
    }
    this.name = symbol.name
    this.#home = home
    this.located = locate(symbol, (owner, address) => {
      this.#owner = owner
      this.#address = address
    })
    this.get = Object.assign(async () => home.lane().run(reading, undefined, options), {
      sync: () => home.lane().runSync(reading, undefined, options),
    })
    this.set = Object.assign(
      async (value: unknown) => {
        refuse()
        await home.lane().run(writing, value, options)
      },
      {
        sync: (value: unknown) => {
          refuse()
          home.lane().runSync(writing, value, options)
        },
      },
    )
  }

  get pointer(): Pointer {
    const lane = this.#home.lane()
    const owner = this.#home.owner()
    if (this.#owner !== owner) lane.runSync(this.located, undefined, undefined)
    return new Pointer(this.#address, this.#owner ?? owner)
  }

  #keep(kept: Kept): void {
    for (const free of this.#kept) free()
    this.#kept = kept
  }
}
