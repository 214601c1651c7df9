/** What the marks mean, and how costs are worded; the same in the terminal and on the page. */
import type { Costs } from './table.ts'
import type { Outcome } from './verdict.ts'

/** Shapes that are told apart without their colours. */
export const MARKS: Readonly<Record<Outcome, string>> = {
  contained: '✔',
  harmed: '✘',
  'not-applicable': '–',
  'not-testable': '?',
}

export const LEGEND: Readonly<Record<Outcome, string>> = {
  contained: 'contained',
  harmed: 'harmed',
  'not-applicable': 'not applicable',
  'not-testable': 'not testable here',
}

/** Start, call, memory. */
export function costText({ start, call, memory }: Costs): [string, string, string] {
  return [time(start), time(call), `${memory.toFixed(0)} KiB`]
}

/** Three digits; microseconds come in. */
function time(microseconds: number): string {
  if (microseconds < 1) return `${(microseconds * 1e3).toPrecision(3)} ns`
  return microseconds < 1e3
    ? `${microseconds.toPrecision(3)} µs`
    : `${(microseconds / 1e3).toPrecision(3)} ms`
}
