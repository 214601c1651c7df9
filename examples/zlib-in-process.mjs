// What zlib.mjs does safely, in this process with koffi: on many versions of Node it dies here, or
// every call succeeds and garbage comes out. Node exports its own functions of the same names, and
// calls within Debian's libz reach those.
//   npm install koffi && node zlib-in-process.mjs
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'

const NO_KOFFI = 3
const CORRUPT = 4

async function importKoffi() {
  try {
    return (await import('koffi')).default
  } catch {
    console.error('koffi is not installed')
    process.exit(NO_KOFFI)
  }
}

function inflates(compressed, file) {
  try {
    return inflateSync(compressed).equals(file)
  } catch {
    return false
  }
}

async function main() {
  const koffi = await importKoffi()
  const libz = koffi.load('libz.so.1')
  const zlibVersion = libz.func('const char *zlibVersion(void)')
  const deflateInit = libz.func(
    'int deflateInit_(void *, int level, const char *version, int size)',
  )
  const deflate = libz.func('int deflate(void *, int flush)')
  const deflateEnd = libz.func('int deflateEnd(void *)')

  const file = readFileSync(new URL(import.meta.url))
  const output = Buffer.alloc(file.length + 1024)
  const stream = Buffer.alloc(112) // z_stream
  stream.writeBigUInt64LE(koffi.address(file), 0) // next_in
  stream.writeUInt32LE(file.length, 8) // avail_in
  stream.writeBigUInt64LE(koffi.address(output), 24) // next_out
  stream.writeUInt32LE(output.length, 32) // avail_out

  const codes = [deflateInit(stream, 9, zlibVersion(), 112), deflate(stream, 4), deflateEnd(stream)]
  const compressed = output.subarray(0, Number(stream.readBigUInt64LE(40))) // total_out
  console.log(`deflateInit_, deflate and deflateEnd returned ${codes.join(', ')}`)
  if (inflates(compressed, file)) return console.log('Node inflates what libz compressed')
  console.log('what libz compressed is garbage')
  process.exitCode = CORRUPT
}

main()
