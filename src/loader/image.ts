import { createHash } from 'node:crypto'
import { closeSync, readFileSync } from 'node:fs'
import { LoadError } from '../errors.ts'
import { sealedFile } from '../host/sealed-file.ts'
import type { ClosureObject } from './closure.ts'
import { dropNeeds } from './drop-needs.ts'
import { type ElfObject, readElf } from './elf.ts'
import { requireLoadable } from './elf-policy.ts'

/** A sealed copy of one object, shared by all fat threads that hold it. */
export interface Image {
  readonly path: string
  readonly descriptor: number
  /** Read from the copied bytes. */
  readonly elf: ElfObject
  /** `sha256-<base64>` of the file's bytes. */
  readonly hash: string
  /** Closes the copy when nobody holds it any more. */
  release(): void
}

interface Held extends Image {
  holders: number
}

const images = new Map<string, Held>()

/** The image of an object whose DT_NEEDED entries `dropped` are passed over. */
export function acquireImage(object: ClosureObject, dropped: ReadonlySet<string>): Image {
  const key = keyOf(object, dropped)
  const held = images.get(key) ?? make(object, dropped, key)
  held.holders++
  return held
}

function keyOf({ identity }: ClosureObject, dropped: ReadonlySet<string>): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = identity
  return [dev, ino, size, mtimeNs, ctimeNs, ...dropped].join(' ')
}

function make(object: ClosureObject, dropped: ReadonlySet<string>, key: string): Held {
  const { path } = object
  const bytes = readFileSync(path)
  // What was resolved may have been another file: what is loaded is checked again.
  const elf = readElf(bytes, path)
  requireLoadable(elf)
  if (elf.needed.join('\n') !== object.elf.needed.join('\n'))
    throw new LoadError(`${path}: was exchanged while it was being loaded; try again`, {
      library: path,
    })
  let hash: string | undefined
  const original = createHash('sha256').update(bytes)
  if (dropped.size > 0) dropNeeds(bytes, path, elf.needed, dropped)
  const descriptor = sealedFile('fat-thread-object', bytes)
  const held: Held = {
    path,
    descriptor,
    elf,
    holders: 0,
    get hash() {
      hash ??= `sha256-${original.digest('base64')}`
      return hash
    },
    release() {
      if (--held.holders > 0) return
      images.delete(key)
      closeSync(descriptor)
    },
  }
  images.set(key, held)
  return held
}
