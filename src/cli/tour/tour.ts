/** Shows what fat threads do, one line a step. Exit status 0 if every step came out as expected. */
import { paint, print } from '../output.ts'
import { removeCompiled } from './compile.ts'
import { HOSTILE } from './hostile.ts'
import { REAL } from './real.ts'
import type { Step } from './step.ts'

async function main(): Promise<void> {
  const time = clock()
  print(paint('bold', 'Libraries of this machine'))
  const real = await runAll(REAL)
  print('', paint('bold', 'Libraries that mean harm (examples/libraries)'))
  const hostile = await runAll(HOSTILE)
  removeCompiled()
  const results = [...real, ...hostile]
  const expected = results.filter(Boolean).length
  const summary = `${expected} of ${results.length} steps came out as expected`
  const good = expected === results.length
  print('', `${paint(good ? 'green' : 'red', summary)} (${time()})`)
  process.exitCode = good ? 0 : 1
}

/** Whether each came out as expected. */
async function runAll(steps: readonly Step[]): Promise<boolean[]> {
  const width = Math.max(...steps.map(({ title }) => title.length))
  const results: boolean[] = []
  for (const { title, run } of steps) {
    const time = clock()
    const { good, text } = await run().then(
      (text) => ({ good: true, text }),
      (error) => ({ good: false, text: String(error.message ?? error).replace(/\s+/g, ' ') }),
    )
    const mark = good ? paint('green', '✔') : paint('red', '✖')
    print(`${mark} ${title.padEnd(width)}  ${text} ${paint('dim', time())}`)
    results.push(good)
  }
  return results
}

function clock(): () => string {
  const start = performance.now()
  return () => {
    const ms = performance.now() - start
    return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
  }
}

main()
