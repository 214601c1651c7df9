// A call that takes too long is ended, with its process; the next call gets a new one.
//   node examples/time-limit.mjs
import { open, TimeoutError } from 'fat-threads'

async function main() {
  const libc = await open('libc.so.6', {
    sleep: 'unsigned int sleep(unsigned int seconds)',
    getpid: 'int getpid(void)',
  })
  const { sleep, getpid } = libc.symbols
  console.log('process', await getpid())
  try {
    await sleep.with({ timeout: 100 })(60)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    console.log(error.message)
  }
  console.log('process', await getpid())
  await libc.close()
}

main()
