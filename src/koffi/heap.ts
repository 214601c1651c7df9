/** Memory that the program and the libraries both see, handed out in small blocks. */
import type { SharedMemory } from '../index.ts'
import { fatThread } from './process.ts'

const CHUNK = 2 ** 20
/** Larger blocks have shared memory of their own. */
const LARGEST = 2 ** 17
const SMALLEST = 5

export class Block {
  readonly memory: SharedMemory
  readonly offset: number
  readonly size: number
  readonly address: bigint
  #bytes: Uint8Array | undefined
  #view: DataView | undefined

  constructor(memory: SharedMemory, offset: number, size: number) {
    this.memory = memory
    this.offset = offset
    this.size = size
    this.address = memory.pointer.address + BigInt(offset)
  }

  get bytes(): Uint8Array {
    this.#bytes ??= this.memory.bytes.subarray(this.offset, this.offset + this.size)
    return this.#bytes
  }

  get view(): DataView {
    const { buffer, byteOffset } = this.memory.bytes
    this.#view ??= new DataView(buffer, byteOffset + this.offset, this.size)
    return this.#view
  }
}

/** Of one process; with the next one a new heap begins. */
class Heap {
  readonly #free: Block[][] = []
  /** By the address of their end, in order. */
  readonly #memories: SharedMemory[] = []
  #chunk: SharedMemory | undefined
  #used = CHUNK

  /** Whether its memory is there no more. */
  get isLost(): boolean {
    const first = this.#memories[0]
    return first !== undefined && !fatThread().owns(first.pointer)
  }

  allocate(bytes: number): Block {
    if (bytes > LARGEST) return new Block(this.#alloc(bytes), 0, bytes)
    const power = Math.max(SMALLEST, 32 - Math.clz32(bytes - 1))
    const reused = this.#free[power]?.pop()
    return reused ?? this.#carve(2 ** power)
  }

  free(block: Block): void {
    const { memory, size } = block
    if (size > LARGEST) {
      this.#memories.splice(this.#memories.indexOf(memory), 1)
      memory[Symbol.dispose]()
      return
    }
    const power = Math.log2(size)
    this.#free[power] ??= []
    this.#free[power].push(block)
  }

  /** The memory that has an address, from there to its end. */
  find(address: bigint): Uint8Array | undefined {
    for (const { pointer, bytes } of this.#memories) {
      const offset = address - pointer.address
      if (offset >= 0n && offset < bytes.length) return bytes.subarray(Number(offset))
    }
    return undefined
  }

  #carve(size: number): Block {
    if (this.#chunk === undefined || this.#used + size > CHUNK) {
      this.#chunk = this.#alloc(CHUNK)
      this.#used = 0
    }
    const block = new Block(this.#chunk, this.#used, size)
    this.#used += size
    return block
  }

  #alloc(bytes: number): SharedMemory {
    const memory = fatThread().alloc(bytes)
    this.#memories.push(memory)
    return memory
  }
}

let current = new Heap()
const lost: (() => void)[] = []

/** The heap of the process that serves now. */
export function heap(): Heap {
  if (current.isLost) {
    current = new Heap()
    for (const forget of lost) forget()
  }
  return current
}

/** Has something done when the process and its memory are gone. */
export function onLost(forget: () => void): void {
  lost.push(forget)
}
