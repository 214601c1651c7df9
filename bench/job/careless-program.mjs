// A program whose decoders end their process when a file is bad:
//   node careless-program.mjs MAKER [HOME OF THE IMAGES]
// Says on standard output, at once, how each image ended: its index, and `made`, `bad` or `failed`.
import { writeSync } from 'node:fs'
import * as careless from './careless.mjs'
import { collection } from './collection.mjs'
import { MAKERS } from './makers/index.mjs'

const UNDER_WAY = 4

const [, , name, home] = process.argv
const images = collection(home)
const maker = await MAKERS[name](careless)
let next = 0

async function outcomeOf({ path }) {
  try {
    return (await maker.make(path)) === undefined ? 'bad' : 'made'
  } catch {
    return 'failed'
  }
}

async function makeSome() {
  for (let index = next++; index < images.length; index = next++)
    writeSync(1, `${index} ${await outcomeOf(images[index])}\n`)
}

await Promise.all(Array.from({ length: UNDER_WAY }, makeSome))
await maker.close()
