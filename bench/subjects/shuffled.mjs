/** The same numbers in the same disorder, each time. */
export function shuffled(count) {
  let state = 1
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  })
}
