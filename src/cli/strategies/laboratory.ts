/** The laboratory's files: `native/laboratory`, built. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Its folder. */
export const LABORATORY = join(
  import.meta.dirname,
  '../../../build/native',
  `${process.platform}-${process.arch}`,
  'laboratory',
)

/** Its sources, which the package has too. */
export const SOURCES = join(import.meta.dirname, '../../../native/laboratory')

export function libraryPath(name: string): string {
  return join(LABORATORY, `${name}.so`)
}

export function isBuilt(): boolean {
  return existsSync(join(LABORATORY, 'laboratory'))
}
