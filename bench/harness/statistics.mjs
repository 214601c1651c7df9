/** The value below which `part` (0 to 1) of the values are, interpolated. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values) => quantile(values, 0.5)

/** The middle of all samples, and where the 5th and the 95th of a hundred are. */
export const spread = (values) => ({
  median: median(values),
  p5: quantile(values, 0.05),
  p95: quantile(values, 0.95),
})

/**
 * How many times `those` are what `these` are. Both are arrays of rounds of samples: medians are
 * compared within a round, since the rounds of a noisy machine differ more than the subjects do.
 */
export function ratioByRound(these, those) {
  const rounds = Math.min(these.length, those.length)
  const ratios = Array.from({ length: rounds }, (_, i) => median(these[i]) / median(those[i]))
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
