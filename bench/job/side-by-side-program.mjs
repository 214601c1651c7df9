// One of several programs that each do a part of the job in their own process, with koffi:
//   fork('side-by-side-program.mjs', [PART, PARTS])
// Says when it is ready, waits for a word, does its part, and sends what `runJob` gave.
import { once } from 'node:events'
import * as careful from './careful.mjs'
import { collection } from './collection.mjs'
import { MAKERS } from './makers/index.mjs'
import { runJob, WARM_UP } from './run.mjs'

const [part, parts] = process.argv.slice(2).map(Number)
const images = collection()
const own = images.filter((_, index) => index % parts === part)
const maker = await MAKERS.koffi(careful)
await runJob(maker, images.slice(0, WARM_UP))
process.send('ready')
for (;;) {
  const [word] = await once(process, 'message')
  if (word !== 'go') break
  const { sums, ...run } = await runJob(maker, own)
  process.send({ ...run, sums: [...sums] })
}
await maker.close()
process.disconnect()
