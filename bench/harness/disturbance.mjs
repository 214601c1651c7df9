// Whether somebody else used the machine meanwhile: then absolute numbers mean nothing, and ratios little.
import { readFileSync } from 'node:fs'
import { quantile, spread } from './statistics.mjs'

/** The kernel counts processor time for /proc in hundredths of a second, whatever its own clock. */
const TICKS = 100
const MOST_OTHERS = 0.15
const MOST_VARIATION = 0.1
const LOOPS = 1_000_000

/** Seconds of processor time that all processes together used, and that other machines took from this one. */
function usedByAll() {
  const [user, nice, system, , , , , steal = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + steal) / TICKS
}

/** The same of this process and of all that it started and that has ended. */
function usedByUs() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The name in parentheses may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS
}

/** Milliseconds for work that is always the same. */
function calibrate() {
  const begin = performance.now()
  let x = 1
  for (let i = 0; i < LOOPS; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  const took = performance.now() - begin
  // Used, so that the compiler can't leave the loop out.
  return x === 0 ? 0 : took
}

/** Watches the machine while one measure runs. */
export class Watch {
  #begin = performance.now()
  #all = usedByAll()
  #ours = usedByUs()
  #calibrations = []

  /** Call it when nothing of ours runs. */
  calibrate() {
    this.#calibrations.push(Math.min(calibrate(), calibrate()))
  }

  /**
   * Call it when all that was started has ended: only then the kernel counts it as ours.
   * `otherCores` is how many cores others kept busy; `variation` how far the calibration loop went apart.
   */
  end() {
    const seconds = (performance.now() - this.#begin) / 1000
    const others = usedByAll() - this.#all - (usedByUs() - this.#ours)
    const { median, p5, p95 } = spread(this.#calibrations)
    return { otherCores: Math.max(0, others) / seconds, variation: (p95 - p5) / median }
  }
}

/** Compiles the loop, so that the first calibration is like the others. */
export function warmUp() {
  for (let i = 0; i < 10; i++) calibrate()
}

/** What to tell whoever reads the numbers. */
export function warningsOf(results) {
  const percent = (part) => `${Math.round(part * 100)} %`
  const busy = results.filter(({ otherCores }) => otherCores > MOST_OTHERS)
  const uneven = results.filter(({ variation }) => variation > MOST_VARIATION)
  const names = (list) => list.map(({ name }) => name).join(', ')
  const worst = (list, key) =>
    percent(
      quantile(
        list.map((each) => each[key]),
        1,
      ),
    )
  return [
    ...(busy.length === 0
      ? []
      : [
          `other processes used up to ${worst(busy, 'otherCores')} of a core during ${names(busy)}: run it again when the machine is idle`,
        ]),
    ...(uneven.length === 0
      ? []
      : [
          `the same work took up to ${worst(uneven, 'variation')} more or less time during ${names(uneven)}: compare ratios only`,
        ]),
  ]
}
