/**
 * A call that begins an operation and was good before: held until the operation comes, so that both are one request.
 * It is made by itself where something else comes, and when the running code ends at the latest.
 */

import type { Frame } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import type { Life, RunOptions } from '../pkcs11/life.ts'
import type { Call, Steps } from '../pkcs11/operation.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { nothing } from './answers.ts'
import type { Handles } from './handles.ts'
import { type Asked, invocation } from './invocation.ts'

export class HeldBeginning {
  readonly asked: Asked
  readonly handles: Handles
  readonly life: Life
  /** Has its arguments, as they were when it was called. */
  readonly frame: Frame
  readonly call: Call

  constructor(asked: Asked, handles: Handles, life: Life) {
    this.asked = asked
    this.handles = handles
    this.life = life
    this.frame = life.lease()
    this.call = invocation(asked, nothing, this.frame, handles).next().value as Call
  }

  get name(): FunctionName {
    return this.asked.name
  }

  get session(): Ulong {
    return this.asked.values[0] as Ulong
  }

  /** Whether a method does the operation that this one begins. */
  precedes({ deed, values }: Asked): boolean {
    return deed.isWhole && deed.kind === this.asked.deed.kind && values[0] === this.session
  }

  /** Makes it by itself, blocking. */
  make(limits: RunOptions | undefined): void {
    const { call, frame, life } = this
    life.runSync(() => once(call), { ...limits, frame })
  }
}

function* once(call: Call): Steps<void> {
  yield call
}
