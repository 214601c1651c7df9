/**
 * Copies of the program's buffers that stand in for them in the fat thread. A buffer's copy keeps its address as
 * long as the buffer lives, for libraries compare addresses and keep them; what `address` was asked for is copied
 * before and after every call, other buffers only when they are passed.
 */
import { types } from 'node:util'
import { type Block, heap, onLost } from './heap.ts'

/** Bytes of copies that no call uses and whose address nobody asked for. */
const MOST_IDLE = 2 ** 27
/** Parts of one buffer that have copies of their own. */
const MOST_PARTS = 256

export interface StandIn {
  readonly block: Block
  readonly buffer: WeakRef<ArrayBufferLike>
  readonly offset: number
  readonly length: number
  /** Its address was given out: it stays. */
  pinned: boolean
  /** Calls that use it now. */
  uses: number
}

let byBuffer = new WeakMap<ArrayBufferLike, StandIn[]>()
const pinned = new Set<StandIn>()
/** In the order of their last use. */
const idle = new Set<StandIn>()
let idleBytes = 0

const collected = new FinalizationRegistry<StandIn>((standIn) => {
  pinned.delete(standIn)
  drop(standIn)
})

onLost(() => {
  byBuffer = new WeakMap()
  pinned.clear()
  idle.clear()
  idleBytes = 0
})

/** What has memory that a pointer may lead to. */
export type Memory = ArrayBufferView | ArrayBufferLike

export function isMemory(value: unknown): value is Memory {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

export function bytesOf(value: Memory): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
}

/** The copy of a buffer; its bytes are not copied yet. */
export function standInOf(value: Memory): StandIn {
  const { buffer, byteOffset, byteLength } = bytesOf(value)
  const current = heap()
  const known = byBuffer.get(buffer)
  const end = byteOffset + byteLength
  const fits = known?.find(({ offset, length }) => offset <= byteOffset && end <= offset + length)
  if (fits !== undefined) return fits
  const standIn: StandIn = {
    block: current.allocate(Math.max(byteLength, 1)),
    buffer: new WeakRef(buffer),
    offset: byteOffset,
    length: byteLength,
    pinned: false,
    uses: 0,
  }
  if (known === undefined) byBuffer.set(buffer, [standIn])
  else {
    const oldest = known.length < MOST_PARTS ? undefined : known.find((part) => idle.has(part))
    if (oldest !== undefined) drop(oldest)
    known.push(standIn)
  }
  collected.register(buffer, standIn, standIn)
  return standIn
}

/** Where the first byte of a buffer is in the fat thread. */
export function addressIn(standIn: StandIn, value: Memory): bigint {
  const { byteOffset } = bytesOf(value)
  return standIn.block.address + BigInt(byteOffset - standIn.offset)
}

/** Gives out the address of a buffer: from now on both are alike before and after every call. */
export function pin(value: Memory): bigint {
  const standIn = standInOf(value)
  if (!standIn.pinned) {
    standIn.pinned = true
    pinned.add(standIn)
    unidle(standIn)
  }
  copyIn(standIn)
  return addressIn(standIn, value)
}

export function copyIn(standIn: StandIn): void {
  const source = sourceOf(standIn)
  if (source !== undefined) standIn.block.bytes.set(source)
}

/** Both buffers as the call left them: what it did not change is not copied back over what overlaps it. */
export function copyBack(standIns: Iterable<StandIn>): void {
  const changed = [...standIns].flatMap((standIn) => {
    const target = sourceOf(standIn)
    if (target === undefined || target.length === 0) return []
    const found = standIn.block.bytes.subarray(0, target.length)
    return Buffer.compare(found, target) === 0 ? [] : [{ target, found }]
  })
  for (const { target, found } of changed) target.set(found)
}

export function pinnedOnes(): ReadonlySet<StandIn> {
  return pinned
}

export function use(standIn: StandIn): void {
  standIn.uses++
  unidle(standIn)
}

export function release(standIn: StandIn): void {
  standIn.uses--
  if (standIn.uses > 0 || standIn.pinned) return
  idle.add(standIn)
  idleBytes += standIn.block.size
  for (const oldest of idle) {
    if (idleBytes <= MOST_IDLE) break
    drop(oldest)
  }
}

function unidle(standIn: StandIn): void {
  if (idle.delete(standIn)) idleBytes -= standIn.block.size
}

function drop(standIn: StandIn): void {
  unidle(standIn)
  collected.unregister(standIn)
  const buffer = standIn.buffer.deref()
  const list = buffer === undefined ? undefined : byBuffer.get(buffer)
  list?.splice(list.indexOf(standIn), 1)
  const current = heap()
  if (current.find(standIn.block.address) !== undefined) current.free(standIn.block)
}

/** The part of the program's buffer; nothing once it was collected or detached. */
function sourceOf({ buffer, offset, length }: StandIn): Uint8Array | undefined {
  const found = buffer.deref()
  if (found === undefined || found.byteLength < offset + length) return undefined
  return new Uint8Array(found, offset, length)
}
