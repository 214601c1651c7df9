import { Tinypool } from 'tinypool'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'
import { workloadsOf } from './pools.mjs'

const start = (filename, count) =>
  new Tinypool({
    filename,
    runtime: 'child_process',
    minThreads: count,
    maxThreads: count,
  })

export const workloads = {
  ...workloadsOf(start),
  thumbnails: thumbnails('tinypool'),
  'corrupted-images': corruptedImages('tinypool'),
}
