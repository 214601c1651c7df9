/** Functions of a fat thread that have a blocking form beside the awaited one. */
import type { CheckedAll } from '../callable.ts'
import type { CheckedText } from '../declaration/infer.ts'
import {
  type Declarations,
  LIBRARY_OPTIONS,
  Library,
  type LibraryOptions,
  type Prototypes,
} from '../library.ts'
import { requireOptions } from '../option-names.ts'
import { type FatThreadOptions, THREAD_OPTIONS } from '../options.ts'
import type { FatThread } from './fat-thread.ts'

/** How a fat thread is begun. */
export interface Spawn {
  /** Starts a process that holds nothing yet; resolves when it serves. */
  (options?: FatThreadOptions): Promise<FatThread>
  /** The same, blocking. */
  sync(options?: FatThreadOptions): FatThread
}

/** How a library is loaded beside others. */
export interface Load {
  /**
   * Loads a library beside those that are there already.
   * @throws {LoadError} for a library, a dependency or a symbol that can't be loaded
   */
  <const Text extends string>(
    library: string | URL,
    declarations: CheckedText<Text>,
    options?: LibraryOptions,
  ): Promise<Library<Text>>
  <const D extends Prototypes = Record<never, string>>(
    library: string | URL,
    declarations?: CheckedAll<D>,
    options?: LibraryOptions,
  ): Promise<Library<D>>
  /** The same, blocking. */
  readonly sync: LoadSync
}

export interface LoadSync {
  <const Text extends string>(
    library: string | URL,
    declarations: CheckedText<Text>,
    options?: LibraryOptions,
  ): Library<Text>
  <const D extends Prototypes = Record<never, string>>(
    library: string | URL,
    declarations?: CheckedAll<D>,
    options?: LibraryOptions,
  ): Library<D>
}

export function spawnOf(make: (options: FatThreadOptions) => FatThread): Spawn {
  const begin = (options: FatThreadOptions): FatThread => {
    requireOptions(options, [THREAD_OPTIONS], [LIBRARY_OPTIONS])
    return make(options)
  }
  return Object.assign(
    async (options: FatThreadOptions = {}) => {
      const thread = begin(options)
      try {
        await thread.life.settled()
        await thread.life.verified()
      } catch (error) {
        await thread.terminate()
        throw error
      }
      return thread
    },
    {
      sync: (options: FatThreadOptions = {}) => {
        const thread = begin(options)
        try {
          thread.life.settledSync()
          thread.life.verifiedSync()
        } catch (error) {
          thread.life.terminateSync()
          throw error
        }
        return thread
      },
    },
  )
}

export function loadOf(thread: FatThread): Load {
  return Object.assign(
    async (library: string | URL, declarations: unknown = {}, options: LibraryOptions = {}) => {
      requireOptions(options, [LIBRARY_OPTIONS], [THREAD_OPTIONS])
      return Library.load(thread, library, declarations as Declarations, options, 'shared')
    },
    {
      sync: (library: string | URL, declarations: unknown = {}, options: LibraryOptions = {}) => {
        requireOptions(options, [LIBRARY_OPTIONS], [THREAD_OPTIONS])
        return Library.loadSync(thread, library, declarations as Declarations, options, 'shared')
      },
    },
  ) as Load
}
