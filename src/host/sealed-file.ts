import { readSync, writeSync } from 'node:fs'
import { addon } from './addon.ts'

const chunk = Buffer.allocUnsafe(256 * 1024)

/** Copies bytes into a memory file that nobody can change any more; returns its descriptor. */
export function sealedFile(name: string, bytes: Uint8Array, executable = false): number {
  return seal(name, executable, (target) => writeAll(target, bytes))
}

/** Copies what a descriptor still has to read. */
export function sealedCopy(name: string, source: number): number {
  return seal(name, false, (target) => {
    for (;;) {
      const bytes = readSync(source, chunk)
      if (bytes === 0) return
      writeAll(target, chunk.subarray(0, bytes))
    }
  })
}

function seal(name: string, executable: boolean, fill: (target: number) => void): number {
  const target = addon().createMemory(name, 0, executable)
  try {
    fill(target)
    addon().sealContent(target)
    return target
  } catch (error) {
    addon().closeMemory(target)
    throw error
  }
}

function writeAll(target: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(target, bytes, written)
}
