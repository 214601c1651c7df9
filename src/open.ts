import type { CheckedAll } from './callable.ts'
import type { CheckedText } from './declaration/infer.ts'
import { FatThread } from './fat-thread/fat-thread.ts'
import {
  type Ahead,
  type Declarations,
  LIBRARY_OPTIONS,
  Library,
  type LibraryOptions,
  type Prototypes,
} from './library.ts'
import { requireOptions } from './option-names.ts'
import { type FatThreadOptions, THREAD_OPTIONS } from './options.ts'

export interface OpenOptions extends FatThreadOptions, LibraryOptions {}

export const OPEN_OPTIONS = [THREAD_OPTIONS, LIBRARY_OPTIONS]

/**
 * @internal Asks for more while the process loads. It is not the last one: that carries `sync` into the package's types.
 */
export async function open(
  library: string | URL,
  declarations: Record<never, string>,
  options: OpenOptions,
  ahead: Ahead,
): Promise<Library>
/**
 * Opens a shared library in a fat thread of its own.
 *
 * @param library A path, or a name that is resolved as the system's loader would.
 * @param declarations C prototypes by the name that JavaScript calls them, their types inferred from the text; or
 *   one C text with typedefs, structures, enumerations and prototypes.
 * @throws {LoadError} for a library, a dependency or a symbol that can't be loaded
 * @throws {DeclarationError} for a prototype that doesn't parse
 */
export async function open<const Text extends string>(
  library: string | URL,
  declarations: CheckedText<Text>,
  options?: OpenOptions,
): Promise<Library<Text>>
export async function open<const D extends Prototypes = Record<never, string>>(
  library: string | URL,
  declarations?: CheckedAll<D>,
  options?: OpenOptions,
): Promise<Library<D>>
export async function open<D extends Declarations>(
  library: string | URL,
  declarations?: unknown,
  options: OpenOptions = {},
  ahead?: Ahead,
): Promise<Library<D>> {
  requireOptions(options, OPEN_OPTIONS)
  const thread = new FatThread(options)
  try {
    return await Library.load(thread, library, (declarations ?? {}) as D, options, 'own', ahead)
  } catch (error) {
    await thread.terminate()
    throw error
  }
}

/** {@link open}, blocking. The time limit of loads holds. */
open.sync = openSync

function openSync<const Text extends string>(
  library: string | URL,
  declarations: CheckedText<Text>,
  options?: OpenOptions,
): Library<Text>
function openSync<const D extends Prototypes = Record<never, string>>(
  library: string | URL,
  declarations?: CheckedAll<D>,
  options?: OpenOptions,
): Library<D>
/** @internal */
function openSync(
  library: string | URL,
  declarations: Record<never, string>,
  options: OpenOptions,
  ahead: Ahead,
): Library
function openSync<D extends Declarations>(
  library: string | URL,
  declarations?: unknown,
  options: OpenOptions = {},
  ahead?: Ahead,
): Library<D> {
  requireOptions(options, OPEN_OPTIONS)
  const thread = new FatThread(options)
  try {
    return Library.loadSync(thread, library, (declarations ?? {}) as D, options, 'own', ahead)
  } catch (error) {
    thread.life.terminateSync()
    throw error
  }
}
