import type { Plan } from '../call/plan.ts'
import { Request } from '../channel/request.ts'
import { FatThreadError, LoadError } from '../errors.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'

/** Looks a function up and prepares calls of it. */
export function bind(
  id: number,
  library: number,
  path: string,
  plan: Plan,
): Request<undefined, void> {
  return new Request({
    operation: OPERATION.BIND,
    words: 6,
    binds: id,
    subject: { library: path, call: plan.name },
    write(frame) {
      const name = Buffer.from(`${plan.name}\0`)
      const namePlace = frame.place(name.length)
      namePlace.bytes.set(name, namePlace.offset)
      const types = frame.place(plan.types.byteLength)
      types.bytes.set(new Uint8Array(plan.types.buffer), types.offset)
      frame.word(0, id)
      frame.word(1, library)
      frame.word(2, namePlace.address)
      frame.word(3, types.address)
      frame.word(4, plan.types.length)
      frame.word(5, plan.fixed === undefined ? 0 : plan.fixed + 1)
      return undefined
    },
    read(answer) {
      if (answer.status === STATUS.OK) return
      const failure = { library: path, call: plan.name }
      throw answer.status === STATUS.NO_SYMBOL
        ? new LoadError(`${path}: the loader finds no symbol ${plan.name}`, failure)
        : new LoadError(`${path}: ${plan.name} can't be bound (status ${answer.status})`, failure)
    },
  })
}

/** Prepares calls of what stands at an address, whatever it is. */
export function bindAt(id: number, address: bigint, plan: Plan): Request<undefined, void> {
  return new Request({
    operation: OPERATION.BIND_AT,
    words: 5,
    binds: id,
    subject: { call: plan.name },
    write(frame) {
      const types = frame.place(plan.types.byteLength)
      types.bytes.set(new Uint8Array(plan.types.buffer), types.offset)
      frame.word(0, id)
      frame.word(1, address)
      frame.word(2, types.address)
      frame.word(3, plan.types.length)
      frame.word(4, plan.fixed === undefined ? 0 : plan.fixed + 1)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK)
        throw new FatThreadError(`${plan.name} can't be bound (status ${answer.status})`, {
          call: plan.name,
        })
    },
  })
}
