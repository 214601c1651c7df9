/** Pools of one test file, which end with each test. */
import { afterEach } from 'vitest'
import { type Declarations, Pool, type PoolOptions, type Prototypes } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'

interface Pools<D extends Declarations> {
  /** Ends this one too. */
  opened<P>(pool: P): P
  /** A pool of the library that does as it is told. */
  openIt(options: PoolOptions): Promise<Pool<D>>
}

export function usePools<const D extends Prototypes>(declarations: D): Pools<D> {
  let pools: Pool<Declarations>[] = []
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.terminate()))
    pools = []
  })
  const opened = <P>(pool: P): P => {
    pools.push(pool as Pool)
    return pool
  }
  return {
    opened,
    openIt: async (options) =>
      opened((await Pool.open(fixture('obeys'), declarations as never, options)) as Pool<D>),
  }
}
