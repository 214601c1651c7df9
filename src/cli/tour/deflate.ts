import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import { type FatThread, open, type SharedMemory } from '../../index.ts'

const IN_PROCESS = fileURLToPath(new URL('../../../examples/zlib-in-process.mjs', import.meta.url))
/** How that program says that koffi is missing, and that what it got is not what it gave. */
const NO_KOFFI = 3
const CORRUPT = 4

/** `z_stream` of zlib.h on 64-bit processors: offsets of its fields, in bytes. */
const Z_STREAM = { nextIn: 0, availIn: 8, nextOut: 24, availOut: 32, totalOut: 40, size: 112 }
const Z_FINISH = 4
const Z_STREAM_END = 1
const BEST = 9

/** As zlib's manual says: `deflateInit_`, `deflate`, `deflateEnd` on one `z_stream`. */
export async function deflateInFatThread(): Promise<string> {
  await using libz = await open('libz.so.1', {
    zlibVersion: 'const char *zlibVersion(void)',
    deflateInit: 'int deflateInit_(void *stream, int level, const char *version, int size)',
    deflate: 'int deflate(void *stream, int flush)',
    deflateEnd: 'int deflateEnd(void *stream)',
  })
  const { zlibVersion, deflateInit, deflate, deflateEnd } = libz.symbols
  const file = readFileSync(libz.path)
  using input = memoryWith(libz.thread, file)
  using output = libz.thread.alloc(file.length + 1024)
  using stream = libz.thread.alloc(Z_STREAM.size)
  const fields = new DataView(stream.bytes.buffer, stream.bytes.byteOffset, Z_STREAM.size)
  fields.setBigUint64(Z_STREAM.nextIn, input.pointer.address, true)
  fields.setUint32(Z_STREAM.availIn, input.bytes.length, true)
  fields.setBigUint64(Z_STREAM.nextOut, output.pointer.address, true)
  fields.setUint32(Z_STREAM.availOut, output.bytes.length, true)

  assert.equal(await deflateInit(stream, BEST, await zlibVersion(), Z_STREAM.size), 0)
  assert.equal(await deflate(stream, Z_FINISH), Z_STREAM_END)
  const length = Number(fields.getBigUint64(Z_STREAM.totalOut, true))
  assert.equal(await deflateEnd(stream), 0)

  // A private copy: what the library can still write is not for a decoder.
  const compressed = Uint8Array.from(output.bytes.subarray(0, length))
  assert.ok(inflateSync(compressed).equals(file), 'what Node inflates is not what was compressed')
  return `${file.length} bytes became ${length}, and Node's zlib inflates them again`
}

function memoryWith(thread: FatThread, bytes: Uint8Array): SharedMemory {
  const memory = thread.alloc(bytes.length)
  memory.bytes.set(bytes)
  return memory
}

/** The same calls through koffi, in a program of its own, since it may die. */
export async function deflateInProcess(): Promise<string> {
  const { signal, status, stderr } = spawnSync(process.execPath, [IN_PROCESS], {
    encoding: 'utf8',
    timeout: 5000,
  })
  if (signal !== null) return `a throw-away Node with koffi died of ${signal}`
  if (status === CORRUPT) return 'every call succeeded in koffi, and what came out was garbage'
  if (status === NO_KOFFI) return 'not shown: koffi is not installed'
  assert.equal(status, 0, stderr)
  return 'no harm shown: this Node does not export the names of libz'
}
