/** The benchmarks' real job: its images, its makers, and what is made of what they come to. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import jpeg from 'jpeg-js'
import { PNG } from 'pngjs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { needs } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'

vi.setConfig({ testTimeout: 120_000 })

interface Thumbnail {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

interface Maker {
  make(path: string): Promise<Thumbnail | undefined>
  close(): unknown
}

interface Image {
  readonly path: string
  readonly spoilt?: string
}

interface Entry {
  readonly listed: { readonly title: string }
  readonly check: string
  problem?: { readonly failed: boolean; readonly reason: string }
}

/** What is not TypeScript has no types. */
const load = (name: string) => import(new URL(`../../bench/${name}`, import.meta.url).href)

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const noCodecs =
  needs('libspng0', 'libspng.so.0') ||
  needs('libturbojpeg0', 'libturbojpeg.so.0') ||
  needs('libpng16-16', 'libpng16.so.16') ||
  needs('libjpeg62-turbo', 'libjpeg.so.62')

/** Pixels that no codec makes small. */
function pixelsOf(width: number, height: number, seed: number): Buffer {
  const pixels = Buffer.alloc(width * height * 4)
  let state = seed + 1
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    pixels[at] = at % 4 === 3 ? 255 : (at >> 4) + (state >>> 28)
  }
  return pixels
}

function pngOf(width: number, height: number, seed = 0): Buffer {
  const image = new PNG({ width, height })
  image.data = pixelsOf(width, height, seed)
  return PNG.sync.write(image)
}

const jpegOf = (width: number, height: number, seed = 0): Buffer =>
  jpeg.encode({ width, height, data: pixelsOf(width, height, seed) }, 90).data

describe('a file is spoilt', async () => {
  const { corrupted, WAYS } = await load('job/corrupt.mjs')
  const files = { PNG: pngOf(200, 100), JPEG: jpegOf(200, 100) }

  test.each(Object.entries(files))('%s, the same way each time', (_kind, file) => {
    for (const way of WAYS) {
      const bad = corrupted(file, way, 1)
      expect(bad.equals(file), way).toBe(false)
      expect(corrupted(file, way, 1).equals(bad), way).toBe(true)
    }
    expect(corrupted(file, 'cut', 1).length).toBeLessThan(file.length)
    expect(corrupted(file, 'flipped', 1).equals(corrupted(file, 'flipped', 2))).toBe(false)
  })

  test('a PNG claims another size with a checksum that is right', () => {
    const bad = corrupted(files.PNG, 'larger', 0)
    expect([bad.readUInt32BE(16), bad.readUInt32BE(20)]).toEqual([1400, 700])
    expect(bad.readUInt32BE(29)).toBe(crc32(bad.subarray(12, 29)))
  })

  test('a JPEG claims another size', () => {
    const bad: Buffer = corrupted(files.JPEG, 'larger', 0)
    const frame = bad.indexOf(Buffer.from([0xff, 0xc0]))
    expect([bad.readUInt16BE(frame + 5), bad.readUInt16BE(frame + 7)]).toEqual([700, 1400])
  })
})

