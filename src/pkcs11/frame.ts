/**
 * Memory that the program and the module both see, for what one operation's calls point to. So a call itself is words
 * alone, and its arguments are laid out once.
 */
import type { FatThread, Pointer, SharedMemory } from '../index.ts'
import { readUlong, type Ulong, writeUlong } from './words.ts'

/** Bytes of a frame, without what needs memory of its own. */
const FRAME = 2 ** 14
/** Frames are cut out of larger pieces: each piece is a file, a mapping and a message. */
const FRAMES_AT_ONCE = 32
/** Bytes of large blocks that are kept for later. */
const MOST_KEPT = 2 ** 25
/** Blocks up to this size are wiped at once after use; PINs, keys and templates are in such ones. */
const WIPED = 2 ** 17
/** Longer ones are wiped when nobody has used them for a while, in milliseconds: mostly somebody does. */
const IDLE = 50
/** Bytes that are wiped in one turn of the event loop. */
const WIPED_AT_ONCE = 2 ** 22

const ALIGNMENT = 16
const WORD = 8

/** So many bytes, and what is to be left free behind them. */
export function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & -ALIGNMENT
}

/** Words that so many bytes take. */
function wordsOf(bytes: number): number {
  return Math.ceil(bytes / WORD)
}

/** A stretch of a frame: offset in `bytes` and `view` for the program, address for the module. */
export interface Place {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** The same, eight bytes at a time: the engine fills bytes of shared memory one by one. */
  readonly words: Float64Array
  readonly at: number
  readonly size: number
  readonly address: number
}

interface Block {
  readonly memory: SharedMemory
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly words: Float64Array
  readonly address: number
}

/** Where the operation that is going on has its arguments and results. */
export class Frame {
  readonly #frames: Frames
  readonly #block: Block
  readonly #large: Block[] = []
  #used = 0
  /** Beyond it nothing was written since the last wipe. */
  #most = 0

  constructor(frames: Frames, block: Block) {
    this.#frames = frames
    this.#block = block
  }

