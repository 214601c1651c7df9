// Bytes into a library and out of it again: compresses a file with the system's zlib.
//   node examples/zlib.mjs [FILE]
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { open } from 'fat-threads'

async function main(path) {
  const libz = await open('libz.so.1', {
    compressBound: 'unsigned long compressBound(unsigned long sourceLen)',
    compress:
      'int compress(uint8_t *dest, unsigned long *destLen, const uint8_t *source, unsigned long sourceLen)',
  })
  const { compressBound, compress } = libz.symbols

  const file = readFileSync(path)
  const output = new Uint8Array(Number(await compressBound(file.length)))
  const length = [output.length] // room for zlib, then what it used of it
  const code = await compress(output, length, file, file.length)
  await libz.close()

  if (code !== 0) throw new Error(`compress returned ${code}`)
  const compressed = output.subarray(0, Number(length[0]))
  console.log(`${path}: ${file.length} bytes became ${compressed.length}`)
  console.log('inflated again by Node:', inflateSync(compressed).equals(file))
}

main(process.argv[2] ?? process.argv[1])
