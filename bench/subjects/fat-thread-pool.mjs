import { corruptedImages, thumbnails } from '../job/workloads.mjs'

export const workloads = {
  thumbnails: thumbnails('pool'),
  'corrupted-images': corruptedImages('pool'),
}
