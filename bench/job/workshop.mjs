/**
 * What a thumbnail is made with: functions of C by name, and memory that they are given. Whether a call blocks or is
 * awaited is the functions' business: the steps await both.
 */
export class Workshop {
  #bench
  #memory = new Map()

  /**
   * @param functions by name
   * @param bench `allocate(bytes)` gives memory that functions can be given as it is, and `free` takes it back;
   *   `addressOf(memory)` is where C finds it, a bigint; `inOrder(steps)` makes calls one after the other, and
   *   resolves to their results
   */
  constructor(functions, bench) {
    this.functions = functions
    this.#bench = bench
  }

  /** Memory for one purpose, at least so many bytes, used again and again. */
  memory(purpose, bytes) {
    const there = this.#memory.get(purpose)
    if (there !== undefined && there.length >= bytes) return there
    if (there !== undefined) this.#bench.free(there)
    const memory = this.#bench.allocate(2 ** Math.ceil(Math.log2(Math.max(bytes, 4096))))
    this.#memory.set(purpose, memory)
    return memory
  }

  /**
   * Makes calls one after the other; resolves to all results. Each step is given the functions, and what the steps
   * before it gave: something to be passed on.
   */
  inOrder(...steps) {
    return this.#bench.inOrder(steps)
  }

  /** Where the rows of pixels are, for functions that want each by its address. */
  rows(pixels, height, pitch) {
    const rows = this.memory('rows', height * 8)
    const addresses = new BigUint64Array(rows.buffer, rows.byteOffset, height)
    const begin = this.addressOf(pixels)
    for (let row = 0; row < height; row++) addresses[row] = begin + BigInt(row * pitch)
    return rows
  }

  addressOf(memory) {
    return this.#bench.addressOf(memory)
  }
}

/** Waits for each call before it makes the next one. */
export const oneByOne = (functions) => async (steps) => {
  const results = []
  for (const step of steps) results.push(await step(functions, ...results))
  return results
}