describe('images are brought together', async () => {
  const { collect, collection } = await load('job/collection.mjs')
  const folder = scratch.folder
  const from = scratch.path('from')
  const home = scratch.path('home')
  const noPackage = [{ name: 'no-such-package-as-this', megabytes: 1 }]

  test('of this machine where packages are missing, each content once, and some spoilt', () => {
    for (const each of [from, home]) mkdirSync(each)
    // Nobody decodes them here.
    for (let seed = 0; seed < 95; seed++)
      writeFileSync(`${from}/${seed}.jpg`, pixelsOf(64, 48, seed))
    const png = pngOf(64, 48)
    for (let seed = 0; seed < 25; seed++)
      writeFileSync(`${from}/${seed}.png`, Buffer.concat([png, pixelsOf(1, 1, seed)]))
    copyFileSync(`${from}/1.png`, `${from}/again.png`)
    writeFileSync(`${from}/icon.png`, pngOf(4, 4))
    const note = collect(() => {}, noPackage, [from], home)
    expect(note).toContain('132 images, ')
    expect(note).toContain(`12 of them spoilt copies; from this machine's ${from} (121)`)
    expect(note).toMatch(/no-such-package-as-this can't be had: /)
    const images: Image[] = collection(home)
    expect(images).toHaveLength(132)
    expect(images.filter(({ spoilt }) => spoilt === 'cut')).toHaveLength(3)
    expect(images.map(({ path }) => path)).not.toContain(`${from}/icon.png`)
  })

  test('too few are none', () => {
    expect(() => collect(() => {}, noPackage, [`${folder}/nothing`], home)).toThrow(
      /^0 images are too few; no-such-package-as-this can't be had/,
    )
  })
})

describe.skipIf(noCodecs)('thumbnails', async () => {
  const { MAKERS } = await load('job/makers/index.mjs')
  const careful = await load('job/careful.mjs')
  const careless = await load('job/careless.mjs')

  const files = {
    'wide.png': pngOf(400, 100),
    'small.png': pngOf(40, 60),
    'wide.jpg': jpegOf(900, 300),
    'cut.png': pngOf(300, 300).subarray(0, 20_000),
    'no.jpg': Buffer.from('\xff\xd8 not a JPEG at all', 'latin1'),
  }
  const paths = Object.entries(files).map(([name, file]) => {
    const path = scratch.path(name)
    writeFileSync(path, file)
    return path
  })

  async function making<Result>(
    name: string,
    codecs: unknown,
    use: (maker: Maker) => Promise<Result>,
  ): Promise<Result> {
    const maker: Maker = await MAKERS[name](codecs)
    try {
      return await use(maker)
    } finally {
      await maker.close()
    }
  }

  const all = (maker: Maker) => Promise.all(paths.map((path) => maker.make(path)))

  test.each(Object.keys(MAKERS))('%s makes what all others make', async (name) => {
    const made = await making(name, careful, all)
    expect(made.map((each) => each && [each.width, each.height])).toEqual([
      [128, 32],
      [40, 60],
      [128, 43],
      undefined,
      undefined,
    ])
    const reference = await making('fat-thread', careful, all)
    expect(made.map((each) => each && Buffer.from(each.pixels).toString('base64'))).toEqual(
      reference.map((each) => each && Buffer.from(each.pixels).toString('base64')),
    )
    // Nothing is made smaller: it is the image itself.
    const small = PNG.sync.read(files['small.png']).data
    expect(Buffer.from(made[1]?.pixels ?? []).equals(small)).toBe(true)
  })

  test('decoders without an error handler make the same', async () => {
    const whole = (maker: Maker) => Promise.all(paths.slice(0, 3).map((path) => maker.make(path)))
    expect(await making('fat-thread', careless, whole)).toEqual(
      await making('fat-thread', careful, whole),
    )
  })

  test.each(['fat-thread', 'pool'])(
    'they end the process of a %s, and no other image is lost',
    (name) =>
      making(name, careless, async (maker) => {
        const [wide, small, photo, cut, none] = await Promise.allSettled(
          paths.map((path) => maker.make(path)),
        )
        expect([wide?.status, small?.status, photo?.status]).toEqual(Array(3).fill('fulfilled'))
        expect(cut).toMatchObject({
          status: 'rejected',
          reason: { code: 'ERR_FAT_THREAD_CRASHED', signal: 'SIGABRT' },
        })
        expect(none).toMatchObject({
          status: 'rejected',
          reason: { code: 'ERR_FAT_THREAD_EXITED', exitCode: 1 },
        })
        expect(await maker.make(paths[0] as string)).toMatchObject({ width: 128 })
      }),
  )

  test('they end the program in which koffi calls them', async () => {
    const home = scratch.path('careless')
    mkdirSync(home)
    writeFileSync(`${home}/list.json`, JSON.stringify(paths.map((path) => ({ path }))))
    const program = fileURLToPath(new URL('../../bench/job/careless-program.mjs', import.meta.url))
    const run = (name: string) =>
      promisify(execFile)(process.execPath, [program, name, home]).catch((error) => error)
    const { stdout, signal } = await run('koffi')
    expect(signal).toBe('SIGABRT')
    expect(stdout).not.toContain('4 ')
    const inPool = await run('pool')
    expect(inPool.stdout.split('\n').sort()).toEqual([
      '',
      ...['0 made', '1 made', '2 made', '3 failed', '4 failed'],
    ])
  })
})

describe('a run', async () => {
  const { resultsOf } = await load('harness/results.mjs')
  const { requireAgreement } = await load('harness/agreement.mjs')
  const { report } = await load('report/table.mjs')

  const measure = {
    name: 'job',
    parts: [
      { name: 'speed', title: 'a', unit: 'images/s', series: [{ name: '', key: 'rate' }] },
      {
        name: 'lost',
        title: 'b',
        unit: 'images',
        series: [{ name: '', key: 'lost', bar: { atMost: 0 } }],
      },
    ],
  }
  const bar = { of: 'rate', fasterAtLeast: 1.7 }
  const entries = [
    { listed: { title: 'A', subject: 'a' }, rounds: { rate: [[300]], lost: [[0]] } },
    { listed: { title: 'B', subject: 'b', bar }, rounds: { rate: [[200]], lost: [[7]] } },
  ]

  test('shows each of its parts', () => {
    const results = resultsOf(measure, { entries, note: '9 images' }, { otherCores: 0 })
    expect(results).toMatchObject([
      {
        name: 'speed',
        note: '9 images',
        series: [{ rows: [{ median: 300 }, { median: 200, ratio: { median: 1.5 }, bar }] }],
      },
      {
        name: 'lost',
        series: [{ rows: [{ median: 0, bar: { atMost: 0 } }, { median: 7 }] }],
      },
    ])
    expect(results[1].series[0].rows[1].bar).toBeUndefined()
    const text = report({ machine: { memory: 0 }, warnings: [], measures: results })
    expect(text).toMatch(/\| B +\| +200 images\/s \|.*1\.50 × faster.*at least 1\.7 × faster \|/)
    expect(text).toMatch(/\| A +\| 0 images \|.*\| at most 0 images \|/)
    expect(text).not.toContain('NaN')
  })

  test('takes nothing from those who came to another result', () => {
    const all: Entry[] = ['1', '1', '2'].map((check, index) => ({
      listed: { title: `subject ${index}` },
      check,
    }))
    requireAgreement(all)
    expect(all.map(({ problem }) => problem)).toEqual([
      undefined,
      undefined,
      { failed: true, reason: 'came to another result than subject 0' },
    ])
  })
})
