// All images, once: how fast, how the event loop fared, what memory it took.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { crc32 } from 'node:zlib'
import { descendantsOf, memoryOf } from '../harness/memory.mjs'

/** Images before anything is timed. */
export const WARM_UP = 60
/** Images under way: two that are decoded, two that wait for their turn. */
const UNDER_WAY = 4
/** Milliseconds between two looks at the event loop: each is work that the blocking subjects don't have. */
const RESOLUTION = 5

/**
 * Makes thumbnails of all images. Gives images per second, the delay of the event loop in nanoseconds (p99), the memory
 * of this process and all below it in bytes, and a checksum of all thumbnails in their order.
 */
export async function runJob(maker, images) {
  const sums = new Uint32Array(images.length)
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION })
  let next = 0
  const makeSome = async () => {
    for (let index = next++; index < images.length; index = next++) {
      const thumbnail = await maker.make(images[index].path)
      sums[index] = thumbnail === undefined ? 0 : sumOf(thumbnail)
    }
  }
  const begin = performance.now()
  delays.enable()
  await Promise.all(Array.from({ length: UNDER_WAY }, makeSome))
  const seconds = (performance.now() - begin) / 1000
  delays.disable()
  return {
    rate: images.length / seconds,
    delay: Math.max(0, delays.percentile(99) - RESOLUTION * 1e6),
    memory: await memoryOfAll(),
    check: checkOf(sums),
    sums,
    bad: sums.filter((sum) => sum === 0).length,
  }
}

/** One checksum of those of all thumbnails, in their order. */
export const checkOf = (sums) => crc32(Buffer.from(sums.buffer)).toString(16)

const sumOf = ({ width, height, pixels }) => crc32(pixels, (width << 8) | height)

async function memoryOfAll() {
  const pids = [process.pid, ...descendantsOf(process.pid)]
  const each = await Promise.all(pids.map((pid) => memoryOf(pid, 'pss')))
  return each.reduce((sum, bytes) => sum + bytes, 0)
}
