import { ClosedError } from '../errors.ts'
import { Pointer } from './pointer.ts'

interface Origin {
  readonly owner: object
  readonly address: number
  readonly memory: SharedMemory
}

/** Which buffers are shared memory, so that any view of one is passed without a copy. */
const origins = new WeakMap<ArrayBufferLike, Origin>()

/**
 * Memory that the program and one incarnation of a fat thread both see.
 * Its bytes may change at any moment: copy them before they are checked and used.
 */
export class SharedMemory implements Disposable {
  /** The memory; zeros after the end of the fat thread. Passing it, or a part of it, to a call copies nothing. */
  readonly bytes: Uint8Array
  /** Where the library has it. */
  readonly pointer: Pointer
  readonly #free: () => void
  #disposed = false

  /** @internal */
  constructor(bytes: Uint8Array, address: number, owner: object, free: () => void) {
    this.bytes = bytes
    this.pointer = new Pointer(BigInt(address), owner, () => !this.#disposed)
    this.#free = free
    origins.set(bytes.buffer, { owner, address, memory: this })
  }

  /** Gives the memory back; the library must not use it any more. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#free()
  }

  /** @internal */
  get disposed(): boolean {
    return this.#disposed
  }
}

/** Whether a view stands on shared memory, of whatever fat thread. */
export function isShared(view: ArrayBufferView): boolean {
  return origins.has(view.buffer)
}

/**
 * The address of a view of shared memory, or `undefined` when it stands on other memory.
 * @internal
 */
export function sharedAddress(view: ArrayBufferView, owner: object): number | undefined {
  const origin = origins.get(view.buffer)
  if (origin === undefined) return undefined
  if (origin.memory.disposed) throw new ClosedError('the shared memory was disposed')
  if (origin.owner !== owner)
    throw new ClosedError(
      'the shared memory belongs to another fat thread, or to one before its restart',
    )
  return origin.address + view.byteOffset
}
