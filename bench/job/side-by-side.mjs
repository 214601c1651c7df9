// The job done by programs that have nothing to do with each other: as much as the processors give.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { checkOf } from './run.mjs'

const PROGRAM = fileURLToPath(new URL('./side-by-side-program.mjs', import.meta.url))

/** So many programs with koffi, each with its part of the images. Speed, delay and memory by series, as in `thumbnails`. */
export function sideBySide(parts) {
  let last
  return async ({ key }) => {
    if (key !== 'rate') return { report: async () => [last[key]] }
    const programs = Array.from({ length: parts }, (_, part) =>
      fork(PROGRAM, [String(part), String(parts)]),
    )
    await Promise.all(programs.map((program) => once(program, 'message')))
    return {
      report: async () => {
        const begin = performance.now()
        const runs = await Promise.all(
          programs.map(async (program) => {
            program.send('go')
            const [run] = await once(program, 'message')
            return run
          }),
        )
        const seconds = (performance.now() - begin) / 1000
        last = {
          rate: runs.reduce((sum, { sums }) => sum + sums.length, 0) / seconds,
          delay: Math.max(...runs.map(({ delay }) => delay)),
          memory: runs.reduce((sum, { memory }) => sum + memory, 0),
          check: checkOf(inTurn(runs.map(({ sums }) => sums))),
        }
        return [last.rate]
      },
      check: () => last.check,
      close: async () => {
        for (const program of programs) program.send('end')
        await Promise.all(programs.map((program) => once(program, 'exit')))
      },
    }
  }
}

/** The first of each, then the second of each, and so on: as the images were dealt out. */
function inTurn(parts) {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  for (const [part, sums] of parts.entries())
    for (const [index, sum] of sums.entries()) all[index * parts.length + part] = sum
  return all
}