  /** Room for so many bytes; what stands in it is undefined. */
  room(size: number): Place {
    const at = this.#used
    if (at + size <= FRAME) {
      this.#used = aligned(at + size)
      if (this.#used > this.#most) this.#most = this.#used
      const { bytes, view, words, address } = this.#block
      return { bytes, view, words, at, size, address: address + at }
    }
    const block = this.#frames.large(size)
    this.#large.push(block)
    const { bytes, view, words, address } = block
    return { bytes, view, words, at: 0, size, address }
  }

  /** The same, zeroed. */
  zeroed(size: number): Place {
    const place = this.room(size)
    zero(place)
    return place
  }

  /** A copy of bytes; of none, a place that has an address all the same. */
  copy(bytes: Uint8Array): Place {
    const place = this.room(bytes.length)
    place.bytes.set(bytes, place.at)
    return place
  }

  /** A text in UTF-8, without a zero behind it. */
  text(text: string): Place {
    const bytes = Buffer.from(text, 'utf8')
    const place = this.copy(bytes)
    bytes.fill(0) // it may be a PIN
    return place
  }

  /** A PIN: what the module prints at its end, or names where it is denied something, may repeat it. */
  secret(secret: string | Uint8Array): Place {
    this.#frames.conceal()
    return typeof secret === 'string' ? this.text(secret) : this.copy(secret)
  }

  /** One CK_ULONG. */
  word(value: Ulong): Place {
    const place = this.room(8)
    writeUlong(place.view, place.at, value)
    return place
  }

  /** Where it is now, for `rewind`. */
  get mark(): Mark {
    return { used: this.#used, large: this.#large.length }
  }

  /** What was placed since then is used no more: its room serves what comes next. */
  rewind({ used, large }: Mark): void {
    this.#used = used
    this.#giveBack(large)
  }

  /** The operation is over, however it ended. */
  end(): void {
    if (this.#most > 0) this.#block.words.fill(0, 0, wordsOf(Math.min(this.#most, FRAME)))
    this.#used = 0
    this.#most = 0
    this.#giveBack(0)
    this.#frames.giveBack(this)
  }

  #giveBack(from: number): void {
    if (this.#large.length === from) return
    for (const block of this.#large.splice(from)) this.#frames.giveBackLarge(block)
  }
}

/** A state of a frame. */
export interface Mark {
  readonly used: number
  readonly large: number
}

/** The frames of one process. */
export class Frames {
  readonly #thread: FatThread
  readonly #free: Frame[] = []
  readonly #large = new Map<number, Block[]>()
  #kept = 0
  /** Kept blocks that were not wiped yet; those that are used again meanwhile are none. */
  readonly #dirty = new Set<Block>()
  #wiping: NodeJS.Timeout | undefined
  #hadSecrets = false
  /** Of the first piece: where it is valid, the frames are. */
  readonly pointer: Pointer

  constructor(thread: FatThread) {
    this.#thread = thread
    this.pointer = this.#cut()
  }

  /** The process was given a secret. */
  get hadSecrets(): boolean {
    return this.#hadSecrets
  }

  conceal(): void {
    if (this.#hadSecrets) return
    this.#hadSecrets = true
    this.#thread.conceal()
  }

  lease(): Frame {
    if (this.#free.length === 0) this.#cut()
    return this.#free.pop() as Frame
  }

  giveBack(frame: Frame): void {
    this.#free.push(frame)
  }

  large(size: number): Block {
    const bytes = 2 ** (32 - Math.clz32(Math.max(size, FRAME) - 1))
    const kept = this.#large.get(bytes)?.pop()
    if (kept === undefined) return blockOf(this.#thread.alloc(bytes), 0, bytes)
    this.#kept -= bytes
    this.#dirty.delete(kept)
    return kept
  }

  giveBackLarge(block: Block): void {
    const { length } = block.bytes
    if (this.#kept + length > MOST_KEPT) {
      block.memory[Symbol.dispose]()
      return
    }
    if (length <= WIPED) block.words.fill(0)
    else this.#wipeLater(block)
    this.#kept += length
    const kept = this.#large.get(length)
    if (kept === undefined) this.#large.set(length, [block])
    else kept.push(block)
  }

  #wipeLater(block: Block): void {
    this.#dirty.add(block)
    this.#wiping ??= setTimeout(() => this.#wipe(), IDLE).unref()
  }

  #wipe(): void {
    let wiped = 0
    for (const block of this.#dirty) {
      if (wiped >= WIPED_AT_ONCE) break
      block.words.fill(0)
      wiped += block.bytes.length
      this.#dirty.delete(block)
    }
    this.#wiping = this.#dirty.size === 0 ? undefined : setTimeout(() => this.#wipe(), 1).unref()
  }

  #cut(): Pointer {
    const memory = this.#thread.alloc(FRAME * FRAMES_AT_ONCE)
    for (let index = FRAMES_AT_ONCE - 1; index >= 0; index--)
      this.#free.push(new Frame(this, blockOf(memory, index * FRAME, FRAME)))
    return memory.pointer
  }
}

function blockOf(memory: SharedMemory, offset: number, size: number): Block {
  const { buffer, byteOffset } = memory.bytes
  return {
    memory,
    bytes: memory.bytes.subarray(offset, offset + size),
    view: new DataView(buffer, byteOffset + offset, size),
    words: new Float64Array(buffer, byteOffset + offset, size / WORD),
    address: Number(memory.pointer.address) + offset,
  }
}

/** A part of a place that is a place itself. */
export function partOf(
  { bytes, view, words, at, address }: Place,
  offset: number,
  size: number,
): Place {
  return { bytes, view, words, at: at + offset, size, address: address + offset }
}

/** Zeroes a place that begins at a whole word, up to the end of its last word. */
export function zero({ words, at, size }: Place): void {
  words.fill(0, at / WORD, wordsOf(at + size))
}

/** Longer copies are made in memory that is not zeroed before. */
const LONG = 4096

/** A private copy of the first bytes of a place: as many as it has, whatever the module says. */
export function copyOf({ bytes, at, size }: Place, length: Ulong): Uint8Array<ArrayBuffer> {
  const count = length < size ? Number(length) : size
  // `slice` of shared memory goes byte by byte.
  const copy =
    count > LONG ? new Uint8Array(Buffer.allocUnsafeSlow(count).buffer) : new Uint8Array(count)
  copy.set(bytes.subarray(at, at + count))
  return copy
}

/** The CK_ULONG at the start of a place, or further on in it. */
export function wordIn({ view, at }: Place, offset = 0): Ulong {
  return readUlong(view, at + offset)
}
