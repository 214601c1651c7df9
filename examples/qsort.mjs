// A function of the program that C calls: sorts numbers with C's qsort and a comparator in JavaScript.
//   node examples/qsort.mjs [NUMBERS…]
import { open } from 'fat-threads'

const libc = await open('libc.so.6', {
  qsort: `void qsort(void *base, size_t count, size_t size,
                     int (*compare)(const double *one, const double *other))`,
})
const { thread, symbols } = libc

const numbers =
  process.argv.length > 2 ? process.argv.slice(2).map(Number) : [3, 1, 4, 1, 5, 9, 2.6]
// Memory that both sides see: C sorts it in place.
const memory = thread.alloc(numbers.length * 8)
const doubles = new Float64Array(memory.bytes.buffer, memory.bytes.byteOffset, numbers.length)
doubles.set(numbers)

let comparisons = 0
symbols.qsort.sync(memory, numbers.length, 8, (one, other) => {
  comparisons++
  return Math.sign(thread.readSync(one, 'double') - thread.readSync(other, 'double'))
})
console.log(...doubles, `(${comparisons} comparisons)`)
await libc.close()
