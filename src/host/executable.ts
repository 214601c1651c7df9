import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IntegrityError, StartError } from '../errors.ts'
import { nativeFolder, readManifest } from './addon.ts'
import { sealedFile } from './sealed-file.ts'

/** What a fat thread's process executes, and the first process of its namespace. */
export type Executable = 'host' | 'first'

const descriptors = new Map<Executable, number>()

/** It as a sealed, executable memory file, verified against the build's hash; made once. */
export function executable(name: Executable): number {
  const descriptor = descriptors.get(name) ?? seal(name)
  descriptors.set(name, descriptor)
  return descriptor
}

function seal(name: Executable): number {
  const path = join(nativeFolder(), name)
  let bytes: Uint8Array
  let expected: string
  try {
    bytes = readFileSync(path)
    expected = readManifest()[name]
  } catch (cause) {
    throw new StartError(
      "the host is missing; run `node native/build.mjs` in the package's folder",
      {
        cause,
      },
    )
  }
  const actual = `sha256-${createHash('sha256').update(bytes).digest('hex')}`
  if (actual !== expected)
    throw new IntegrityError(`the host ${path} is not the one that was built`, expected, actual)
  return sealedFile('fat-thread', bytes, true)
}
