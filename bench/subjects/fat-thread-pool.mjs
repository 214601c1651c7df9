import { Pool } from 'fat-threads'
import { library } from '../harness/native.mjs'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'

const start = (count, symbol) =>
  Pool.open(
    library('works'),
    { call: `int ${symbol}(int amount)` },
    { minThreads: count, maxThreads: count },
  )

export const workloads = {
  pool: async ({ members, rounds }) => {
    const pool = await start(members, 'compute')
    return { run: () => pool.symbols.call(rounds), close: () => pool.close() }
  },
  lanes: async ({ symbol, argument }) => {
    const pool = await start(2, symbol)
    return { run: () => pool.symbols.call(argument), close: () => pool.close() }
  },
  thumbnails: thumbnails('pool'),
  'corrupted-images': corruptedImages('pool'),
}
