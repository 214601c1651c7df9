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

/** Beyond every distance. */
const FAR = 0x7fff

/**
 * A function that measures from `wanted`, in three rows that all candidates share. Only the band
 * of cells that can be within `limit` is computed.
 */
function boundedDistance(wanted: string): (text: string, limit: number) => number {
  const codes = Uint16Array.from(wanted, (_, index) => wanted.charCodeAt(index))
  const columns = wanted.length
  let beforeLast = new Uint16Array(columns + 2)
  let last = new Uint16Array(columns + 2)
  let row = new Uint16Array(columns + 2)
  return (text, limit) => {
    for (let column = 0; column <= columns; column += 1) last[column] = column
    let codeBefore = -1
    for (let line = 1; line <= text.length; line += 1) {
      const code = text.charCodeAt(line - 1)
      const first = Math.max(1, line - limit)
      const end = Math.min(columns, line + limit)
      row[first - 1] = first === 1 ? line : FAR
      let best = at(row, first - 1)
      for (let column = first; column <= end; column += 1) {
        const same = codes[column - 1] === code
        let steps = at(last, column - 1) + (same ? 0 : 1)
        if (!same) {
          steps = Math.min(steps, at(last, column) + 1, at(row, column - 1) + 1)
          const swapped = codes[column - 2] === code && codes[column - 1] === codeBefore
          if (swapped) steps = Math.min(steps, at(beforeLast, column - 2) + 1)
        }
        row[column] = steps
        if (steps < best) best = steps
      }
      // The next line's band goes one cell further.
      row[end + 1] = FAR
      if (best > limit) return best
      const oldest = beforeLast
      beforeLast = last
      last = row
      row = oldest
      codeBefore = code
    }
    return at(last, columns)
  }
}

function at(row: Uint16Array, column: number): number {
  return row[column] ?? 0
}
