import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SOURCES = fileURLToPath(new URL('../../../examples/libraries/', import.meta.url))

let folder: string | undefined

/** Compiles a library of `examples/libraries` into a temporary folder; resolves to its path. */
export async function compile(name: string): Promise<string> {
  folder ??= mkdtempSync(join(tmpdir(), 'fat-threads-tour-'))
  const library = join(folder, `${name}.so`)
  const words = ['-shared', '-fPIC', '-O1', '-pthread', '-o', library, join(SOURCES, `${name}.c`)]
  try {
    await promisify(execFile)('cc', words)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(code === 'ENOENT' ? 'not tried: there is no C compiler (cc) here' : message)
  }
  return library
}

/** Removes what was compiled. */
export function removeCompiled(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true })
}
