/** The example runs, and says what it should. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PNG } from 'pngjs'
import { afterAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

/** A picture whose left half is red; the right one lets something through, and is green. */
function picture(width: number, height: number): Buffer {
  const image = new PNG({ width, height })
  for (let at = 0; at < width * height; at++)
    image.data.set(at % width < width / 2 ? [255, 0, 0, 255] : [0, 255, 0, 128], 4 * at)
  return PNG.sync.write(image)
}

test.skipIf(needs('libpng16-16', 'libpng16.so.16'))('examples/thumbnails.mjs', () => {
  const from = scratch.path('from')
  const to = scratch.path('to')
  mkdirSync(from)
  writeFileSync(`${from}/large.png`, picture(512, 256))
  writeFileSync(`${from}/small.png`, picture(20, 40))
  writeFileSync(`${from}/cut.png`, picture(300, 300).subarray(0, 300))
  writeFileSync(`${from}/no.png`, 'not a PNG at all')
  const example = fileURLToPath(new URL('../../examples/thumbnails.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [example, from, to], { encoding: 'utf8' })
  expect(output).toMatch(/^cut\.png: png_read_png of libpng16\.so\.16 crashed: SIGABRT/m)
  expect(output).toMatch(/^no\.png: png_read_png of libpng16\.so\.16 crashed: SIGABRT/m)
  expect(output).toMatch(/^large\.png: \d+ bytes became \d+$/m)
  expect(output).toMatch(/\n2 of 4\n$/)
  expect(readdirSync(to).sort()).toEqual(['large.png', 'small.png'])
  const { width, height, data } = PNG.sync.read(readFileSync(`${to}/large.png`))
  expect([width, height]).toEqual([128, 64])
  expect([...data.subarray(0, 4)]).toEqual([255, 0, 0, 255])
  expect([...data.subarray(4 * 127, 4 * 128)]).toEqual([0, 255, 0, 128])
  const small = PNG.sync.read(readFileSync(`${to}/small.png`))
  expect(small.data.equals(PNG.sync.read(picture(20, 40)).data)).toBe(true)
})
