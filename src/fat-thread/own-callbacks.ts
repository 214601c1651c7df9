import type { FunctionType } from '../abi/types.ts'
import { wrongKind } from '../call/complaint.ts'
import { parsePrototype } from '../declaration/parse.ts'
import { Callback, type CallbackHome } from '../memory/callback.ts'
import type { Pointer } from '../memory/pointer.ts'
import { shapeOf } from '../message/callback-shape.ts'
import { ping } from '../message/control.ts'
import { Type } from '../type.ts'
import type { Life } from './life.ts'

/** Functions of the program that C can call in whichever process of a fat thread serves, until they are released. */
export class OwnCallbacks implements CallbackHome {
  readonly #life: () => Life

  constructor(life: () => Life) {
    this.#life = life
  }

  declared(prototype: string | Type, run: unknown): Callback {
    if (prototype instanceof Type) {
      const { ctype } = prototype
      if (ctype.kind === 'pointer' && ctype.to.kind === 'function')
        return this.make(ctype.to, prototype.name, run)
    }
    if (typeof prototype !== 'string')
      throw wrongKind(
        'callback: prototype',
        'a C prototype or a Type of function pointers',
        prototype,
      )
    const { name, ...type } = parsePrototype(prototype)
    return this.make({ kind: 'function', ...type }, name, run)
  }

  make(type: FunctionType, label: string, run: unknown): Callback {
    if (typeof run !== 'function') throw wrongKind(`callback: ${label}`, 'a function', run)
    shapeOf(type, label) // says what is wrong with the type
    const callback = new Callback(type, label, run, this)
    // Its code is made ahead: where C finds it can then be asked at any time.
    if (this.#life().incarnation().channel.callbackCode() !== undefined) void callback.pointer
    return callback
  }

  pointerOf(callback: Callback): Pointer {
    const { callbacks, channel, lane } = this.#life().incarnation()
    if (channel.callbackCode() === undefined)
      lane.runSync(ping, undefined, { timeout: this.#life().settings.loadTimeout })
    return callbacks.slots.pointer(callback)
  }

  release(callback: Callback): void {
    this.#life().current?.callbacks.slots.release(callback)
  }
}
