// Images as they arrive when something went wrong, or somebody wants it to: the same ones each time.
import { crc32 } from 'node:zlib'

/** Numbers from 0 to below 1, the same after the same seed. */
function randomFrom(seed) {
  let state = (seed >>> 0) + 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Signature and first chunk of a PNG; the first segments of a JPEG. */
const HEADER = 33
const FLIPS = 16
const NOISE = 1024
/** What is claimed beside what is there. */
const TIMES = 7

/** What ends too early. */
const cut = (file, random) => file.subarray(0, Math.ceil(file.length * (0.1 + 0.8 * random())))

function flipped(file, random) {
  const bad = Buffer.from(file)
  for (let i = 0; i < FLIPS; i++) {
    const at = HEADER + Math.floor(random() * (bad.length - HEADER))
    bad[at] ^= 1 << Math.floor(random() * 8)
  }
  return bad
}

/** A stretch of it comes from somewhere else. */
function overwritten(file, random) {
  const bad = Buffer.from(file)
  const length = Math.min(NOISE, bad.length - HEADER)
  const begin = HEADER + Math.floor(random() * (bad.length - HEADER - length))
  for (let i = 0; i < length; i++) bad[begin + i] = Math.floor(random() * 256)
  return bad
}

/** Claims to be larger than it is, and the checksum says that this is so. */
function larger(file) {
  const bad = Buffer.from(file)
  if (bad[0] === 0x89) {
    bad.writeUInt32BE(Math.min(bad.readUInt32BE(16) * TIMES, 2 ** 31 - 1), 16)
    bad.writeUInt32BE(Math.min(bad.readUInt32BE(20) * TIMES, 2 ** 31 - 1), 20)
    bad.writeUInt32BE(crc32(bad.subarray(12, 29)), 29)
    return bad
  }
  const frame = frameOf(bad)
  if (frame === undefined) return cut(bad, () => 0)
  for (const at of [frame + 5, frame + 7])
    bad.writeUInt16BE(Math.min(bad.readUInt16BE(at) * TIMES, 65_500), at)
  return bad
}

/** Where the segment of a JPEG begins that says its size. */
function frameOf(file) {
  let at = 2
  while (at + 9 < file.length && file[at] === 0xff) {
    if (file[at + 1] >= 0xc0 && file[at + 1] <= 0xc2) return at
    at += 2 + file.readUInt16BE(at + 2)
  }
  return undefined
}

const DEEDS = { cut, flipped, overwritten, larger }

export const WAYS = Object.keys(DEEDS)

/** A file, spoilt in one of the `WAYS`; the same seed spoils it in the same places. */
export const corrupted = (file, way, seed) => DEEDS[way](file, randomFrom(seed))
