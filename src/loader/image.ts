import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { LoadError } from '../errors.ts'
import { addon } from '../host/addon.ts'
import { sealedCopy, sealedFile } from '../host/sealed-file.ts'
import type { ClosureObject } from './closure.ts'
import { dropNeeds } from './drop-needs.ts'
import { type ElfObject, readElfSource } from './elf.ts'
import type { FileIdentity } from './elf-file.ts'
import { requireLoadable } from './elf-policy.ts'
import { descriptorSource } from './elf-source.ts'

const CHUNK_BYTES = 1024 * 1024

/** Copies that nobody holds are kept for whoever opens the same file again: the last ones, up to so many bytes. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024
const MOST_KEPT = 8

/** A sealed copy of one object, shared by all fat threads that hold it. */
export interface Image {
  readonly path: string
  readonly descriptor: number
  /** Read from the copied bytes. */
  readonly elf: ElfObject
  /** `sha256-<base64>` of the copied bytes, as they stood in the file. */
  readonly hash: string
  /** Lets go of the copy: it may be closed when nobody holds it any more. */
  release(): void
}

interface Held extends Image {
  holders: number
  readonly bytes: number
}

const images = new Map<string, Held>()
/** Those without a holder, the one that was let go last at the end. */
const kept = new Map<string, Held>()
let keptBytes = 0

/** The image of an object whose DT_NEEDED entries `dropped` are passed over. */
export function acquireImage(object: ClosureObject, dropped: ReadonlySet<string>): Image {
  const key = [keyOf(object.identity), ...dropped].join(' ')
  const held = images.get(key) ?? make(object, dropped, key)
  if (kept.delete(key)) keptBytes -= held.bytes
  held.holders++
  return held
}

/** Closes what was kept longest until there is room. */
function keep(key: string, image: Held): void {
  kept.set(key, image)
  keptBytes += image.bytes
  for (const [oldest, { bytes, descriptor }] of kept) {
    if (keptBytes <= MOST_KEPT_BYTES && kept.size <= MOST_KEPT) return
    kept.delete(oldest)
    images.delete(oldest)
    keptBytes -= bytes
    addon().closeMemory(descriptor)
  }
}

function keyOf({ dev, ino, size, mtimeNs, ctimeNs }: FileIdentity): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function make(object: ClosureObject, dropped: ReadonlySet<string>, key: string): Held {
  const { path } = object
  const original = copy(object)
  let hash: string | undefined
  const elf = parse(object, original)
  let descriptor = original
  if (dropped.size > 0) {
    hash = hashOf(original)
    descriptor = withoutNeeds(path, original, elf, dropped)
  }
  const held: Held = {
    path,
    descriptor,
    elf,
    holders: 0,
    bytes: fstatSync(descriptor).size,
    get hash() {
      hash ??= hashOf(descriptor)
      return hash
    },
    release() {
      if (--held.holders === 0) keep(key, held)
    },
  }
  images.set(key, held)
  return held
}

/** Copies the very file that was resolved. */
function copy({ path, identity }: ClosureObject): number {
  const source = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    if (keyOf(fstatSync(source, { bigint: true })) !== keyOf(identity)) throw exchanged(path)
    return sealedCopy('fat-thread-object', source)
  } finally {
    closeSync(source)
  }
}

/** What was resolved may have been other bytes of the same file: what is loaded is checked again. */
function parse(object: ClosureObject, descriptor: number): ElfObject {
  const { path } = object
  try {
    const size = fstatSync(descriptor).size
    const elf = readElfSource(descriptorSource(descriptor, size, path))
    requireLoadable(elf)
    if (elf.needed.join('\n') !== object.elf.needed.join('\n')) throw exchanged(path)
    return elf
  } catch (error) {
    addon().closeMemory(descriptor)
    throw error
  }
}

function withoutNeeds(
  path: string,
  original: number,
  elf: ElfObject,
  dropped: ReadonlySet<string>,
): number {
  try {
    const bytes = Buffer.concat([...chunksOf(original)])
    dropNeeds(bytes, path, elf.needed, dropped)
    return sealedFile('fat-thread-object', bytes)
  } finally {
    addon().closeMemory(original)
  }
}

function hashOf(descriptor: number): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(descriptor)) hash.update(chunk)
  return `sha256-${hash.digest('base64')}`
}

function* chunksOf(descriptor: number): Generator<Buffer> {
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, position)
    if (bytes === 0) return
    yield chunk.subarray(0, bytes)
    position += bytes
  }
}

/** The file is another one than a moment ago: resolving it again may help. */
export class ExchangedError extends LoadError {}

function exchanged(path: string): LoadError {
  return new ExchangedError(`${path}: was exchanged while it was being loaded; try again`, {
    library: path,
  })
}
