import type { CheckedAll } from './declaration/infer.ts'
import { FatThread } from './fat-thread.ts'
import { type Declarations, Library, type LibraryOptions } from './library.ts'
import type { FatThreadOptions } from './options.ts'

export interface OpenOptions extends FatThreadOptions, LibraryOptions {}

/**
 * Opens a shared library in a fat thread of its own.
 *
 * @param library A path, or a name that is resolved as the system's loader would.
 * @param declarations C prototypes by the name that JavaScript calls them; their types are inferred from the text.
 * @throws {LoadError} for a library, a dependency or a symbol that can't be loaded
 * @throws {DeclarationError} for a prototype that doesn't parse
 */
export async function open<const D extends Declarations>(
  library: string | URL,
  declarations?: CheckedAll<D>,
  options: OpenOptions = {},
): Promise<Library<D>> {
  const thread = new FatThread(options)
  try {
    return await Library.load(thread, library, (declarations ?? {}) as D, options, true)
  } catch (error) {
    await thread.terminate()
    throw error
  }
}
