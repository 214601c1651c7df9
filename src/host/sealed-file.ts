import { writeSync } from 'node:fs'
import { addon } from './addon.ts'

/** Copies bytes into a memory file that nobody can change any more; returns its descriptor. */
export function sealedFile(name: string, bytes: Uint8Array, executable = false): number {
  const descriptor = addon().createMemory(name, 0, executable)
  let written = 0
  while (written < bytes.length) written += writeSync(descriptor, bytes, written)
  addon().sealContent(descriptor)
  return descriptor
}
