/** How long a property is tried: a number of runs, or, where `npm run fuzz` says so, a time. */
import fc, { type Parameters } from 'fast-check'

/** Seconds that each property is tried; not set in an ordinary test run. */
const seconds = Number(process.env['FAT_THREADS_FUZZ_SECONDS'] ?? 0)

/** The parameters of `fc.assert` for a property that `count` runs are enough for in an ordinary test run. */
export function runs<T>(count: number): Parameters<T> {
  if (seconds === 0) return { numRuns: count }
  return { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: seconds * 1000 }
}

/**
 * The seed of samples that a compiler has to see: one for ordinary runs, so that a change is judged by itself;
 * a long `npm run fuzz` gives others.
 */
export const seed = Number(process.env['FAT_THREADS_SEED'] ?? 541_448_409)

/** Bytes as a hostile process writes them: noise, and numbers at the edges of what fits. */
export const hostileBytes = (length: number): fc.Arbitrary<Uint8Array> => {
  const edge = fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff)
  return fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.array(edge, { minLength: length, maxLength: length }).map((list) => Uint8Array.from(list)),
  )
}

/** 32-bit words, many of them small or at an edge. */
export const hostileWord: fc.Arbitrary<number> = fc.oneof(
  fc.nat(300),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 128, 129),
  fc.nat(0xffff_ffff),
)
