const SCALES = {
  nanoseconds: [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ],
  bytes: [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'bytes'],
  ],
  'images/s': [[1, 'images/s']],
  images: [[1, 'images']],
}

const COMPARED = {
  nanoseconds: { less: 'faster', more: 'slower' },
  bytes: { less: 'smaller', more: 'larger' },
  'images/s': { less: 'slower', more: 'faster' },
  images: { less: 'fewer', more: 'more' },
}

/** Units of which there is no half. */
const WHOLE = new Set(['images'])

/** Three digits that count. */
function digits(value) {
  if (value >= 99.95) return value.toFixed(0)
  return value.toFixed(value >= 9.995 ? 1 : 2)
}

/** `212 ns`, `1.23 ms`, `116 KiB` */
export function amount(value, unit) {
  const scales = SCALES[unit]
  const [scale, name] = scales.find(([least]) => value >= least) ?? scales.at(-1)
  if (WHOLE.has(unit)) return `${Math.round(value)} ${name}`
  return `${digits(value / scale)} ${name}`
}

/** `3.41 × slower (3.20 to 3.66)`: the ratio of two amounts in words. */
export function comparison({ median, least, most }, unit) {
  const { less, more } = COMPARED[unit]
  // Beside nothing there is no ratio.
  if (!(least > 0 && Number.isFinite(most))) return ''
  if (WHOLE.has(unit) && least === 1 && most === 1) return 'the same'
  if (median >= 1) return `${digits(median)} × ${more} (${digits(least)} to ${digits(most)})`
  return `${digits(1 / median)} × ${less} (${digits(1 / most)} to ${digits(1 / least)})`
}

/** What was asked for, in the same words. */
export function aim({ slowerAtMost, fasterAtLeast, addsAtMost, atMost }, unit) {
  if (slowerAtMost !== undefined) return `at most ${slowerAtMost} × slower`
  if (fasterAtLeast !== undefined) return `at least ${fasterAtLeast} × faster`
  if (addsAtMost !== undefined) return `at most ${amount(addsAtMost, unit)} more`
  return `at most ${amount(atMost, unit)}`
}
