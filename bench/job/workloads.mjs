// The job as a subject's workloads.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as careful from './careful.mjs'
import { collection } from './collection.mjs'
import { MAKERS } from './makers/index.mjs'
import { runJob, WARM_UP } from './run.mjs'

const CARELESS = fileURLToPath(new URL('./careless-program.mjs', import.meta.url))

/** A job that ends no image for so many milliseconds hangs. */
const PATIENCE = 20_000

/** Speed, delay and memory of the same run, by series: the series `rate` is the one that runs it. */
export function thumbnails(makerName) {
  let maker
  let last
  return async ({ key }) => {
    if (key !== 'rate') return { report: async () => [last[key]] }
    const images = collection()
    maker = await MAKERS[makerName](careful)
    await runJob(maker, images.slice(0, WARM_UP))
    return {
      report: async () => {
        last = await runJob(maker, images)
        return [last.rate]
      },
      check: () => last.check,
      close: () => maker.close(),
    }
  }
}

/** What becomes of the images when bad ones end the process that decodes them: counts by series. */
export function corruptedImages(makerName) {
  let counts
  return async ({ key }) => ({
    report: async () => {
      if (key === 'made') counts = await survive(makerName)
      return [counts[key]]
    },
  })
}

/** Runs the job in a program of its own, which may end, or wait for ever. */
async function survive(makerName) {
  const images = collection()
  const ended = new Map()
  const program = spawn(process.execPath, [CARELESS, makerName], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exit = once(program, 'exit')
  const giveUp = setTimeout(() => program.kill('SIGKILL'), PATIENCE)
  for await (const line of createInterface({ input: program.stdout })) {
    giveUp.refresh()
    const [index, how] = line.split(' ')
    ended.set(Number(index), how)
  }
  clearTimeout(giveUp)
  await exit
  const whole = images.flatMap(({ spoilt }, index) => (spoilt ? [] : [index]))
  const made = whole.filter((index) => ended.get(index) === 'made').length
  return { made, lost: whole.length - made }
}
