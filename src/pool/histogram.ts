import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Times of calls, in milliseconds; `p99_9` is what 99.9 % of them did not exceed. 0 where nothing was recorded. */
export interface PoolHistogramSummary {
  readonly average: number
  readonly mean: number
  readonly stddev: number
  readonly min: number
  readonly max: number
  readonly p0_001: number
  readonly p0_01: number
  readonly p0_1: number
  readonly p1: number
  readonly p2_5: number
  readonly p10: number
  readonly p25: number
  readonly p50: number
  readonly p75: number
  readonly p90: number
  readonly p97_5: number
  readonly p99: number
  readonly p99_9: number
  readonly p99_99: number
  readonly p99_999: number
}

/** How long the calls and sequences of a pool took. */
export interface PoolHistogram {
  /** From the start in a fat thread to the end. */
  readonly runTime: PoolHistogramSummary
  /** From the call to its start in a fat thread. */
  readonly waitTime: PoolHistogramSummary
  resetRunTime(): void
  resetWaitTime(): void
}

/** Histograms count whole numbers. */
const NANOSECONDS = 1e6

/** Records what a `PoolHistogram` shows. */
export class Times implements PoolHistogram {
  readonly #runTime = createHistogram()
  readonly #waitTime = createHistogram()

  get runTime(): PoolHistogramSummary {
    return summaryOf(this.#runTime)
  }

  get waitTime(): PoolHistogramSummary {
    return summaryOf(this.#waitTime)
  }

  resetRunTime(): void {
    this.#runTime.reset()
  }

  resetWaitTime(): void {
    this.#waitTime.reset()
  }

  /** @internal */
  ran(milliseconds: number): void {
    record(this.#runTime, milliseconds)
  }

  /** @internal */
  waited(milliseconds: number): void {
    record(this.#waitTime, milliseconds)
  }
}

function record(histogram: RecordableHistogram, milliseconds: number): void {
  histogram.record(Math.max(1, Math.round(milliseconds * NANOSECONDS)))
}

function summaryOf(histogram: RecordableHistogram): PoolHistogramSummary {
  const some = histogram.count > 0
  const inMilliseconds = (value: number): number => (some ? value / NANOSECONDS : 0)
  const at = (percent: number): number => inMilliseconds(histogram.percentile(percent))
  const mean = inMilliseconds(histogram.mean)
  return {
    average: mean,
    mean,
    stddev: inMilliseconds(histogram.stddev),
    min: inMilliseconds(histogram.min),
    max: inMilliseconds(histogram.max),
    p0_001: at(0.001),
    p0_01: at(0.01),
    p0_1: at(0.1),
    p1: at(1),
    p2_5: at(2.5),
    p10: at(10),
    p25: at(25),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p97_5: at(97.5),
    p99: at(99),
    p99_9: at(99.9),
    p99_99: at(99.99),
    p99_999: at(99.999),
  }
}
