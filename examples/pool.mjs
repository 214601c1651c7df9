// Two fat threads do the work, one of them crashes on the way, and only the call that crashed fails.
//   node examples/pool.mjs
import { randomBytes } from 'node:crypto'
import { CrashError, Pool } from 'fat-threads'

async function main() {
  const pool = await Pool.open(
    'libz.so.1',
    {
      crc32: 'unsigned long crc32(unsigned long crc, const uint8_t *buf, unsigned int len)',
    },
    { minThreads: 2, maxThreads: 2, timeout: 5000 },
  )
  pool.on('crash', (error, thread) => console.log(`${thread.pid ?? 'one'}: ${error.message}`))
  pool.on('restart', () => console.log('a new process serves'))

  const { crc32 } = pool.symbols
  const blocks = Array.from({ length: 200 }, () => randomBytes(64 * 1024))
  // In the middle, a length that the bytes don't have: it reads far beyond them.
  const calls = blocks.map((bytes, index) =>
    crc32(0, bytes, index === 100 ? 2 ** 32 - 1 : bytes.length),
  )
  const results = await Promise.allSettled(calls)
  const failed = results.filter(({ status }) => status === 'rejected')
  console.log(`${results.length - failed.length} sums, ${failed.length} failed`)
  console.log('a crash:', failed[0]?.reason instanceof CrashError)

  const { runTime, waitTime } = pool.histogram
  console.log(
    `a call ran for ${runTime.p50.toFixed(2)} ms and waited for ${waitTime.p50.toFixed(2)} ms`,
  )
  console.log(`utilization ${(100 * pool.utilization).toFixed(0)} %`)

  // State that the library keeps between calls belongs to one process.
  const same = await pool.run(async ({ symbols }) => {
    let crc = 0n
    for (const bytes of blocks.slice(0, 10)) crc = await symbols.crc32(crc, bytes, bytes.length)
    return crc === (await symbols.crc32(0, Buffer.concat(blocks.slice(0, 10)), 10 * 64 * 1024))
  })
  console.log('in pieces or whole, the sum is the same:', same)
  await pool.close()
}

main()
