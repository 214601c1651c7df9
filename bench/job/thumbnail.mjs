// The job itself, written once for all who do it: a PNG or a JPEG becomes a thumbnail of RGBA pixels.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The longer side of a thumbnail. */
const SIDE = 128
/** Whoever claims more has lied, or is none of those that this job is for. */
const MOST_PIXELS = 2 ** 25
export const BYTES_PER_PIXEL = 4

/** A file that is not what it says. */
export class BadImage extends Error {}

const isPng = (file) => file[0] === 0x89

/** Whether an image may be of this size. */
export const isSize = (width, height) => width >= 1 && height >= 1 && width * height <= MOST_PIXELS

/** How many eighths of its size a JPEG is decoded to: that costs less than all of it. */
export function eighthsFor(width, height) {
  const longer = Math.max(width, height)
  for (let eighths = 1; eighths < 8; eighths++)
    if (Math.ceil((longer * eighths) / 8) >= SIDE) return eighths
  return 8
}

/** The functions of `codecs` by name, each made by `functionsOf(path, prototypes)`, which may be awaited. */
export async function functionsFor(codecs, functionsOf) {
  const all = {}
  for (const { path, prototypes } of codecs.libraries())
    Object.assign(all, await functionsOf(path, prototypes))
  return all
}

/**
 * The thumbnail of a file: its width, its height and a copy of its pixels; `undefined` where the codecs say that the
 * file is bad.
 */
export async function thumbnailOf(codecs, workshop, path) {
  try {
    const { input, length } = read(path, workshop)
    const prepare = isPng(input) ? codecs.png : codecs.jpeg
    return await made(workshop, await prepare(workshop, input, length))
  } catch (error) {
    if (error instanceof BadImage) return undefined
    throw error
  }
}

/** A file, read to where the functions find it: nobody copies it from there. */
function read(path, workshop) {
  const descriptor = openSync(path)
  try {
    const { size } = fstatSync(descriptor)
    const input = workshop.memory('file', size)
    return { input, length: readSync(descriptor, input, 0, size, 0) }
  } finally {
    closeSync(descriptor)
  }
}

async function made(workshop, { pixels, width, height, steps }) {
  const part = Math.min(1, SIDE / Math.max(width, height))
  const toWidth = Math.max(1, Math.round(width * part))
  const toHeight = Math.max(1, Math.round(height * part))
  const thumbnail = workshop.memory('thumbnail', SIDE * SIDE * BYTES_PER_PIXEL)
  const [code] = await workshop.inOrder(...steps, (c) =>
    c.shrink(pixels, width, height, thumbnail, toWidth, toHeight),
  )
  if (code) throw new BadImage(`error ${code}`)
  const copy = Buffer.from(thumbnail.subarray(0, toWidth * toHeight * BYTES_PER_PIXEL))
  return { width: toWidth, height: toHeight, pixels: copy }
}
