/** Suggestions for a name that nobody knows. */

/** No name is compared beyond this length: a mangled C++ name is not a typing error. */
const LONGEST = 128
/** Typing errors are few, however long the name is. */
const MOST_ERRORS = 4

/**
 * The candidates nearest to `name`, best first: the same but for upper and lower case, then those
 * that begin with it, then those at a small distance. Distance is optimal string alignment:
 * insertions, deletions, substitutions and swaps of neighbours.
 */
export function nearestNames(name: string, candidates: Iterable<string>, max = 3): string[] {
  if (name === '' || name.length > LONGEST) return []
  const wanted = name.toLowerCase()
  const tolerance = Math.min(MOST_ERRORS, Math.floor((wanted.length + 1) / 3))
  const distance = boundedDistance(wanted)
  const found: Near[] = []
  for (const candidate of new Set(candidates)) {
    // Lengths decide most candidates before anything is compared.
    if (candidate.length + tolerance < wanted.length) continue
    if (candidate === name) continue
    const text = candidate.slice(0, LONGEST).toLowerCase()
    const extra = candidate.length - wanted.length
    if (wanted.length > 1 && text.startsWith(wanted)) {
      found.push({ candidate, rank: extra === 0 ? 0 : 1, distance: extra })
    } else if (extra <= tolerance) {
      const steps = distance(text, tolerance)
      if (steps <= tolerance) found.push({ candidate, rank: 2, distance: steps })
    }
  }
  found.sort(byNearness)
  return found.slice(0, max).map(({ candidate }) => candidate)
}

interface Near {
  readonly candidate: string
  readonly rank: number
  readonly distance: number
}

function byNearness(a: Near, b: Near): number {
  // Code unit order as the last word, so that the answer does not depend on the locale.
  return a.rank - b.rank || a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1)
}

/** A function that measures from `wanted`, in three rows that all candidates share. */
function boundedDistance(wanted: string): (text: string, limit: number) => number {
  const columns = wanted.length + 1
  let beforeLast = new Uint16Array(columns)
  let last = new Uint16Array(columns)
  let row = new Uint16Array(columns)
  return (text, limit) => {
    for (let column = 0; column < columns; column += 1) last[column] = column
    for (let line = 1; line <= text.length; line += 1) {
      row[0] = line
      let best = line
      const code = text.charCodeAt(line - 1)
      for (let column = 1; column < columns; column += 1) {
        const same = wanted.charCodeAt(column - 1) === code
        let steps = Math.min(
          at(last, column) + 1,
          at(row, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
        )
        const swapped =
          line > 1 &&
          column > 1 &&
          wanted.charCodeAt(column - 2) === code &&
          wanted.charCodeAt(column - 1) === text.charCodeAt(line - 2)
        if (swapped) steps = Math.min(steps, at(beforeLast, column - 2) + 1)
        row[column] = steps
        if (steps < best) best = steps
      }
      if (best > limit) return best
      const oldest = beforeLast
      beforeLast = last
      last = row
      row = oldest
    }
    return at(last, columns - 1)
  }
}

function at(row: Uint16Array, column: number): number {
  return row[column] ?? 0
}
