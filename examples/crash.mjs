// A crash is an error that says where it was; the program goes on, and so does the library.
//   node examples/crash.mjs
import { CrashError, open } from 'fat-threads'

async function main() {
  const libc = await open('libc.so.6', {
    strlen: 'size_t strlen(const char *s)',
    memcpy: 'void *memcpy(void *dest, const void *src, size_t n)',
  })
  const { strlen, memcpy } = libc.symbols
  libc.thread.on('restart', () => console.log('a new process serves'))
  try {
    await memcpy(null, Buffer.from('to nowhere'), 10)
  } catch (error) {
    if (!(error instanceof CrashError)) throw error
    console.log(error.message)
    console.log(
      `signal ${error.signal}, address ${error.address}, in ${error.symbol ?? error.module}`,
    )
  }
  console.log('strlen:', await strlen('still here'))
  await libc.close()
}

main()
