// Functions of a library of the system, called in a process of their own.
//   node examples/quick-start.mjs
import { open } from 'fat-threads'

async function main() {
  const libm = await open('libm.so.6', {
    cos: 'double cos(double x)',
    pow: 'double pow(double x, double y)',
  })
  console.log(await libm.symbols.cos(0.5)) // a promise
  console.log(libm.symbols.pow.sync(2, 10)) // the same, blocking
  const sqrt = libm.func('double sqrt(double x)') // later, one at a time
  console.log(await sqrt(2))
  await libm.close()
}

main()
