import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FatThreadError, IntegrityError, LoadError } from '../errors.ts'
import { type Closure, type ClosureObject, closureOf } from './closure.ts'
import type { ElfObject } from './elf.ts'
import { acquireImage, ExchangedError, type Image } from './image.ts'
import type { SearchOptions } from './search.ts'

/** Files may be exchanged between resolving and copying, while they are being built or installed. */
const MOST_ATTEMPTS = 3

/** One object as the host is told to load it. */
export interface PlannedObject {
  readonly path: string
  readonly elf: ElfObject
  /** What the system's loader is asked for, where no sealed copy is loaded. */
  readonly name: string | undefined
  readonly image: Image | undefined
  /** Its symbols are visible to all that is loaded after it. */
  readonly global: boolean
  /** Its functions are bound at their first call: some of them come later. */
  readonly lazy: boolean
  /** Its own symbols come before those that are visible to all. */
  readonly deep: boolean
}

/** A library with all it needs, in the order of loading; holds its images until it is released. */
export interface LoadPlan {
  readonly path: string
  readonly closure: Closure
  readonly objects: readonly PlannedObject[]
  release(): void
}

export interface LoadOptions extends SearchOptions {
  /** `sha256-<base64>` (or hexadecimal) that the library's bytes must have. */
  readonly integrity?: string | undefined
  /**
   * Load from the files themselves, for a library that looks for other files beside itself.
   * What was checked is then not surely what runs.
   */
  readonly byPath?: boolean | undefined
  /** Libraries that are loaded later into the same fat thread see its symbols. */
  readonly global?: boolean | undefined
  /** Bind its functions when it calls them; one that is nowhere then ends the process. */
  readonly lazy?: boolean | undefined
  /** Its own symbols, and those of what it needs, come before those of `global` libraries. */
  readonly deep?: boolean | undefined
}

/**
 * Finds a library by its path or name, resolves and copies; nothing is executed. Throws `LoadError` and
 * `IntegrityError`, and as `resolveLibrary`.
 */
export function planLoad(library: string | URL, options: LoadOptions = {}): LoadPlan {
  requireTypes(options)
  for (let attempt = 1; ; attempt++) {
    try {
      return tryPlan(library, options)
    } catch (error) {
      if (!(error instanceof ExchangedError) || attempt === MOST_ATTEMPTS) throw error
    }
  }
}

const FLAGS = ['byPath', 'global', 'lazy', 'deep'] as const

/** @throws {TypeError} for an option of another type */
function requireTypes(options: LoadOptions): void {
  const integrity: unknown = options.integrity
  if (integrity !== undefined && typeof integrity !== 'string')
    throw new TypeError(`integrity must be 'sha256-' and a hash, not ${kindOf(integrity)}`)
  for (const name of FLAGS) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      throw new TypeError(`${name} must be true or false, not ${kindOf(value)}`)
  }
}

function kindOf(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`
}

function tryPlan(library: string | URL, options: LoadOptions): LoadPlan {
  const closure = closureOf(library, options)
  const { path } = closure.root
  const images: Image[] = []
  const release = (): void => {
    for (const image of images.splice(0)) image.release()
  }
  try {
    const cyclic = closure.objects.some((object) => object.cyclic)
    const plan = (object: ClosureObject): PlannedObject => {
      const byName = object.provided || options.byPath === true
      const image = byName ? undefined : acquireImage(object, droppedNeeds(object))
      if (image !== undefined) images.push(image)
      return {
        path: object.path,
        elf: image?.elf ?? object.elf,
        name: object.provided ? object.soname : byName ? object.realPath : undefined,
        image,
        // The loader makes all that a global library needs global with it.
        global: object.nameless || cyclic || (object === closure.root && options.global === true),
        lazy: object.cyclic || options.lazy === true,
        deep: options.deep === true,
      }
    }
    const objects = closure.objects.map(plan)
    if (options.integrity !== undefined) checkIntegrity(path, options.integrity, objects.at(-1))
    return { path, closure, objects, release }
  } catch (cause) {
    release()
    if (cause instanceof FatThreadError || !(cause instanceof Error)) throw cause
    throw new LoadError(`${path}: can't be copied: ${cause.message}`, { library: path, cause })
  }
}

/** The needs that the loader can't recognise when it holds their object, or that come in a circle. */
function droppedNeeds(object: ClosureObject): ReadonlySet<string> {
  const dropped = new Set<string>()
  for (const dependency of object.dependencies) {
    if (dependency.provided) continue
    for (const name of dependency.neededNames) {
      if (!object.elf.needed.includes(name)) continue
      if (object.cyclic || name !== dependency.soname) dropped.add(name)
    }
  }
  return dropped
}

function checkIntegrity(path: string, expected: string, object: PlannedObject | undefined): void {
  const actual = object?.image?.hash ?? fileHash(path)
  if (normalize(expected) === normalize(actual)) return
  throw new IntegrityError(`${path}: its hash is ${actual}, not ${expected}`, expected, actual, {
    library: path,
  })
}

function fileHash(path: string): string {
  return `sha256-${createHash('sha256').update(readFileSync(path)).digest('base64')}`
}

/** The same hash in base64 with or without padding, or in hexadecimal, compares equal. */
function normalize(hash: string): string {
  const [, digits = ''] = /^sha256-(.*)$/.exec(hash.trim()) ?? []
  const encoding = /^[0-9a-f]{64}$/i.test(digits) ? 'hex' : 'base64'
  return Buffer.from(digits, encoding).toString('hex')
}
