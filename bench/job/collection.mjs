// The images that the job is about: whole ones, and among them some that were spoilt.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '../harness/unavailable.mjs'
import { corrupted, WAYS } from './corrupt.mjs'
import { imagesBelow, PACKAGES, unpacked } from './packages.mjs'

const HOME = fileURLToPath(new URL('../../build/bench/images/', import.meta.url))

/** Where a machine without those packages has images of its own. */
const ELSEWHERE = ['/usr/share/backgrounds', '/usr/share/pixmaps', '/usr/share/icons']

/** What is smaller is an icon, and its own thumbnail. */
const LEAST_BYTES = 3000
/** Files that are spoilt are no larger than that: they are copies, and kept. */
const MOST_BYTES = 2 ** 20
const MOST_ELSEWHERE = 1000
const FEW = 100
/** One of so many has a copy that is spoilt. */
const EVERY = 10

/**
 * Brings the images together below `home` and writes down which they are; returns that in words.
 * @throws {Unavailable} if there are too few
 */
export function collect(say, packages = PACKAGES, elsewhere = ELSEWHERE, home = HOME) {
  const found = []
  const missing = []
  for (const each of packages) {
    try {
      found.push({ from: each.name, files: wholeOnes(imagesBelow(unpacked(each, home, say))) })
    } catch (error) {
      missing.push(`${each.name} can't be had: ${firstLine(error)}`)
    }
  }
  if (found.length === 0) {
    const files = wholeOnes(elsewhere.flatMap(imagesBelow)).slice(0, MOST_ELSEWHERE)
    found.push({ from: `this machine's ${elsewhere.join(', ')}`, files })
  }
  const images = withSpoilt(once(found.flatMap(({ files }) => files)), home)
  if (images.length < FEW)
    throw new Unavailable(`${images.length} images are too few; ${missing.join('; ')}`)
  writeFileSync(listIn(home), JSON.stringify(images))
  return [inWords(images, found), ...missing].join('; ')
}

/** `{ path, spoilt }` of each image; `spoilt` says how, where it is. */
export const collection = (home = HOME) => JSON.parse(readFileSync(listIn(home), 'utf8'))

const listIn = (home) => join(home, 'list.json')

function firstLine(error) {
  const text = String(error.stderr ?? '').trim() || error.message
  return text.split('\n')[0]
}

function wholeOnes(paths) {
  return paths.filter((path) => statSync(path).size >= LEAST_BYTES)
}

/** Each content once, in an order that has nothing to do with names or sizes. */
function once(paths) {
  const byContent = new Map()
  for (const path of paths.toSorted()) {
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
    if (!byContent.has(digest)) byContent.set(digest, path)
  }
  return [...byContent].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
}

/** Behind some of them a copy that is spoilt, in one way after the other. */
function withSpoilt(paths, home) {
  const folder = join(home, 'spoilt')
  mkdirSync(folder, { recursive: true })
  return paths.flatMap((path, index) => {
    const whole = { path }
    if (index % EVERY !== 0 || statSync(path).size > MOST_BYTES) return [whole]
    const way = WAYS[(index / EVERY) % WAYS.length]
    const copy = join(folder, `${index}-${way}${extname(path)}`)
    writeFileSync(copy, corrupted(readFileSync(path), way, index))
    return [whole, { path: copy, spoilt: way }]
  })
}

function inWords(images, found) {
  const spoilt = images.filter((image) => image.spoilt).length
  const png = images.filter(({ path }) => /\.png$/i.test(path)).length
  const counts = found.map(({ from, files }) => `${from} (${files.length})`)
  return `${images.length} images, ${png} PNG and ${images.length - png} JPEG, ${spoilt} of them spoilt copies; from ${counts.join(', ')}, each content once`
}
